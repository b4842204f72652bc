"""Times of day: 下午三点半, 15:30, "half past four", "at ten"; and parts of a day, by the hour they are taken for."""

from __future__ import annotations

import re
from datetime import time

from nlu.entities.numerals import NUMERALS_EN, chinese_number, english_number

_NIGHT_ENDS = 8
"""Nobody means the small hours who says no more than three o'clock."""
_NOON = 12
_ZH = re.compile(
    r"(?P<part>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|今晚|明早|明晚)?\s?"
    r"(?P<hour>\d{1,2}|[一二两三四五六七八九十]{1,3})\s?点(?P<sharp>钟|整)?"
    r"(?P<rest>半|一刻|三刻|[0-5]?\d分?|[二三四五]?十[一二三四五六七八九]?分?)?(?!的)"
)
_FIGURES = re.compile(
    r"(?<![\d:.])(?P<hour>[01]?\d|2[0-3])[:：](?P<minute>[0-5]\d)(?![\d:])\s?(?P<half>[ap]\.?m\b)?",
    re.IGNORECASE,
)
_EN = re.compile(
    r"(?<![\d:.])(?P<hour>1[0-2]|0?[1-9])(?:[.:](?P<minute>[0-5]\d))?\s?(?:(?P<half>[ap])\.?m\b|o'?clock\b)",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?P<share>half|quarter) (?P<side>past|to) (?P<hour>[a-z]+|\d{1,2})\b", re.IGNORECASE)
_AT = re.compile(
    rf"\b(?:at|around|about|after|before|by|from) (?P<hour>{'|'.join(NUMERALS_EN[:12])}|1[0-2]|[1-9])"
    r"(?=\W*$|[,.;!?]| (?:on|in the|this|tomorrow|today|tonight|or|and|please|sharp|if|would)\b)",
    re.IGNORECASE,
)
"""Where a bare number is a time of day."""
_PARTS = {
    "上午": 10, "早上": 10, "明早": 10, "中午": 12, "下午": 14, "傍晚": 18, "晚上": 19, "今晚": 19, "明晚": 19,
    "morning": 10, "noon": 12, "midday": 12, "afternoon": 14, "evening": 19, "tonight": 19,
}  # fmt: skip
_A_PART = re.compile("|".join(rf"\b{word}\b" if word.isascii() else word for word in _PARTS))
_SHARES = {"半": 30, "一刻": 15, "三刻": 45}


def clock(text: str) -> time | None:
    """The first time of day in a text, else what a part of the day stands for; None where there is neither."""
    lower = text.lower()
    return (
        _chinese(lower) or _in_figures(lower) or _english(lower) or _past(lower) or _at(lower) or _part(lower)
    )


def _chinese(text: str) -> time | None:
    found = _ZH.search(text)
    if found is None:
        return None
    hour = int(found["hour"]) if found["hour"].isdigit() else chinese_number(found["hour"]) or 0
    rest = (found["rest"] or "").rstrip("分")
    if found["hour"] == "一" and not (found["part"] or found["sharp"] or rest):
        return None  # 快一点 is a bit faster
    minute = _SHARES.get(rest) or (int(rest) if rest.isdigit() else chinese_number(rest) or 0)
    return _time(hour, minute, late=_late(found["part"]))


def _late(part: str | None) -> bool | None:
    """Whether a part of the day is after noon; None where it isn't said."""
    hour = 0 if part is None else _PARTS.get(part, 0)
    return None if part is None or hour == _NOON else hour > _NOON


def _late_beside(text: str) -> bool | None:
    """Whether a part of the day that stands somewhere beside the time is after noon."""
    found = _A_PART.search(text)
    return None if found is None else _late(found[0])


def _in_figures(text: str) -> time | None:
    found = _FIGURES.search(text)
    if found is None:
        return None
    half = (found["half"] or "")[:1]
    if half:
        late: bool | None = half == "p"
    else:
        # Figures alone are of a clock of twenty-four hours.
        late = _late_beside(text) if _A_PART.search(text) else False
    return _time(_of_half(found["hour"], half), int(found["minute"]), late=late)


def _english(text: str) -> time | None:
    found = _EN.search(text)
    if found is None:
        return None
    late = found["half"] == "p" if found["half"] else _late_beside(text)
    return _time(_of_half(found["hour"], found["half"]), int(found["minute"] or 0), late=late)


def _of_half(hour: str, half: str | None) -> int:
    """12 am is midnight."""
    return 0 if half == "a" and int(hour) == _NOON else int(hour)


def _past(text: str) -> time | None:
    found = _PAST.search(text)
    if found is None:
        return None
    word = found["hour"]
    hour = int(word) if word.isdigit() else english_number(word) or 0
    minutes = 30 if found["share"] == "half" else 15
    if found["side"] == "to":
        hour, minutes = (hour - 1) or _NOON, 60 - minutes
    return _time(hour, minutes, late=_late_beside(text)) if hour > 0 else None


def _at(text: str) -> time | None:
    found = _AT.search(text)
    if found is None:
        return None
    hour = int(found["hour"]) if found["hour"].isdigit() else english_number(found["hour"]) or 0
    return _time(hour, 0, late=_late_beside(text))


def _part(text: str) -> time | None:
    found = _A_PART.search(text)
    return time(_PARTS[found[0]]) if found is not None else None


def _time(hour: int, minute: int, *, late: bool | None) -> time | None:
    if late is None:
        late = 0 < hour < _NIGHT_ENDS
    if late and hour < _NOON:
        hour += _NOON
    return time(hour, minute) if hour < 24 else None
