"""Which sentence of an entry answers, and whether one does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nlu
from nlu.pages import MarkdownPages
from nlu.pages.parts import sentences_of
from nlu.pages.sentences import SentenceModel, sentence_of_each, set_size
from nlu.types import Language, Passage
from nlu.understander import TransformerUnderstander

DEMO_PAGES = Path(__file__).parents[2] / "bot" / "shop" / "pages"


@pytest.fixture(scope="module")
def demo(understander: TransformerUnderstander) -> MarkdownPages:
    return nlu.load_pages(DEMO_PAGES, understander)


def _of(demo: MarkdownPages, question: str, title: str) -> Passage:
    """The entry of that title, for a question that follows it."""
    language: Language = "en" if title.isascii() else "zh"
    found = demo.search(question, language, 8, title, 0.0)
    assert found
    return next(passage for passage in found if passage.title == title)


@pytest.mark.parametrize(
    ("title", "question", "answer"),
    [
        ("可以货到付款吗？", "能刷卡给快递员吗", "快递员收现金和手机支付"),
        ("怎么注销账号？", "我积分是不是没了", "剩下的积分和礼品卡作废"),
        ("显示签收了但我没收到怎么办？", "你们48小时能给我答复不", "48 小时内答复"),
        ("Do you ship to Hong Kong, Macau, Taiwan or abroad?", "how many days", "take 4–7 days"),
        ("I can't sign in. What can I do?", "i have a new phone number", "If you no longer have the phone"),
        ("Is there a student discount, or one for bulk orders?", "how do i prove it", "student card"),
    ],
)
def test_a_short_question_gets_the_sentence_that_answers_it(
    demo: MarkdownPages, title: str, question: str, answer: str
) -> None:
    passage = _of(demo, question, title)
    assert answer in passage.answer
    assert len(passage.answer) < len(passage.text)
    assert passage.stated


@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("How do I send something in for repair?", "what's the weather like there"),
        ("是正品吗？", "你们店有几层楼"),
    ],
)
def test_that_no_sentence_of_an_entry_answers_is_known(
    demo: MarkdownPages, title: str, question: str
) -> None:
    assert not _of(demo, question, title).stated


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any), st.floats(0.05, 0.95))
def test_no_more_is_said_than_is_enough(weights: list[int], enough: float) -> None:
    chances = np.array(weights, np.float32)
    chances /= chances.sum()
    size = set_size(chances, enough)
    likeliest = np.sort(chances)[::-1]
    assert 1 <= size <= len(chances)
    assert size == len(chances) or likeliest[:size].sum() > enough - 1e-6
    assert likeliest[: size - 1].sum() <= enough + 1e-6


def test_where_nothing_is_known_of_an_entrys_sentences_all_are_said() -> None:
    assert set_size(np.zeros(3, np.float32), 0.5) == 3


@given(st.text("ab。！ \n", max_size=60))
def test_each_token_lies_in_the_sentence_that_it_begins_in(text: str) -> None:
    spans = [(place, place + 1) for place in range(len(text))] + [(0, 0)]
    sentences = sentences_of(text)
    if not sentences:
        return
    for (start, end), lies in zip(spans, sentence_of_each(spans, sentences).tolist(), strict=True):
        inside = [place for place, (first, last) in enumerate(sentences) if first <= start < last]
        assert lies == (inside[0] if inside and start < end else -1)


def test_what_serves_reads_as_the_network_that_was_trained(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from nlu.workshop.passages.sentences import SentenceChooser, export_chooser

    torch.manual_seed(3)
    network = SentenceChooser().eval()
    export_chooser(network, {"enough": 0.5, "lacking": 0.6}, tmp_path / "sentences.npz")
    model = SentenceModel(tmp_path / "sentences.npz")
    question, text = torch.randn(4, 1152), torch.randn(6, 1152)
    sentences, spans = [(0, 5), (5, 9)], [(0, 0), (0, 2), (2, 5), (5, 7), (7, 9), (9, 9)]
    within = torch.tensor([[0.0, 1, 1, 0, 0, 0], [0.0, 0, 0, 1, 1, 0]])
    with torch.no_grad():
        scores = network(question[None], torch.ones(1, 4), text[None], within[None])[0].softmax(0).numpy()
    said = model.sayings(text.numpy(), spans)
    chances, none = model.chances(question.numpy(), said, sentences)
    assert none == pytest.approx(scores[-1], abs=0.01)
    assert chances.tolist() == pytest.approx((scores[:-1] / scores[:-1].sum()).tolist(), abs=0.02)


@pytest.mark.slow
def test_what_is_asked_of_a_shop_teaches_which_sentences_answer(
    understander: TransformerUnderstander,
) -> None:
    torch = pytest.importorskip("torch")
    from nlu.workshop.passages.corpus import FOLDER, read_shop
    from nlu.workshop.passages.encoding import Texts
    from nlu.workshop.passages.sentences import SentenceChooser, choices, measured, train_chooser

    torch.manual_seed(3)
    texts = Texts(understander.encoder)
    asked = choices([read_shop(FOLDER / "honey.json")], texts)
    assert any(one.right < 0 for one in asked), "that none answers is learned, too"
    network, done = SentenceChooser(), list[float]()
    train_chooser(network, asked, texts, 3, 6, lambda _, share: done.append(share))
    levels, shares = measured(network, asked, texts)
    assert done[-1] == 1.0
    assert 0.0 <= levels["enough"] < 1.0, "of what it has learned, one sentence may do"
    assert shares["sentence is right"] > 0.6
