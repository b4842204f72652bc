"""Times of day as customers say them."""

from __future__ import annotations

from datetime import time

import pytest

from nlu.entities.clock import clock


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("明天下午三点", time(15)),
        ("下午三点半", time(15, 30)),
        ("上午10点", time(10)),
        ("晚上八点一刻", time(20, 15)),
        ("十一点四十分", time(11, 40)),
        ("11点40分", time(11, 40)),
        ("三点吧", time(15)),
        ("九点", time(9)),
        ("15:30", time(15, 30)),
        ("下午3:30", time(15, 30)),
        ("tomorrow at 3 pm", time(15)),
        ("at 10.30 am", time(10, 30)),
        ("12 pm", time(12)),
        ("12 am", time(0)),
        ("12:30 a.m.", time(0, 30)),
        ("half past four", time(16, 30)),
        ("tonight at 8:30", time(20, 30)),
        ("3:30 in the afternoon", time(15, 30)),
        ("10:30 tomorrow morning", time(10, 30)),
        ("8 o'clock tonight", time(20)),
        ("half past eight in the evening", time(20, 30)),
        ("中午1:30", time(13, 30)),
        ("quarter to one", time(12, 45)),
        ("quarter to ten", time(9, 45)),
        ("Monday at ten", time(10)),
        ("after six on friday", time(18)),
        ("around 4, please", time(16)),
        ("tomorrow morning", time(10)),
        ("this afternoon", time(14)),
        ("明天下午", time(14)),
    ],
)
def test_a_time_is_known(text: str, at: time) -> None:
    assert clock(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "13800138000",
        "3 flasks",
        "快一点",
        "便宜点",
        "有点贵",
        "99:99",
        "早点",
        "at 4 Mill Lane",
    ],
)
def test_other_words_are_no_time(text: str) -> None:
    assert clock(text) is None
