"""Arithmetic of days and months."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta

from nlu.entities import feasts
from nlu.entities.spans import Span
from nlu.types import EntityKind

YEARS_AWAY = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2, "last": -1, "this": 0, "next": 1}
MONTHS_AWAY = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2, "last": -1, "this": 0, "next": 1}

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


def years_around(today: date) -> tuple[int, int, int]:
    """The year, the one before and the one after."""
    return today.year - 1, today.year, today.year + 1


def valid(year: int, month: int, day: int) -> list[date]:
    """The day, if the calendar has it."""
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def nearest(month: int, day: int, today: date) -> date | None:
    """That day of the year which lies nearest to today."""
    candidates = [found for year in years_around(today) for found in valid(year, month, day)]
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


def day_of_month(day: int, today: date) -> date:
    """That day of this month, or of the next one once it is past."""
    this = today.replace(day=1)
    return this.replace(day=day) if day >= today.day else months_on(today, 1).replace(day=day)


def feast(name: str, year: int | None, today: date) -> date | None:
    """The day of a feast in a year, or without one the day that lies nearest to today."""
    if year:
        return feasts.day_of(name, year)
    days = [day for near in years_around(today) if (day := feasts.day_of(name, near)) is not None]
    return min(days, key=lambda day: abs((day - today).days), default=None)
