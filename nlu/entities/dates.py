"""Dates, absolute and relative, in the customer's own time zone.

A stretch (下周, "in two weeks", "within 3 days") is named by the day on which it begins or ends; a day without a year
is the one that lies nearest to today. 12/3 is 3 December in a Chinese text; in an English one, where both orders are
in use, it is the reading that lies nearer to today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from nlu.entities.calendar import valid, years_around
from nlu.entities.dates_en import english_dates
from nlu.entities.dates_zh import chinese_dates
from nlu.entities.spans import Span
from nlu.types import EntityKind

_FRACTIONS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4", "24/7", "7/24", "50/50"})
_NOT_DAYS = (
    r"(?!\s?(?:days?|weeks?|months?|years?|hours?|hrs?|mins?|cm|mm|inch|%"
    r"|个|天|日内|周|月|年|岁|点|号|元|块|码|楼))"
)
_FIGURES = re.compile(
    rf"""(?P<iso>(?<!\d)(?:19|20)\d\d[-/.年]\d{{1,2}}[-/.月]\d{{1,2}}(?!\d)[日号]?)
    | (?<![\w/.])(?P<slashed>\d{{1,2}}/\d{{1,2}}(?:/(?:20)?\d\d)?)(?![\w/])
    | (?<![\w/.-])(?P<dashed>(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?![\w-]){_NOT_DAYS}""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ENGLISH_HINT = re.compile(r"[A-Za-z]{3}|\d[A-Za-z]{2}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_DATED = re.compile(
    r"(?:\b(?:on|by|before|until|from|since|dated|for)\s(?:the\s)?|[于在是到])$", re.IGNORECASE
)


def dates(text: str, today: date) -> Iterator[Span]:
    """Dates; the value is ISO."""
    chinese = _CHINESE.search(text) is not None
    for match in _FIGURES.finditer(text):
        yield from _iso(match) if match["iso"] else _in_figures(match, today, chinese)
    if chinese or "618" in text:
        yield from chinese_dates(text, today)
    if _ENGLISH_HINT.search(text):
        yield from english_dates(text, today)


def _iso(match: re.Match[str]) -> Iterator[Span]:
    for day in valid(*(int(part) for part in re.findall(r"\d+", match["iso"]))):
        yield Span(EntityKind.DATE, *match.span(), day.isoformat(), 0.95)


def _in_figures(match: re.Match[str], today: date, chinese: bool) -> Iterator[Span]:
    """12/3 and 12-03, where they are no fraction and no range."""
    group = "slashed" if match["slashed"] else "dashed"
    written = match[group]
    dated = _DATED.search(match.string[: match.start()]) is not None
    if not dated and (written in _FRACTIONS and not (chinese and written == "1/2")):
        return
    parts = [int(part) for part in re.split("[-/]", written)]
    # Ranges such as 10-12 are seldom written with a nought in front.
    if group == "dashed" and not (
        dated or "0" in (written[0], written[3]) or match.string.strip() == written
    ):
        return
    resolved = _read(parts, today, chinese)
    if resolved is not None:
        yield Span(EntityKind.DATE, *match.span(group), resolved.isoformat(), 0.8)


def _read(parts: list[int], today: date, chinese: bool) -> date | None:
    first, second = parts[:2]
    orders = [(first, second)] if chinese and first <= 12 else [(first, second), (second, first)]
    readings: list[date] = []
    for month, day in orders:
        if len(parts) == 3:
            readings += valid(parts[2] if parts[2] > 99 else 2000 + parts[2], month, day)
        else:
            readings += [found for year in years_around(today) for found in valid(year, month, day)]
    return min(readings, key=lambda reading: abs((reading - today).days), default=None)
