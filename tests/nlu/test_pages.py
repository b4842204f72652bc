"""Answers from the shop's own pages, or silence."""

from __future__ import annotations

from pathlib import Path

import pytest

import nlu
from nlu.pages import MarkdownPages, read_page
from nlu.types import Language, PageIndex
from nlu.understander import TransformerUnderstander

PAGES = {
    "zh/returns.md": (
        "# 退货\n\n前言。\n\n## 几天内可以退货？\n收到后 30 天内可以退。\n\n"
        "## 退货运费谁出？\n质量问题我们出，其他您出。\n"
    ),
    "zh/shipping.md": "# 配送\n\n## 运费多少？\n满 99 元包邮，不满收 8 元。\n\n## 多久能送到？\n一般 3 天。\n",
    "en/shipping.md": (
        "# Shipping\n\n## How much is shipping?\nFree from 30 pounds, else 4.\n\n"
        "## Do you ship abroad?\nTo the whole of Europe, in 7 days.\n\n## Empty\n\n"
    ),
    "en/care.md": "# Care\n\n## How do I wash the wool jumper?\nBy hand, cold, and dry it flat.\n",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, understander: TransformerUnderstander) -> MarkdownPages:
    folder = tmp_path_factory.mktemp("pages")
    for name, content in PAGES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
    return nlu.load_pages(folder, understander)


def test_it_is_a_page_index(pages: MarkdownPages) -> None:
    assert isinstance(pages, PageIndex)


@pytest.mark.parametrize(
    ("question", "language", "title"),
    [
        ("退货运费是谁承担", "zh", "退货运费谁出？"),
        ("邮费要多少钱", "zh", "运费多少？"),
        ("how much does shipping cost", "en", "How much is shipping?"),
        ("do you ship to other countries abroad", "en", "Do you ship abroad?"),
        ("how should I wash my wool jumper", "en", "How do I wash the wool jumper?"),
    ],
)
def test_the_passage_that_answers(
    pages: MarkdownPages, question: str, language: Language, title: str
) -> None:
    best = pages.search(question, language)[0]
    assert best.title == title
    assert 0.0 < best.score <= 1.0


@pytest.mark.parametrize("question", ["你叫什么名字", "", "😀", "tell me a joke", "qwertyuiop"])
def test_silence_below_the_threshold(pages: MarkdownPages, question: str) -> None:
    assert pages.search(question, "zh") == []


def test_best_first_and_no_more_than_asked(pages: MarkdownPages) -> None:
    found = pages.search("退货的运费多少，谁出", "zh", n=2)
    assert len(found) <= 2
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert {p.language for p in found} == {"zh"}


def test_sections_without_an_answer_and_text_before_the_first_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGES["en/shipping.md"], "utf-8")
    assert [section.title for section in read_page(path, "en")] == [
        "How much is shipping?",
        "Do you ship abroad?",
    ]


def test_a_page_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_bytes("## 退货\n可以".encode("gbk"))
    with pytest.raises(nlu.PagesRefused, match="UTF-8"):
        read_page(path, "zh")


def test_no_pages_no_answer(tmp_path: Path, understander: TransformerUnderstander) -> None:
    assert nlu.load_pages(tmp_path, understander).search("退货", "zh") == []
