"""The port's promises, held by the shipped model."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nlu
from nlu.intents import INTENTS
from nlu.types import (
    CatalogueEntry,
    DialogueContext,
    EntityKind,
    Sentiment,
    Understander,
    Understanding,
)
from nlu.understander import TransformerUnderstander

NOON = DialogueContext(now=datetime(2026, 11, 25, 4, tzinfo=UTC), time_zone="Asia/Shanghai")


def read(understander: TransformerUnderstander, text: str) -> Understanding:
    (meaning,) = understander.understand([text], NOON)
    return meaning


def test_it_is_an_understander(understander: TransformerUnderstander) -> None:
    assert isinstance(understander, Understander)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("我的快递到哪了", "order_status"),
        ("where is my order", "order_status"),
        ("能便宜点吗", "discount_request"),
        ("can I get a discount", "discount_request"),
        ("我要转人工", "human_agent"),
        ("let me talk to a real person", "human_agent"),
        ("帮我取消订单", "cancel_order"),
        ("please cancel my order", "cancel_order"),
        ("怎么开发票", "invoice_request"),
        ("can you send me an invoice", "invoice_request"),
        ("別再給我發廣告了", "opt_out"),
        ("stop sending me ads", "opt_out"),
        ("你好", "greeting"),
        ("thank you so much", "thanks"),
        ("好的，就这个", "affirm"),
        ("no, not that one", "deny"),
    ],
)
def test_plain_wishes_are_understood(understander: TransformerUnderstander, text: str, intent: str) -> None:
    meaning = read(understander, text)
    assert meaning.intent == intent
    assert meaning.understood


WISHES = {
    "zh": (
        ("退货怎么弄", "return_request"),
        ("发票能开吗", "invoice_request"),
        ("我的快递到哪了", "order_status"),
        ("这款有货吗", "stock_question"),
        ("地址写错了帮我改一下", "change_address"),
        ("有优惠券吗", "discount_request"),
        ("你们几点关门", "store_info"),
    ),
    "en": (
        ("how do I send this back", "return_request"),
        ("can I get an invoice", "invoice_request"),
        ("where is my parcel", "order_status"),
        ("is the blue one in stock", "stock_question"),
        ("please change my delivery address", "change_address"),
        ("any discount codes", "discount_request"),
        ("what time do you close", "store_info"),
    ),
}


@pytest.mark.parametrize(
    ("language", "glue"), [("zh", " 还有"), ("zh", "，顺便问下"), ("en", " and "), ("en", ". also ")]
)
def test_the_wish_spoken_of_first_leads(
    understander: TransformerUnderstander, language: str, glue: str
) -> None:
    pairs = list(itertools.permutations(WISHES[language], 2))
    read = understander.understand([first + glue + second for (first, _), (second, _) in pairs])
    leads = [meaning.intent == wanted for meaning, ((_, wanted), _) in zip(read, pairs, strict=True)]
    assert sum(leads) >= 0.8 * len(leads), [p for p, right in zip(pairs, leads, strict=True) if not right]


def test_two_wishes_in_one_message(understander: TransformerUnderstander) -> None:
    meaning = read(understander, "cancel my order and also delete my account please")
    likely = {score.intent for score in meaning.intents if score.probability > 0.2}
    assert {"cancel_order", "account_problem"} <= likely


def test_feeling(understander: TransformerUnderstander) -> None:
    assert read(understander, "什么破质量，穿一次就坏了，太失望了").sentiment is Sentiment.NEGATIVE
    assert read(understander, "this is awful, I am so disappointed").sentiment is Sentiment.NEGATIVE
    assert read(understander, "收到啦，特别喜欢，谢谢你们！").sentiment is Sentiment.POSITIVE
    assert read(understander, "it arrived and I absolutely love it").sentiment is Sentiment.POSITIVE
    assert read(understander, "请问支持货到付款吗").sentiment is Sentiment.NEUTRAL


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "😡😡😡", "a", "?", "...", "a" * 10_000, "啊" * 10_000, "\u200b\u200f\u202e", "\x00\x01\x02",
        "Где мой заказ?", "注文はどこですか", "asdfghjk", "SGVsbG8gd29ybGQhIHRoaXMgaXMgYmFzZTY0IGRhdGE=",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_understood(understander: TransformerUnderstander, text: str) -> None:
    assert not read(understander, text).understood


@pytest.mark.parametrize(
    "text", ["今天天气怎么样", "帮我写一首关于秋天的诗", "what is the capital of France"]
)
def test_what_no_shop_answers_is_not_understood(understander: TransformerUnderstander, text: str) -> None:
    assert not read(understander, text).understood


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="我的订单1024 order?!\u200b\U0001f600", max_size=60))
def test_no_text_fails_and_all_numbers_are_in_range(text: str) -> None:
    understander = _shared()
    (meaning,) = understander.understand([text])
    assert 0.0 <= meaning.out_of_scope <= 1.0
    assert 0.0 <= meaning.sentiment_strength <= 1.0
    assert len(meaning.intents) <= 5
    probabilities = [score.probability for score in meaning.intents]
    assert all(0.0 <= probability <= 1.0 for probability in probabilities)
    assert probabilities == sorted(probabilities, reverse=True)
    assert {score.intent for score in meaning.intents} <= set(INTENTS)
    assert meaning.vector is not None
    assert np.isclose(np.linalg.norm(meaning.vector), 1.0, atol=1e-3)


_CACHE: list[TransformerUnderstander] = []


def _shared() -> TransformerUnderstander:
    """Hypothesis runs outside of fixtures' scopes."""
    if not _CACHE:
        _CACHE.append(nlu.load())
    return _CACHE[0]


def test_a_batch_reads_as_each_alone_and_in_order(understander: TransformerUnderstander) -> None:
    texts = ["我的快递呢", "", "can you please tell me how long the warranty is", "谢谢", "x" * 500] * 9
    together = understander.understand(texts, NOON)
    alone = [read(understander, text) for text in texts]
    assert [m.text for m in together] == [m.text for m in alone]
    assert [m.intent for m in together] == [m.intent for m in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.probability == pytest.approx(other.probability, abs=0.08)


def test_the_same_text_reads_the_same(understander: TransformerUnderstander) -> None:
    assert read(understander, "我要退货，订单1024") == read(understander, "我要退货，订单1024")


def test_an_empty_batch(understander: TransformerUnderstander) -> None:
    assert understander.understand([]) == []


def test_time_is_bounded_however_long_the_text(understander: TransformerUnderstander) -> None:
    for text in (
        "我要退货，" * 2_000,
        "return my order " * 700,
        "1-2/3 " * 1_700,
        "路1号" * 3_300,
        "@a.b" * 2_500,
    ):
        began = time.perf_counter()
        read(understander, text)
        assert time.perf_counter() - began < 1.0


def test_deciding_words_are_the_messages_own(understander: TransformerUnderstander) -> None:
    meaning = read(understander, "請問我的發票什麼時候開")
    words = [deciding.word for deciding in meaning.deciding_words]
    assert words
    assert set(words) <= set(meaning.words)
    assert "發票" in words[:2]
    strengths = [abs(deciding.contribution) for deciding in meaning.deciding_words]
    assert strengths == sorted(strengths, reverse=True)


def test_dates_follow_the_customers_own_day(understander: TransformerUnderstander) -> None:
    late = datetime(2026, 11, 25, 20, tzinfo=UTC)
    (shanghai,) = understander.understand(
        ["明天能到吗"], DialogueContext(now=late, time_zone="Asia/Shanghai")
    )
    (london,) = understander.understand(["明天能到吗"], DialogueContext(now=late, time_zone="Europe/London"))
    (nowhere,) = understander.understand(["明天能到吗"], DialogueContext(now=late, time_zone="Mars/Olympus"))
    dates = [m.first(EntityKind.DATE) for m in (shanghai, london, nowhere)]
    assert [d.value for d in dates if d] == ["2026-11-27", "2026-11-26", "2026-11-26"]


def test_a_catalogue_is_swapped_while_others_read() -> None:
    understander = nlu.load()
    entries = [CatalogueEntry(product_id="p1", names=("霜云叠光杯", "Frostcloud cup", "FC-2001"))]
    failures: list[BaseException] = []

    def keep_reading() -> None:
        try:
            for _ in range(60):
                understander.understand(["霜云叠光杯还有吗", "is FC-2001 in stock"])
        except BaseException as failure:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(failure)

    readers = [threading.Thread(target=keep_reading) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(3):
        understander.set_catalogue(entries)
        understander.set_catalogue([])
    understander.set_catalogue(entries)
    for reader in readers:
        reader.join()
    assert not failures
    (meaning,) = understander.understand(["霜云叠光杯还有吗"])
    product = meaning.first(EntityKind.PRODUCT)
    assert product is not None
    assert product.value == "p1"
    assert "霜云叠光杯" in meaning.words


def test_the_runtime_imports_no_training_library() -> None:
    program = (
        "import sys, nlu; u = nlu.load(); u.understand(['hi']);"
        "heavy = {'torch', 'transformers', 'pandas', 'ibis', 'sklearn', 'pypinyin', 'onnx'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == ""


def test_the_model_is_light() -> None:
    from nlu.modelfiles import SHIPPED

    assert sum(path.stat().st_size for path in Path(SHIPPED).iterdir()) <= 30_000_000
