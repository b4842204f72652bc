"""Dates in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from nlu.entities import feasts
from nlu.entities.calendar import (
    MONTHS_AWAY,
    YEARS_AWAY,
    Resolver,
    alternatives,
    day_of_month,
    feast,
    last_of_month,
    months_on,
    nearest,
    resolved,
    same_day,
)
from nlu.entities.numerals import chinese_number
from nlu.entities.spans import Span

_DAYS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今晚": 0, "今早": 0,
    "明天": 1,
    "明日": 1, "明早": 1, "明晚": 1, "明儿": 1, "今儿": 0, "昨儿": -1, "后天": 2, "大后天": 3,
}  # fmt: skip
_WEEKDAYS = {**{c: i for i, c in enumerate("一二三四五六")}, "日": 6, "天": 6, "末": 5}
_NUMERAL = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
_YEAR_ZH = r"(?:(?:[前去今明后]年|(?:20)?\d\d年)的?)?"
_MONTH_ZH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月"
_DAY_ZH = r"(?:[0-3]?\d(?!\d)|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
# In 马上月底 and 赶上月初 there is no last month.
_MONTH_AWAY_ZH = r"(?:下下个?|上上个?|下个?|(?<![马赶遇碰追加以])上个?|这个|本)月"
_FEASTS = alternatives(name for name in feasts.NAMES if not name.isascii() or name.isdigit())
_PATTERN = re.compile(
    rf"""(?P<monthday>(?<!\d){_YEAR_ZH}{_MONTH_ZH}{_DAY_ZH}[日号]?)
    | (?P<monthpart>(?<!\d){_YEAR_ZH}(?:{_MONTH_ZH}|{_MONTH_AWAY_ZH}|月)份?(?:[底末初]|(?<=[上下本个]月){_DAY_ZH}[日号])
      |(?:[今明去]年)?年[底末](?!奖))
    | (?P<month>{_MONTH_AWAY_ZH}(?!亮|饼))
    | (?P<ago>(?:{_NUMERAL}\s?(?:天|日|周|个?星期|个?礼拜|个半?月)|半个?月)(?:之?后|以后|过后|之?前|以前|内|之内|以内))
    | (?P<few>(?<![\u4e00-\u9fff])前[两二三23]天
      |(?<![经通超拖不错])再?过{_NUMERAL}(?:天|周|个星期|个礼拜|个月)(?![前内]))
    | (?P<week>(?:下下个?|下个?|上个?|这个?|本)?(?:周|星期|礼拜)[一二三四五六日天末](?!十))
    | (?P<wholeweek>(?:下下个?|下个?|上个?)(?:周|星期|礼拜)(?![一二三四五六日天末]))
    | (?P<dayzh>{alternatives(_DAYS)})
    | (?P<feastzh>(?<![\w一二三四五六七八九十百零错超]){_YEAR_ZH}(?:{_FEASTS})(?![\d元块度龄费件罐瓶个]|中(?!秋)))
    | (?P<dayofmonth>(?<![\d一二三四五六七八九十])(?:[12]\d|3[01]|[1-9]|[二三]?十[一二三四五六七八九]?)[号日]
      (?![楼线院店门码机]|\d))""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def chinese_dates(text: str, today: date) -> Iterator[Span]:
    """Dates written in Chinese."""
    for match in _PATTERN.finditer(text):
        yield from resolved(match, today, _RESOLVERS)


def _numeral(text: str) -> int | None:
    return int(text) if text.isdigit() else chinese_number(text)


def _year_written(text: str, today: date) -> tuple[int | None, str]:
    """The year that a Chinese date begins with, if it does, and the rest."""
    found = re.match(r"([前去今明后]年|(?:20)?\d\d年)的?", text)
    if not found:
        return None, text
    word = found[1]
    year = today.year + YEARS_AWAY[word] if word in YEARS_AWAY else int(word[:-1])
    return year if year > 99 else 2000 + year, text[found.end() :]


def _month_and_day(match: re.Match[str], today: date) -> date | None:
    year, written = _year_written(match["monthday"], today)
    month, day = (_numeral(part) for part in re.split("月", written.rstrip("日号"))[:2])
    if not month or not day:
        return None
    return date(year, month, day) if year else nearest(month, day, today)


def _part_of_month(match: re.Match[str], today: date) -> date | None:
    """月底, 下个月初, 上个月15号, 年底."""
    year, written = _year_written(match["monthpart"], today)
    if written.startswith("年"):
        return date(year or today.year, 12, 31)
    name, _, rest = written.replace("份", "").partition("月")
    first = _first_of(name.rstrip("个"), year, today)
    if first is None or rest in ("底", "末"):
        return last_of_month(first) if first else None
    return first if rest == "初" else first.replace(day=_numeral(rest.rstrip("日号")) or 0)


def _first_of(month: str, year: int | None, today: date) -> date | None:
    if not month or month in MONTHS_AWAY:
        return months_on(today, MONTHS_AWAY.get(month, 0))
    number = _numeral(month)
    if not number:
        return None
    return date(year, number, 1) if year else nearest(number, 1, today)


def _month_zh(match: re.Match[str], today: date) -> date | None:
    away = MONTHS_AWAY[match["month"].rstrip("个月")]
    return months_on(today, away) if away else None


def _some_days_away(match: re.Match[str], today: date) -> date | None:
    written = match["ago"]
    direction = -1 if written.endswith("前") else 1
    if written.startswith("半"):
        return today + timedelta(days=15 * direction)
    return _away(written, direction, today)


def _away(written: str, direction: int, today: date) -> date | None:
    """三天, 两周, 一个半月 from today."""
    found = re.search(_NUMERAL, written)
    count = _numeral(found[0]) if found else None
    if count is None:
        return None
    if "月" in written:
        half = timedelta(days=15 * direction) if "半" in written else timedelta(0)
        return same_day(today, direction * count) + half
    return today + timedelta(days=direction * count * (7 if re.search("周|星期|礼拜", written) else 1))


def _few_days(match: re.Match[str], today: date) -> date | None:
    written = match["few"]
    return _away(written, -1 if written.startswith("前") else 1, today)


def _weekday_zh(match: re.Match[str], today: date) -> date:
    written = match["week"]
    day = _WEEKDAYS[written[-1]]
    monday = today - timedelta(days=today.weekday())
    if written.startswith("下下"):
        return monday + timedelta(days=14 + day)
    if written.startswith("下"):
        return monday + timedelta(days=7 + day)
    if written.startswith("上"):
        return monday + timedelta(days=day - 7)
    if written[0] in "这本":
        return monday + timedelta(days=day)
    return today + timedelta(days=(day - today.weekday()) % 7)


def _whole_week(match: re.Match[str], today: date) -> date:
    written = match["wholeweek"]
    weeks = 2 if written.startswith("下下") else 1 if written.startswith("下") else -1
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)


def _feast_zh(match: re.Match[str], today: date) -> date | None:
    year, name = _year_written(match["feastzh"], today)
    return feast(name, year, today)


def _day_zh(match: re.Match[str], today: date) -> date | None:
    day = _numeral(match["dayofmonth"][:-1])
    return day_of_month(day, today) if day else None


_RESOLVERS: dict[str, Resolver] = {
    "monthday": _month_and_day,
    "monthpart": _part_of_month,
    "month": _month_zh,
    "ago": _some_days_away,
    "few": _few_days,
    "week": _weekday_zh,
    "wholeweek": _whole_week,
    "dayzh": lambda match, today: today + timedelta(days=_DAYS[match["dayzh"]]),
    "feastzh": _feast_zh,
    "dayofmonth": _day_zh,
}
