"""Arithmetic of days and months."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from nlu.entities import feasts
from nlu.entities.spans import Span
from nlu.types import EntityKind

YEARS_AWAY = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2, "last": -1, "this": 0, "next": 1}
MONTHS_AWAY = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2, "last": -1, "this": 0, "next": 1}

_TO = re.compile(r"\s?(?:to|till|until|through|thru|[-~–到至])\s?", re.IGNORECASE)

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


def feast(name: str, year: int | None, today: date) -> date | None:
    """The day of a feast in a year, or without one the day that lies nearest to today."""
    if year:
        return feasts.day_of(name, year)
    days = [day for near in years_around(today) if (day := feasts.day_of(name, near)) is not None]
    return min(days, key=lambda day: abs((day - today).days), default=None)
