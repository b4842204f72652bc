"""The shop's own rules are read with every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention.recommenders.rules import Listed, WrittenRules, read_rules, resolve
from retention.types import ShopRules
from retention.written import RulesInvalid

FILE = "recommendations.toml"
ON_SALE = [Listed("TEA-1", "p1", "Tea"), Listed("mug", "p2", "cups"), Listed("Mug", "p3", "cups")]


def write(home: Path, text: str) -> Path:
    path = home / FILE
    path.write_text(text, encoding="utf-8")
    return path


def problems(home: Path, text: str) -> list[str]:
    with pytest.raises(RulesInvalid) as invalid:
        read_rules(write(home, text))
    assert all(problem in str(invalid.value) for problem in invalid.value.problems)
    return invalid.value.problems


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path, '\ufeffpin = [" A ", "B"]\nbury = ["C"]\n[at_most]\ntea = 1\n"Home & garden" = 0\n'
    )
    assert read_rules(path) == WrittenRules(
        pin=("A", "B"), bury=("C",), at_most={"tea": 1, "Home & garden": 0}
    )


def test_no_file_and_an_empty_one_are_no_rules(tmp_path: Path) -> None:
    assert read_rules(tmp_path / FILE) == WrittenRules() == read_rules(write(tmp_path, "# later\n"))


def test_every_mistake_is_told_at_once_with_its_key(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        'pin = ["A", 7, ""]\nbury = "B"\npinned = []\n[at_most]\ntea = -1\ncups = "two"\nmats = 1.5\nrugs = true\n',
    )
    keys = [line.split(":")[0] for line in told]
    assert sorted(keys) == sorted(
        ["pin.1", "pin.2", "bury", "pinned", "at_most.tea", "at_most.cups", "at_most.mats", "at_most.rugs"]
    )
    assert "pinned: is no rule; there are pin, bury, at_most, new_products" in told
    assert "bury: Input should be a valid list" in told


def test_pinned_and_buried_is_told_beside_what_else_is_wrong(tmp_path: Path) -> None:
    told = problems(tmp_path, 'pin = ["a", "b"]\nbury = ["A"]\n[at_most]\ntea = -1\n')
    assert told[0] == "bury: A can't be pinned and buried"
    assert told[1].startswith("at_most.tea: ")


@pytest.mark.parametrize("content", [b"pin = [", b"pin = ['\xff']", b"pin = []\npin = []"])
def test_what_is_no_toml_is_one_problem(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(RulesInvalid):
        read_rules(tmp_path / FILE)


def test_codes_and_categories_become_the_models_own() -> None:
    written = WrittenRules(pin=("MUG", "gone"), bury=("tea-1", "x"), at_most={"CUPS": 1, "rugs": 2})
    found = resolve(written, ON_SALE)
    assert found.rules == ShopRules(pinned=("p2", "p3"), buried=frozenset({"p1"}), category_caps={"cups": 1})
    assert found.unknown == ("pin: gone", "bury: x", "at_most: rugs")
