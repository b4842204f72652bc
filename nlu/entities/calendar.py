"""Arithmetic of days and months, and the days of holidays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from nlu.entities.spans import Span
from nlu.types import EntityKind

YEARS_AWAY = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2, "last": -1, "this": 0, "next": 1}
MONTHS_AWAY = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2, "last": -1, "this": 0, "next": 1}

_TO = re.compile(r"\s?(?:to|till|until|through|thru|[-~–到至])\s?", re.IGNORECASE)

_FIXED = {
    "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12), "618": (6, 18), "元旦": (1, 1),
    "国庆节": (10, 1), "国庆": (10, 1), "劳动节": (5, 1), "五一": (5, 1), "儿童节": (6, 1), "六一": (6, 1),
    "妇女节": (3, 8), "教师节": (9, 10), "圣诞节": (12, 25), "圣诞": (12, 25), "平安夜": (12, 24),
    "情人节": (2, 14), "christmas eve": (12, 24), "christmas day": (12, 25), "christmas": (12, 25), "xmas": (12, 25),
    "boxing day": (12, 26), "new year's eve": (12, 31), "new year's day": (1, 1), "new year's": (1, 1),
    "valentine's day": (2, 14), "valentines": (2, 14), "halloween": (10, 31),
}  # fmt: skip
_LUNAR = {
    **dict.fromkeys(("春节", "过年", "大年初一", "chinese new year", "lunar new year", "spring festival"), (1, 1, 0)),
    **dict.fromkeys(("除夕", "大年三十"), (1, 1, -1)),
    **dict.fromkeys(("端午节", "端午", "dragon boat festival"), (5, 5, 0)),
    **dict.fromkeys(("中秋节", "中秋", "mid-autumn festival"), (8, 15, 0)),
    "元宵节": (1, 15, 0), "七夕": (7, 7, 0), "重阳节": (9, 9, 0),
}  # fmt: skip
"""Month and day of the lunar calendar, and how many days later."""
_COUNTED = {
    "thanksgiving": (11, 3, 4, 0), "black friday": (11, 3, 4, 1), "cyber monday": (11, 3, 4, 4),
    **dict.fromkeys(("母亲节", "mother's day", "mothers day"), (5, 6, 2, 0)),
    **dict.fromkeys(("父亲节", "father's day", "fathers day"), (6, 6, 3, 0)),
}  # fmt: skip
"""Month, weekday from Monday (0) to Sunday (6), which such day of the month, and how many days later."""
HOLIDAYS = (*_FIXED, *_LUNAR, *_COUNTED)
"""Names of holidays and shopping days."""

Resolver = Callable[[re.Match[str], date], date | None]


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def resolved(match: re.Match[str], today: date, resolvers: Mapping[str, Resolver]) -> Iterator[Span]:
    """The date of a match, by the resolver of the group that took part in it."""
    group = next(group for group in resolvers if match[group])
    try:
        found = resolvers[group](match, today)
    except (ValueError, OverflowError):
        return  # 31 February, or a year that the calendar lacks
    if found is not None:
        yield Span(EntityKind.DATE, *match.span(group), found.isoformat(), 0.95)


def in_order(spans: Iterable[Span], text: str, bare: re.Pattern[str]) -> Iterator[Span]:
    """The same dates, but in "Monday to Wednesday" the second is the first such day after the other.

    `bare` is a day of the week that no word places in a week of its own.
    """
    before: Span | None = None
    for span in spans:
        if before and _leads_to(before, span, text) and bare.fullmatch(text, span.start, span.end):
            span = _following(span, before)
        yield span
        before = span


def _leads_to(first: Span, second: Span, text: str) -> bool:
    joined = _TO.match(text, first.end)
    return joined is not None and joined.end() >= second.start


def _following(span: Span, before: Span) -> Span:
    start, day = date.fromisoformat(before.value), date.fromisoformat(span.value)
    ahead = (day.weekday() - start.weekday()) % 7
    return replace(span, value=(start + timedelta(days=ahead)).isoformat())


def years_around(today: date) -> tuple[int, int, int]:
    """The year, the one before and the one after."""
    return today.year - 1, today.year, today.year + 1


def valid(year: int, month: int, day: int) -> list[date]:
    """The day, if the calendar has it."""
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def nearest(month: int, day: int, today: date, gone: bool = False) -> date | None:
    """That day of the year which lies nearest to today, or nearest among those gone by."""
    candidates = [
        found
        for year in years_around(today)
        for found in valid(year, month, day)
        if not gone or found <= today
    ]
    return min(candidates, key=lambda candidate: abs((candidate - today).days), default=None)


def months_on(today: date, months: int) -> date:
    """The first day of the month so many months away."""
    years, month = divmod(today.month - 1 + months, 12)
    return date(today.year + years, month + 1, 1)


def last_of_month(day: date) -> date:
    """The last day of the month of a day."""
    return months_on(day, 1) - timedelta(days=1)


def same_day(today: date, months: int) -> date:
    """The same day so many months away, or the last of a month that is shorter."""
    first = months_on(today, months)
    return first.replace(day=min(today.day, last_of_month(first).day))


def day_of_month(day: int, today: date, gone: bool = False) -> date:
    """The first such day from today on, or the last one up to today."""
    beyond = day > today.day if gone else day < today.day
    away = -1 if gone else 1
    return months_on(today, away if beyond else 0).replace(day=day)


def holiday(name: str, year: int | None, today: date) -> date | None:
    """The day of a holiday in a year, or without one the day that lies nearest to today."""
    if year:
        return holiday_in(name, year)
    days = holidays_around(name, today)
    return min(days, key=lambda day: abs((day - today).days), default=None)


def holidays_around(name: str, today: date) -> list[date]:
    """The days of a holiday this year, last year and next year."""
    return [day for year in years_around(today) if (day := holiday_in(name, year)) is not None]


def holiday_in(name: str, year: int) -> date | None:
    """The day of a holiday in a year; None for a lunar one outside the years 1900 to 2100."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _COUNTED:
        month, weekday, nth, later = _COUNTED[name]
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1) + later)
    from borax.calendars.lunardate import LunarDate  # 8 ms that few messages need

    month, day, later = _LUNAR[name]
    try:
        found: date = LunarDate(year, month, day).to_solar_date()
    except ValueError:
        return None
    return found + timedelta(days=later)
