"""Dates, absolute and relative, in the customer's own time zone.

A stretch (下周, "in two weeks", "within 3 days") is named by the day on which it begins or ends; a day without a year
is the one that lies nearest to today. 12/3 is 3 December in a Chinese text; in an English one, where both orders are
in use, it is the reading that lies nearer to today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from nlu.entities.calendar import nearest, valid, years_around
from nlu.entities.dates_en import english_dates
from nlu.entities.dates_zh import chinese_dates
from nlu.entities.spans import Span
from nlu.types import EntityKind

_PART = re.compile(r"\d{1,4}")
_FRACTIONS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4", "24/7", "7/24", "50/50", "5/5", "10/10"})
_DAYS_IN_CHINESE = frozenset({"1/2", "5/5", "10/10"})
_SHARED = re.compile(
    r"\s?(?:stars?|points?|items?|pieces?|pairs?|boxes|would|of|rating|分|星)", re.IGNORECASE
)
_NOT_DAYS = (
    r"(?!\s?(?:days?|weeks?|months?|years?|hours?|hrs?|mins?|cm|mm|inch|%"
    r"|个|天|日内|周|月|年|岁|点|号|元|块|码|楼))"
)
_FIGURES = re.compile(
    rf"""(?P<iso>(?<!\d)(?:19|20)\d\d[-/.年]\d{{1,2}}[-/.月]\d{{1,2}}(?!\d)[日号]?)
    | (?<![\w/.])(?P<slashed>\d{{1,2}}/\d{{1,2}}(?:/(?:20)?\d\d)?)(?![\w/])
    | (?<![\w/.-])(?P<dashed>(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?![\w-]){_NOT_DAYS}
    | (?<![\w/.-])(?P<pointed>\d{{1,2}}\.\d{{1,2}}\.20\d\d)(?![\w/-]|\.\d)
    | (?<![\w/.¥$€£-])(?P<monthday>(?:1[0-2]|0?[1-9])\.
      (?:(?:3[01]|[12]\d|0?[1-9])(?=\s?(?:[之以]?前(?![面台后]))|那天|当天)
      |(?:3[01]|[12]\d|0[1-9])(?=\s?(?:[号日]|下的?单|买的|拍的|付[的款]|收到|发货|到货))))""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ENGLISH_HINT = re.compile(r"[A-Za-z]{3}|\d[A-Za-z]{2}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LOOKED_BACK = 16
_DATED = re.compile(
    r"(?:\b(?:on|by|before|until|from|since|dated|for)\s(?:the\s)?|[于在是到])$", re.IGNORECASE
)

_SPENT = re.compile(r"(?:[花价付卖¥$€£]了?|价格|只要|才|版本?|系统|ios)\s?$", re.IGNORECASE)


def dates(text: str, today: date) -> Iterator[Span]:
    """Dates; the value is ISO."""
    chinese = _CHINESE.search(text) is not None
    for match in _FIGURES.finditer(text):
        yield from _in_any_figures(match, today, chinese)
    if chinese or "618" in text:
        yield from chinese_dates(text, today)
    if _ENGLISH_HINT.search(text):
        yield from english_dates(text, today)


def _in_any_figures(match: re.Match[str], today: date, chinese: bool) -> Iterator[Span]:
    if match["iso"]:
        return _iso(match)
    if match["pointed"]:
        return _pointed(match)
    if match["monthday"]:
        return _month_and_day(match, today)
    return _in_figures(match, today, chinese)


def _pointed(match: re.Match[str]) -> Iterator[Span]:
    """03.12.2026: with points the day comes first, unless there is no such month."""
    first, second, year = (int(part) for part in match["pointed"].split("."))
    for day in valid(year, second, first) or valid(year, first, second):
        yield Span(EntityKind.DATE, *match.span("pointed"), day.isoformat(), 0.9)


def _month_and_day(match: re.Match[str], today: date) -> Iterator[Span]:
    """12.25之前, but not 花了12.25买的."""
    if _SPENT.search(match.string, max(0, match.start() - _LOOKED_BACK), match.start()):
        return
    month, day = (int(part) for part in match["monthday"].split("."))
    found = nearest(month, day, today)
    if found:
        yield Span(EntityKind.DATE, *match.span("monthday"), found.isoformat(), 0.8)


def _iso(match: re.Match[str]) -> Iterator[Span]:
    for day in valid(*(int(part) for part in _PART.findall(match["iso"]))):
        yield Span(EntityKind.DATE, *match.span(), day.isoformat(), 0.95)


def _in_figures(match: re.Match[str], today: date, chinese: bool) -> Iterator[Span]:
    """12/3 and 12-03, where they are no fraction and no range."""
    group = "slashed" if match["slashed"] else "dashed"
    written = match[group]
    dated = _DATED.search(match.string, max(0, match.start() - _LOOKED_BACK), match.start()) is not None
    if not dated and _is_share(match, chinese):
        return
    parts = [int(part) for part in _PART.findall(written)]
    # Ranges such as 10-12 are seldom written with a nought in front.
    if group == "dashed" and not (
        dated or "0" in (written[0], written[3]) or match.string.strip() == written
    ):
        return
    resolved = _read(parts, today, chinese)
    if resolved is not None:
        yield Span(EntityKind.DATE, *match.span(group), resolved.isoformat(), 0.8)


def _is_share(match: re.Match[str], chinese: bool) -> bool:
    """1/3, 10/10 and "2/5 items"."""
    if match["slashed"] and _SHARED.match(match.string, match.end()):
        return True
    written = match[0]
    return written in _FRACTIONS and not (chinese and written in _DAYS_IN_CHINESE)


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
