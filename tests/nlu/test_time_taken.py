"""Reading takes time in proportion to a text, and never long."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest

from nlu.entities import ProductIndex, recognise
from nlu.normalise import normalise
from nlu.redaction import redact
from nlu.types import DialogueContext
from nlu.understander import TransformerUnderstander
from tests.hostile import LONGEST, texts

pytestmark = pytest.mark.slow

BOUND = 0.5
"""Seconds of processor time that a reading may take, a quarter of what ends it."""
PIECES = ("12/3 ", "on 12/3 ", "12.25之前 ", "in 3 days ", "618 快", "2122222222 ", "0212222222 ", "路1号 ")


def test_no_text_is_long_read(understander: TransformerUnderstander) -> None:
    dialogue = DialogueContext(now=datetime(2026, 11, 25, 4, tzinfo=UTC), time_zone="Asia/Shanghai")
    for text in (*texts(), *(piece * (LONGEST // len(piece)) for piece in PIECES)):
        began = time.thread_time()
        understander.understand([text], dialogue)
        redact(text)
        assert time.thread_time() - began < BOUND, text[:40]


@pytest.mark.parametrize("piece", PIECES)
def test_four_times_the_text_takes_four_times_the_time(piece: str) -> None:
    """From a place the recognisers look around, not through the whole text: that took ten to sixteen times as long."""

    def seconds(times: int) -> float:
        form, products, took = normalise(piece * times), ProductIndex(()), []
        for _ in range(7):
            began = time.thread_time()
            recognise(form.text, form, date(2026, 11, 28), products)
            took.append(time.thread_time() - began)
        return min(took)

    times = LONGEST // len(piece)
    assert seconds(times) < 7 * seconds(times // 4)
