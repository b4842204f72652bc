"""Answers from the shop's own pages, or silence."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import nlu
from bot.conversation.skills.pages import NEAR
from kernel.arrays import Bools, Floats32
from nlu.pages import MarkdownPages, PagesModel, Section, read_page, read_pages
from nlu.types import Language, PageIndex
from nlu.understander import TransformerUnderstander
from tests.speed import times_the_yardstick

DEMO_PAGES = Path(__file__).parents[2] / "bot" / "shop" / "pages"
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


def test_who_knows_more_of_a_question_may_ask_for_less(pages: MarkdownPages) -> None:
    question = "寄过来的那点路费算谁的"
    nearest = pages.search(question, "zh", at_least=0.0)
    scores = [passage.score for passage in nearest]
    assert len(set(scores)) > 1
    assert [one.score for one in pages.search(question, "zh", at_least=scores[0] - 0.001)][:1] == scores[:1]
    assert pages.search(question, "zh", at_least=scores[0] + 0.001) == []


def test_the_sentence_that_answers_is_told(understander: TransformerUnderstander) -> None:
    text = "省内运费 7 元，满 128 元免运费。寄到新疆、西藏 26 元，路上 6 到 9 天。周日仓库不发货。"
    section = Section(page="shipping", title="运费", text=text, language="zh")
    pages = MarkdownPages([section], PagesModel.of(understander.folder, understander.encoder))
    (found,) = pages.search("周日发货吗", "zh", at_least=0.0)
    assert found.answer == "周日仓库不发货。"


def test_a_short_question_goes_on_from_the_message_before(understander: TransformerUnderstander) -> None:
    sections = [
        Section(page="a", title="Postage abroad", text="A parcel to Norway costs 17 pounds.", language="en"),
        Section(page="a", title="Returns abroad", text="Norway: send it back in 21 days.", language="en"),
    ]
    pages = MarkdownPages(sections, PagesModel.of(understander.folder, understander.encoder))
    for before, title in (
        ("what does postage cost to Sweden", "Postage abroad"),
        ("how many days do I have to send it back from Sweden", "Returns abroad"),
    ):
        assert pages.search("and Norway?", "en", 1, before, 0.0)[0].title == title


def test_pages_in_one_language_answer_questions_in_the_other(
    understander: TransformerUnderstander, monkeypatch: pytest.MonkeyPatch
) -> None:
    sections = [
        Section(page="a", title=title, text=text, language="zh")
        for title, text in (
            ("几天内可以退货？", "收到后 30 天内可以退，要没用过。"),
            ("运费多少？", "满 99 元包邮，不满收 8 元。"),
            ("发票怎么开？", "下单时填写抬头，电子发票发到邮箱。"),
        )
    ]
    model = PagesModel.of(understander.folder, understander.encoder)
    judged, chances = list[list[bool]](), model.chances

    def watched(logits: Floats32, features: Floats32, in_other: Bools) -> Floats32:
        judged.append(in_other.tolist())
        return chances(logits, features, in_other)

    monkeypatch.setattr(model, "chances", watched)
    pages = MarkdownPages(sections, model)
    asked: list[tuple[str, Language]] = [("how many days to return it", "en"), ("几天内能退", "zh")]
    for question, language in asked:
        (found,) = pages.search(question, language, 1)
        assert (found.title, found.language) == ("几天内可以退货？", "zh")
    assert judged == [[True] * 3, [False] * 3]


def test_the_chances_of_rows_in_the_other_language_are_fitted_for_themselves(
    understander: TransformerUnderstander,
) -> None:
    model = PagesModel.of(understander.folder, understander.encoder)
    logits, features = np.array([1.0], np.float32), np.array([[0.5, 0.5, 0.0, 1.0]], np.float32)
    own, other = (model.chances(logits, features, np.array([one]))[0] for one in (False, True))
    assert 0.0 < own < other < 1.0


def test_further_questions_of_an_entry_find_it(understander: TransformerUnderstander) -> None:
    others = [
        Section(page="a", title=title, text=f"{title} is told here.", language="en")
        for title in ("Opening", "Vouchers", "Repairs")
    ]
    asked = "can my poodle come along"
    plain = Section(page="a", title="In the shop", text="Animals wait at the door.", language="en")
    known = Section(
        page="a", title="In the shop", text=plain.text, language="en", also=("Can my poodle come in?",)
    )
    model = PagesModel.of(understander.folder, understander.encoder)
    before, after = (
        next(
            found.score
            for found in MarkdownPages([*others, one], model).search(asked, "en", 9, "", 0.0)
            if found.title == "In the shop"
        )
        for one in (plain, known)
    )
    assert after > before


def test_what_stands_far_down_in_a_long_entry_is_found(understander: TransformerUnderstander) -> None:
    filler = "We sell many things, and people like to look at them in the shop. " * 60
    told = "Bicycle helmets are exchanged free of charge within 60 days. "
    model, asked = (
        PagesModel.of(understander.folder, understander.encoder),
        "how many days to exchange a bicycle helmet",
    )
    with_it, without = (
        MarkdownPages([Section(page="a", title="All about us", text=text, language="en")], model)
        .search(asked, "en", 1, "", 0.0)[0]
        .score
        for text in (f"{filler}{told}{filler}", f"{filler}{filler}")
    )
    assert with_it > 2 * without


def test_best_first_and_no_more_than_asked(pages: MarkdownPages) -> None:
    found = pages.search("退货的运费多少，谁出", "zh", n=2)
    assert len(found) <= 2
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert {p.language for p in found} == {"zh"}


# --- reading ----------------------------------------------------------------------------------------------


def _page(tmp_path: Path, content: str) -> list[Section]:
    path = tmp_path / "return-policy.md"
    path.write_text(content, "utf-8")
    return read_page(path, "en")


def test_sections_without_an_answer_are_left_out(tmp_path: Path) -> None:
    assert [section.title for section in _page(tmp_path, PAGES["en/shipping.md"])] == [
        "How much is shipping?",
        "Do you ship abroad?",
    ]


def test_what_stands_before_the_first_section_is_a_passage_under_the_page_s_title(tmp_path: Path) -> None:
    sections = _page(
        tmp_path,
        "Ask us anything.\n\n# Return policy\n\nWithin 30 days, unworn.\n\n### Who pays?\nYou do.\n\n"
        "## How do I start?\nTell us.\n### On a weekend\nWrite.\n",
    )
    assert [(section.title, section.text, section.introduces) for section in sections] == [
        ("return policy", "Ask us anything.", True),
        ("Return policy", "Within 30 days, unworn.", True),
        ("Who pays?", "You do.", False),
        ("How do I start?", "Tell us.\n### On a weekend\nWrite.", False),
    ]


def test_front_matter_and_comments_are_nobodys_answer(tmp_path: Path) -> None:
    sections = _page(
        tmp_path, "---\ntitle: x\ndraft: no\n---\n<!-- to\ndo -->\n## How much?\nFour.<!-- or 5 -->\n"
    )
    assert [(section.title, section.text) for section in sections] == [("How much?", "Four.")]


def test_what_an_entry_is_also_asked_as_is_nobodys_answer(tmp_path: Path) -> None:
    (section,) = _page(
        tmp_path,
        "## How much?\nAlso asked as: what does it cost | how dear is it\nFour.\n**也会这样问**：多少钱｜贵不贵\n",
    )
    assert section.text == "Four."
    assert section.also == ("what does it cost", "how dear is it", "多少钱", "贵不贵")


def test_rows_of_a_table_are_told_under_their_headings(tmp_path: Path) -> None:
    (section,) = _page(
        tmp_path,
        "## Abroad\nIt depends:\n\n| To | costs | takes |\n|---|:--|---|\n| Norway | 17 pounds | 6 days |\n"
        "| Peru | 40 pounds | |\n\nNo more.\n",
    )
    assert (
        section.text
        == "It depends:\n\nNorway: costs 17 pounds, takes 6 days\nPeru: costs 40 pounds\n\nNo more."
    )


def test_html_is_told_without_its_tags(tmp_path: Path) -> None:
    (section,) = _page(
        tmp_path,
        "## Abroad\n<p>To <b>Norway</b> it&rsquo;s 17&nbsp;pounds.</p><script>alert(1)</script>\n"
        "<table><tr><td>Peru</td><td>40</td></tr></table>\nIf 3 < 4 & so on.\n",
    )
    assert section.text == "To Norway it’s 17\xa0pounds.\n\nPeru: 40\n\nIf 3 < 4 & so on."


def test_a_hash_in_a_block_of_code_is_no_heading(tmp_path: Path) -> None:
    (section,) = _page(tmp_path, "## How do I stop?\n```\n# write\n/stop\n```\nThat is all.\n")
    assert section.text == "```\n# write\n/stop\n```\nThat is all."


def test_pages_in_folders_are_read_and_what_is_not_read_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read = ["zh/售后/退货.md", "en/after/sale/returns.md", "en/SHIPPING.MD"]
    unread = ["faq.md", "fr/retours.md", "en/notes.txt"]
    for name in [*read, *unread, "en/.draft.md", "zh/.git/x.md"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("## A question?\nAn answer.\n", "utf-8")
    (tmp_path / "zh" / "empty.md").write_text("## Only a question?\n", "utf-8")
    with caplog.at_level(logging.WARNING):
        sections = read_pages(tmp_path)
    assert sorted((section.language, section.page) for section in sections) == [
        ("en", "SHIPPING"),
        ("en", "returns"),
        ("zh", "退货"),
    ]
    for name in [*unread, "zh/empty.md"]:
        assert any(str(tmp_path / name) in line for line in caplog.messages), name
    assert len(caplog.messages) == len(unread) + 1


def test_a_page_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_bytes("## 退货\n可以".encode("gbk"))
    with pytest.raises(nlu.PagesRefused, match="UTF-8"):
        read_page(path, "zh")


def test_no_pages_no_answer(tmp_path: Path, understander: TransformerUnderstander) -> None:
    assert nlu.load_pages(tmp_path, understander).search("退货", "zh") == []


# --- one language asked, another one written ---------------------------------------------------------------

OTHER: dict[Language, Language] = {"zh": "en", "en": "zh"}


@pytest.fixture(scope="module")
def demo(understander: TransformerUnderstander) -> MarkdownPages:
    return nlu.load_pages(DEMO_PAGES, understander)


@pytest.mark.parametrize("asker", ["zh", "en"])
def test_the_demo_shop_s_questions_are_found_on_the_other_language_s_pages(
    asker: Language, understander: TransformerUnderstander
) -> None:
    entries = [one for one in read_pages(DEMO_PAGES) if not one.introduces]
    written = [one for one in entries if one.language == OTHER[asker]]
    places = {one.title: (one.page, place) for one, place in _places(written)}
    pages = MarkdownPages(written, PagesModel.of(understander.folder, understander.encoder))
    hits = wrong = 0
    asked = [(one, place) for one, place in _places([one for one in entries if one.language == asker])]
    for one, place in asked:
        found = pages.search(one.title, asker, 1, at_least=NEAR)
        right = bool(found) and places[found[0].title] == (one.page, place)
        hits += right
        wrong += bool(found) and not right
    assert hits >= 0.4 * len(asked), (hits, wrong)
    assert wrong <= 0.15 * len(asked), (hits, wrong)


def _places(sections: Sequence[Section]) -> list[tuple[Section, int]]:
    """Each section with its place on its page."""
    seen: Counter[str] = Counter()
    found = []
    for one in sections:
        found.append((one, seen[one.page]))
        seen[one.page] += 1
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whoever_asks_with_a_heading_of_the_demo_shop_is_answered_in_that_language(
    demo: MarkdownPages, language: Language
) -> None:
    headings = [
        one.title for one in read_pages(DEMO_PAGES) if one.language == language and not one.introduces
    ]
    answered = [(one, found[0]) for one in headings if (found := demo.search(one, language, 1))]
    assert len(answered) > 70
    assert sum(passage.title == one for one, passage in answered) > 0.9 * len(answered)
    assert sum(passage.language != language for _, passage in answered) <= 2


def test_a_word_for_paying_by_instalments_is_answered_in_chinese(demo: MarkdownPages) -> None:
    for question in ("能用花呗吗", "支持花呗分期吗"):
        assert [passage.title for passage in demo.search(question, "zh", 1)] == ["可以用花呗分期吗？"]


def test_a_search_among_a_thousand_passages_takes_little_time(understander: TransformerUnderstander) -> None:
    sections = [one for one in read_pages(DEMO_PAGES) if not one.introduces]
    many = [
        Section(page=one.page, title=one.title, text=one.text[:60], language=one.language)
        for one in (sections * 8)[:1000]
    ]
    pages = MarkdownPages(many, PagesModel.of(understander.folder, understander.encoder))
    for one in sections[:20]:
        pages.nearest(one.title, "zh")
    asked = [partial(pages.nearest, one.title, "zh") for one in sections[:20]]
    assert times_the_yardstick(*asked) < 4.0
