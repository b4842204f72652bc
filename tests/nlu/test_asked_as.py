"""What an entry is also asked as is added to its file, and nothing else in it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nlu
from nlu.errors import EntryNotFound, PagesRefused
from nlu.pages import Section, read_page
from nlu.pages.asked_as import add_asked_as, entry_of, new_among
from nlu.pages.reading import sections_of
from nlu.understander import TransformerUnderstander

PAGE = """---
owner: shop
---
# Returns

Before all.

<!--
## Who pays?
A draft.
-->
## Who pays?
You do.

```
## Who pays?
```

## How long?
Also asked as: how many days
30 days.

## Who pays?
For gifts, we do.
"""


def _page(folder: Path, content: str = PAGE, name: str = "en/returns.md") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    return path


def _added(path: Path, title: str, *questions: str, text: str = "") -> Section:
    """The entry after the questions were added to it."""
    _, entry = entry_of(path.parents[1], path.stem, title, "en", text)
    add_asked_as(path, entry, questions)
    return entry_of(path.parents[1], path.stem, title, "en", text)[1]


def test_the_line_stands_below_the_heading_and_nothing_else_changes(tmp_path: Path) -> None:
    path = _page(tmp_path)
    first = next(one for one in read_page(path, "en") if one.title == "Who pays?")
    assert _added(path, "Who pays?", "is it free", "costs?", text=first.text).also == ("is it free", "costs?")
    line = "Also asked as: is it free | costs?\n"
    # Not below the headings in the comment and in the block of code.
    assert path.read_text("utf-8") == PAGE.replace("-->\n## Who pays?\n", f"-->\n## Who pays?\n{line}")
    assert [one.name for one in path.parent.iterdir()] == ["returns.md"]


def test_of_two_entries_with_one_heading_the_one_meant_has_it(tmp_path: Path) -> None:
    path = _page(tmp_path)
    assert _added(path, "Who pays?", "a present?", text="For gifts, we do.").also == ("a present?",)
    assert sum(bool(one.also) for one in read_page(path, "en")) == 2


def test_a_line_that_is_there_goes_on(tmp_path: Path) -> None:
    path = _page(tmp_path)
    assert _added(path, "How long?", "when at the latest").also == ("how many days", "when at the latest")
    assert path.read_text("utf-8").count("Also asked as") == 1


def test_what_an_entry_has_is_not_added_again(tmp_path: Path) -> None:
    path = _page(tmp_path)
    _, entry = entry_of(tmp_path, "returns", "How long?", "en")
    assert new_among(["How long", "HOW many days?", "…", "until when", "until when?"], entry) == (
        "until when",
    )
    assert add_asked_as(path, entry, ["how many days?"]) == ()
    assert path.read_text("utf-8") == PAGE


def test_line_ends_a_mark_at_the_beginning_and_rights_stay(tmp_path: Path) -> None:
    path = _page(tmp_path, "\ufeff## 运费谁出？\r\n您出。\r\n", "zh/returns.md")
    path.chmod(0o640)
    _, entry = entry_of(tmp_path, "returns", "运费谁出？", "zh")
    assert add_asked_as(path, entry, ["寄回去要钱吗"]) == ("寄回去要钱吗",)
    assert path.read_bytes().decode() == "\ufeff## 运费谁出？\r\n也会这样问：寄回去要钱吗\r\n您出。\r\n"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_to_a_page_stays_a_link(tmp_path: Path) -> None:
    real = _page(tmp_path / "elsewhere")
    (tmp_path / "en").mkdir()
    link = tmp_path / "en" / "returns.md"
    link.symlink_to(real)
    assert _added(link, "How long?", "until when").also == ("how many days", "until when")
    assert link.is_symlink()
    assert "until when" in real.read_text("utf-8")


def test_what_was_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    path = _page(tmp_path)
    _, entry = entry_of(tmp_path, "returns", "How long?", "en")
    path.write_text(changed := PAGE.replace("30 days", "14 days"), "utf-8")
    with pytest.raises(EntryNotFound, match="How long"):
        add_asked_as(path, entry, ["until when"])
    assert path.read_text("utf-8") == changed
    with pytest.raises(EntryNotFound, match="Whither"):
        entry_of(tmp_path, "returns", "Whither?", "en")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PagesRefused, match="UTF-8"):
        add_asked_as(path, entry, ["until when"])


def test_what_cannot_be_written_leaves_the_page_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _page(tmp_path)
    _, entry = entry_of(tmp_path, "returns", "How long?", "en")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kernel.files.os.fsync", full)
    with pytest.raises(OSError, match="space"):
        add_asked_as(path, entry, ["until when"])
    assert path.read_text("utf-8") == PAGE
    assert [one.name for one in path.parent.iterdir()] == ["returns.md"]


@given(
    st.lists(
        st.text(max_size=60) | st.sampled_from(["<!-- x", "-->", "## Title", "a | b", "```\n"]), max_size=4
    )
)
def test_whatever_is_added_only_that_entry_changes(
    tmp_path_factory: pytest.TempPathFactory, questions: list[str]
) -> None:
    path = _page(tmp_path_factory.mktemp("pages"))
    _, entry = entry_of(path.parents[1], "returns", "How long?", "en")
    before = read_page(path, "en")
    added = add_asked_as(path, entry, questions)
    after = sections_of(path.read_text("utf-8"), "returns", "en")
    assert [(one.title, one.text) for one in after] == [(one.title, one.text) for one in before]
    for old, new in zip(before, after, strict=True):
        more = added if old.title == "How long?" else ()
        assert new.also == (*old.also, *more)


def test_the_entry_is_then_found_by_those_words(
    tmp_path: Path, understander: TransformerUnderstander
) -> None:
    asked = "can my poodle come along"
    path = _page(tmp_path, "# Shop\n\n## In the shop\nAnimals wait at the door.\n", "en/shop.md")

    def chance() -> float:
        found = nlu.load_pages(tmp_path, understander).search(asked, "en", 9, "", 0.0)
        return next(one.score for one in found if one.title == "In the shop")

    before = chance()
    _added(path, "In the shop", "is my dog allowed in")
    assert chance() > before
