"""The recipes of CONTRIBUTING.md work as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes import carry_out, change, copy_tree, recipes

WANTED = {"intent with its skill", "recommender", "channel", "column of a customer", "text"}


def test_there_is_a_recipe_for_each_of_these() -> None:
    assert {title.removeprefix("Add a ").removeprefix("Add an ") for title in recipes()} == WANTED


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("title", recipes())
def test_it_does_what_it_says(title: str, tmp_path: Path) -> None:
    tree, home = tmp_path / "tree", tmp_path / "home"
    copy_tree(tree)
    home.mkdir()
    carry_out(recipes()[title], tree, home)


def test_a_change_that_fits_nowhere_is_said(tmp_path: Path) -> None:
    file = tmp_path / "list.py"
    file.write_text("a\nb\nb\n")
    change(file, " a\n+new\n-b\n b\n")
    assert file.read_text() == "a\nnew\nb\n"
    with pytest.raises(AssertionError, match="0 times"):
        change(file, " c\n+d\n")
