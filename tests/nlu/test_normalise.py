"""Normalising: what people see, what the encoder reads, and the way back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.language import detect, has_words, is_foreign
from nlu.normalise import LONGEST_NUMBER, READ_AT_MOST, folded, model_text, normalise
from nlu.words import Words


@pytest.mark.parametrize(
    ("received", "text"),
    [
        ("  hello   there ", "hello there"),
        ("ＨＥＬＬＯ，１２３", "HELLO,123"),
        ("订\u200b单\ufeff号", "订单号"),
        ("a\u0000b\tc\nd", "ab c d"),
        ("\u202eevil", "evil"),
        ("cafe\u0301", "café"),
        ("", ""),
        ("\n \t", ""),
    ],
)
def test_normalised_form(received: str, text: str) -> None:
    assert normalise(received).text == text


@given(st.text(max_size=400))
def test_every_character_comes_from_the_message(received: str) -> None:
    form = normalise(received)
    assert len(form.offsets) == len(form.text) + 1
    assert list(form.offsets) == sorted(form.offsets)
    for position in range(len(form.text)):
        start, end = form.original_span(position, position + 1)
        assert 0 <= start < end <= len(received)


@given(st.text(max_size=400))
def test_normalising_twice_changes_nothing_more(received: str) -> None:
    once = normalise(received).text
    assert normalise(once).text == once or unicodedata.normalize("NFKC", once) != once


@given(st.text(max_size=400))
def test_model_text_keeps_every_position(received: str) -> None:
    text = normalise(received).text
    assert len(model_text(text)) == len(text)


def test_model_text_makes_alike_what_means_alike() -> None:
    assert model_text("訂單 WHERE 20931") == model_text("订单 where 88213")


def test_what_is_read_is_bounded() -> None:
    assert len(normalise("啊" * 100_000).text) == READ_AT_MOST


@pytest.mark.parametrize(("received", "longer"), [("\ufdfa", 18), ("\u32ff", 2)])
def test_what_a_character_becomes_is_bounded_too(received: str, longer: int) -> None:
    form = normalise(received * READ_AT_MOST)
    assert READ_AT_MOST - 1 <= len(form.text) <= READ_AT_MOST  # a space at the end goes
    assert len(form.ends) == len(form.text) == len(form.offsets) - 1
    assert form.original_span(0, longer) == (0, 1)
    assert form.original_span(longer, longer + 1) == (1, 2)
    last = (READ_AT_MOST - 1) // longer
    assert form.original_span(len(form.text) - 1, len(form.text)) == (last, last + 1)
    assert form.offsets[-1] == last + 1


@pytest.mark.parametrize(
    ("received", "place", "original"),
    [
        ("cafe\u0301 x", 3, "e\u0301"),
        ("cafe\u0301", 3, "e\u0301"),
        ("e" + "\u0301" * 9 + " x", 0, "e" + "\u0301" * 9),
        ("订单\u200b号 ", 1, "单"),
        ("订单\u200b号 ", 2, "号"),
    ],
)
def test_a_character_came_with_its_marks_and_nothing_else(received: str, place: int, original: str) -> None:
    start, end = normalise(received).original_span(place, place + 1)
    assert received[start:end] == original


def test_combining_marks_without_end_are_cut() -> None:
    assert len(normalise("e" + "\u0301" * 1000).text) < 10_000


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我的快递", "zh"),
        ("where is it", "en"),
        ("iPhone 还有货吗", "zh"),
        ("Huawei 手机 please help me with it", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert detect(text) == language


def test_language_of_a_bare_number_is_that_of_the_dialogue() -> None:
    assert detect("1024", "zh") == "zh"
    assert detect("1024", "en") == "en"


@pytest.mark.parametrize("text", ["Где мой заказ?", "注文はどこですか", "주문이 어디 있나요", "أين طلبي"])
def test_other_scripts_are_foreign(text: str) -> None:
    assert is_foreign(text)


def test_nothing_to_read() -> None:
    assert not has_words("😡😡")
    assert not has_words("a")
    assert not has_words("123")
    assert has_words("好")


def test_words_of_both_languages_and_of_the_shop() -> None:
    assert Words().cut("我想退货") == ["我", "想", "退货"]
    assert Words().cut("I don't want it, thanks") == ["I", "don't", "want", "it", ",", "thanks"]
    assert "霜云叠光杯" not in Words().cut("有霜云叠光杯吗")
    assert "霜云叠光杯" in Words(["霜云叠光杯"]).cut("有霜云叠光杯吗")


@pytest.mark.parametrize(
    ("received", "text"),
    [
        ("  hello   there ", "hello there"),
        ("文三路 138 号\r\n\r\n   3 单元", "文三路 138 号\n3 单元"),
        ("a\u3000\u2028\tb", "a\nb"),
        ("ＨＥＬＬＯ，１２３…", "ＨＥＬＬＯ，１２３…"),
        ("1" * 4_000, "1" * LONGEST_NUMBER),
        ("¥" + "９" * 50 + "元", "¥" + "９" * LONGEST_NUMBER + "元"),
        ("1" * 1_365 + " " * 2_700 + "x", "1" * LONGEST_NUMBER + " x"),
        (" \n ", ""),
    ],
)
def test_long_blanks_and_endless_numbers_are_folded(received: str, text: str) -> None:
    assert folded(received) == text


_BLANKS_AND_DIGITS = st.text(st.sampled_from(" \t\n\u3000\u200b1234567890a汉.,\u0301"), max_size=300)


@given(st.one_of(st.text(max_size=400), _BLANKS_AND_DIGITS))
def test_folding_changes_nothing_else(received: str) -> None:
    once = folded(received)
    assert folded(once) == once
    assert normalise(once).text == normalise(received).text
    assert len(once) <= READ_AT_MOST
    if not any(character.isdecimal() for character in received):
        assert "".join(once.split()) == "".join(received.split())


@given(st.integers(0, 200), st.integers(0, 200))
def test_no_number_is_read_longer_than_numbers_are(first: int, second: int) -> None:
    received = "a" + "7" * first + "\u200b" + "8" * second + "b"
    form = normalise(received)
    assert form.text == "a" + ("7" * first + "8" * second)[:LONGEST_NUMBER] + "b"
    assert [received[start] for start in form.offsets[:-1]] == list(form.text)
