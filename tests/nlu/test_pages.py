"""Answers from the shop's own pages, or silence."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import nlu
from kernel.arrays import Floats32
from nlu.language import detect
from nlu.pages import MarkdownPages, Section, embedding_of, read_page, read_pages
from nlu.types import Language, PageIndex
from nlu.understander import TransformerUnderstander
from tests.benchmarks.nlu_pages import OTHER, Outcome, Question, Shop, ask, remembered
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
    nearest = pages.search(question, "zh", at_least=-9.0)
    scores = [passage.score for passage in nearest]
    assert len(set(scores)) > 1
    assert [one.score for one in pages.search(question, "zh", at_least=scores[0] - 0.001)][:1] == scores[:1]
    assert pages.search(question, "zh", at_least=scores[0] + 0.001) == []


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

CONCEPTS: dict[tuple[Language, str], tuple[str, str]] = {
    ("zh", "postage"): ("退回去的邮费谁来出？", "一般由您承担。"),
    ("en", "postage"): ("Who pays for sending it back?", "You do, as a rule."),
    ("zh", "hours"): ("几点关门？", "晚上九点。"),
    ("en", "hours"): ("When do you close?", "At nine in the evening."),
    ("zh", "invoice"): ("怎么拿到发票？", "下单之后在订单里申请。"),
    ("en", "invoice"): ("How do I get an invoice?", "Ask for it in the order."),
}
ASKED: dict[tuple[Language, str], str] = {
    ("zh", "postage"): "寄还的话快递费算谁的",
    ("en", "postage"): "is it me who covers the courier",
    ("zh", "hours"): "营业到几点",
    ("en", "hours"): "until what time are you open",
    ("zh", "invoice"): "报销凭证哪里开",
    ("en", "invoice"): "need a receipt for my boss",
}
CONCEPT_OF = {text: name for (_, name), texts in CONCEPTS.items() for text in texts} | {
    text: name for (_, name), text in ASKED.items()
}


def _toy(texts: Sequence[str]) -> Floats32:
    """Vectors as an encoder's are: the language weighs most, then what is meant."""
    vectors = []
    for text in texts:
        meant = np.random.default_rng(zlib.crc32(CONCEPT_OF.get(text, text).encode())).normal(size=64)
        vector = meant / np.linalg.norm(meant)
        vector[0] += 3.0 if detect(text) == "zh" else -3.0
        vectors.append(vector / np.linalg.norm(vector))
    return np.array(vectors, np.float32)


def _sections(*which: tuple[Language, str]) -> list[Section]:
    return [
        Section(page="faq", title=CONCEPTS[key][0], text=CONCEPTS[key][1], language=key[0]) for key in which
    ]


@pytest.mark.parametrize("asker", ["zh", "en"])
@pytest.mark.parametrize("name", ["postage", "hours", "invoice"])
@pytest.mark.parametrize("kept", [1, 3])
def test_pages_in_one_language_answer_the_other_in_a_shop_of_three_entries_too(
    asker: Language, name: str, kept: int
) -> None:
    written = OTHER[asker]
    keys = [key for key in CONCEPTS if key[0] == written and (kept == 3 or key[1] == name)]
    (found,) = MarkdownPages(_sections(*keys), _toy).search(ASKED[asker, name], asker)
    assert (found.language, found.title) == (written, CONCEPTS[written, name][0])


@pytest.mark.parametrize("asker", ["zh", "en"])
def test_the_asker_s_language_is_preferred_and_the_other_stands_in(asker: Language) -> None:
    missing = (asker, "hours")
    pages = MarkdownPages(_sections(*(key for key in CONCEPTS if key != missing)), _toy)
    (own,) = pages.search(ASKED[asker, "postage"], asker)
    assert (own.language, own.title) == (asker, CONCEPTS[asker, "postage"][0])
    (other,) = pages.search(ASKED[asker, "hours"], asker)
    assert (other.language, other.title) == (OTHER[asker], CONCEPTS[OTHER[asker], "hours"][0])


def test_who_writes_in_another_language_than_the_chosen_one_is_answered_in_the_chosen_one() -> None:
    pages = MarkdownPages(_sections(*CONCEPTS), _toy)
    (found,) = pages.search(ASKED["en", "invoice"], "zh")
    assert (found.language, found.title) == ("zh", CONCEPTS["zh", "invoice"][0])


@pytest.mark.parametrize("text", ["星期天下不下雨", "my cat is called Ginger"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_no_page_answers_is_not_answered_in_the_other_language_either(
    text: str, language: Language
) -> None:
    assert MarkdownPages(_sections(*CONCEPTS), _toy).search(text, language) == []


@pytest.mark.parametrize("asker", ["zh", "en"])
def test_the_demo_shop_s_questions_are_found_on_the_other_language_s_pages(
    asker: Language, understander: TransformerUnderstander
) -> None:
    shop, outcome = Shop.read(), Outcome()
    pages = MarkdownPages(shop.entries[OTHER[asker]].values(), embedding_of(understander))
    asked = [Question(text=one.title, language=asker, entry=key) for key, one in shop.entries[asker].items()]
    ask(shop, pages, asked, outcome)
    assert outcome.hits >= 0.6 * len(asked), outcome
    assert outcome.wrong <= 0.15 * len(asked), outcome


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whoever_asks_with_a_heading_of_the_demo_shop_is_answered_in_that_language(
    understander: TransformerUnderstander, language: Language
) -> None:
    pages = nlu.load_pages(DEMO_PAGES, understander)
    headings = [
        one.title for one in read_pages(DEMO_PAGES) if one.language == language and not one.introduces
    ]
    answered = [found[0] for one in headings if (found := pages.search(one, language, 1))]
    assert len(answered) > 70
    assert not [passage.title for passage in answered if passage.language != language]


def test_a_word_for_paying_by_instalments_is_answered_in_chinese(
    understander: TransformerUnderstander,
) -> None:
    pages = nlu.load_pages(DEMO_PAGES, understander)
    for question in ("能用花呗吗", "支持花呗分期吗"):
        assert [passage.title for passage in pages.search(question, "zh", 1)] == ["可以用花呗分期吗？"]


def test_what_is_left_alone_on_pages_of_one_name_is_seldom_taken_for_a_translation(
    understander: TransformerUnderstander,
) -> None:
    sections = [one for one in read_pages(DEMO_PAGES) if not one.introduces]
    embed = remembered(embedding_of(understander))
    wrong = asked = 0
    for page in sorted({one.page for one in sections}):
        chinese, english = (
            [one for one in sections if (one.page, one.language) == (page, language)]
            for language in ("zh", "en")
        )
        for one, other in pairwise(range(len(chinese))):
            pages = MarkdownPages([chinese[one], english[other]], embed)
            found = pages.search(chinese[one].title, "en", 1)
            asked += 1
            wrong += bool(found) and found[0].language == "en"
    assert asked > 50
    assert wrong <= asked / 5


def test_a_search_among_a_thousand_passages_takes_little_time() -> None:
    sections = [
        Section(page="faq", title=f"{title} {number}", text=text, language=language)
        for number in range(167)
        for (language, _), (title, text) in CONCEPTS.items()
    ]
    pages = MarkdownPages(sections, _toy)
    asked = [partial(pages.search, text, "zh", vector=_toy([text])[0]) for text in ASKED.values()]
    assert times_the_yardstick(*asked) < 0.8
