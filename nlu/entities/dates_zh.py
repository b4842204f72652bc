"""Dates in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from nlu.entities.calendar import (
    HOLIDAYS,
    MONTHS_AWAY,
    YEARS_AWAY,
    Resolver,
    alternatives,
    day_of_month,
    holiday,
    in_order,
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
_YEAR_ZH = r"(?:(?:[前去今明后]年|(?:20)?\d\d年)的?)?+"
_FROM_NUMBER = r"(?=[\d前去今明后一二三四五六七八九十])"
_MONTH_ZH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月"
_DAY_ZH = r"(?:[0-3]?\d(?!\d)|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
# In 马上月底 and 赶上月初 there is no last month.
_LAST_ZH = r"(?<![马赶遇碰追加以])上上?个?"
_MONTH_AWAY_ZH = rf"(?:下下?个?|{_LAST_ZH}|这个|本)月"
# 一周三次 and 两个星期一次 tell how often; in 周一周三 and 11.28周六 what stands before is a day.
_NO_COUNT_ZH = (
    r"(?<!(?<![周期拜])[一二两三四五六七八九十几])(?<![一二两三四五六七八九十几半\d]个)(?<!(?<![\d./月-])\d)"
)
# 5号色, 7号电池 and 3号球 are sorts and sizes.
_NO_SORT_ZH = r"(?![楼线院店门码机色链柜床针箱仓字桌]|的?(?:干|充电)?电池|球(?!赛)|款(?![到项])|套餐|宿舍|\d)"
_YEARS_AWAY_ZH = r"(?:半年|(?<![\d〇零一二三四五六七八九十])(?:\d|[一二两三四五六七八九十])年半?)"
_HOLIDAYS = alternatives(name for name in HOLIDAYS if not name.isascii() or name.isdigit())
_PATTERN = re.compile(
    rf"""(?P<monthday>{_FROM_NUMBER}(?<!\d){_YEAR_ZH}{_MONTH_ZH}{_DAY_ZH}[日号]?)
    | (?P<monthpart>(?<!\d){_YEAR_ZH}(?:{_MONTH_ZH}|{_MONTH_AWAY_ZH}|月)份?(?:[底末初]|(?<=[上下本个]月){_DAY_ZH}[日号])
      |(?:[今明去]年)?年[底末](?!奖))
    | (?P<wholemonth>{_FROM_NUMBER}(?<![\d十]){_YEAR_ZH}{_MONTH_ZH}份(?!额))
    | (?P<month>{_MONTH_AWAY_ZH}(?!亮|饼))
    | (?P<ago>(?:{_NUMERAL}\s?(?:天|日|周|个?星期|个?礼拜|个半?月)|半个?月)(?:之?后|以后|过后|之?前|以前|内|之内|以内)
      |{_YEARS_AWAY_ZH}(?:之?后|以后|之?前|以前))
    | (?P<few>(?<![\u4e00-\u9fff])前[两二三23]天
      |(?<![经通超拖不错])再?过{_NUMERAL}(?:天|周|个星期|个礼拜|个月)(?![前内]))
    | (?P<week>(?:下下?个?|{_LAST_ZH}|这个?|本|{_NO_COUNT_ZH})(?:周|星期|礼拜)[一二三四五六日天末]
      (?!十|次(?!日)))
    | (?P<wholeweek>(?:下下?个?|{_LAST_ZH})(?:周|星期|礼拜)(?![一二三四五六日天末]))
    | (?P<dayzh>{alternatives(_DAYS)}|明(?=后[天两])|(?<=明)后(?=两天))
    | (?P<holidayzh>(?<![\w一二三四五六七八九十百零错超]){_YEAR_ZH}(?:{_HOLIDAYS})(?![\d元块度龄费件罐瓶个]|中(?!秋)
      |\s?(?:yuan|rmb|usd|dollars?|bucks|pounds?|euros?)\b))
    | (?P<dayofmonth>(?<![\d一二三四五六七八九十大小第])(?<!\d\.)(?<!电池)
      (?:[12]\d|3[01]|[1-9]|[二三]?十[一二三四五六七八九]?)[号日]
      {_NO_SORT_ZH})""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_YEAR_FIRST = re.compile(r"([前去今明后]年|(?:20)?\d\d年)的?")
_COUNT = re.compile(_NUMERAL)
_WEEK = re.compile("周|星期|礼拜")
_BARE_WEEKDAY = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天]")
_PRICED = re.compile(r"(?:[¥$€£#卖价花付]|单号?|order)\s?$", re.IGNORECASE)
# 20号买的 is past; 28号买有优惠吗, 28号能收到吗 and 28号买的话 are not.
_GONE_AFTER = re.compile(
    r"""(?:份的?)?[^,。!?;能会要想再等可打准将]{0,8}?
    (?:(?:买|订购?|拍下?|付款?|支付|下单|收到?|签收|到货)(?:的(?!话)|了(?!再|就|告诉|通知)|过)|[下付][的了][单款])""",
    re.VERBOSE,
)
_GONE_IN_VAIN = re.compile(
    r"(?:份的?)?[^,。!?;能会要想再等可打准将]{0,8}?(?:买|拍|下单|付款|收到)"
    r"[^。!?;能会]{0,4}(?:还[没不]|都没|怎么|至今|到现在|一直)"
)
_LOOKED_BACK = 12
_GONE_BEFORE = re.compile(
    r"(?:买|拍|订|下单|付款|收货|收到货?)(?:(?:的?时候|的?时间|时|日期|的?那天)(?:是|在|:)*|是在?|于)\s?$"
)


def chinese_dates(text: str, today: date) -> Iterator[Span]:
    """Dates written in Chinese."""
    found = (span for match in _PATTERN.finditer(text) for span in resolved(match, today, _RESOLVERS))
    yield from in_order(found, text, _BARE_WEEKDAY)


def _is_gone(match: re.Match[str]) -> bool:
    """Whether something was bought, paid or received on that day."""
    text, start, end = match.string, match.start(), match.end()
    if _GONE_AFTER.match(text, end) or _GONE_IN_VAIN.match(text, end):
        return True
    return _GONE_BEFORE.search(text, max(0, start - _LOOKED_BACK), start) is not None


def _numeral(text: str) -> int | None:
    return int(text) if text.isdigit() else chinese_number(text)


def _year_written(text: str, today: date) -> tuple[int | None, str]:
    """The year that a Chinese date begins with, if it does, and the rest."""
    found = _YEAR_FIRST.match(text)
    if not found:
        return None, text
    word = found[1]
    year = today.year + YEARS_AWAY[word] if word in YEARS_AWAY else int(word[:-1])
    return year if year > 99 else 2000 + year, text[found.end() :]


def _month_and_day(match: re.Match[str], today: date) -> date | None:
    year, written = _year_written(match["monthday"], today)
    month, day = (_numeral(part) for part in written.rstrip("日号").split("月")[:2])
    if not month or not day:
        return None
    return date(year, month, day) if year else nearest(month, day, today, _is_gone(match))


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


def _whole_month(match: re.Match[str], today: date) -> date | None:
    """12月份 by its first day."""
    year, written = _year_written(match["wholemonth"], today)
    month = _numeral(written.removesuffix("月份"))
    if not month:
        return None
    return date(year, month, 1) if year else nearest(month, 1, today, _is_gone(match))


def _month_zh(match: re.Match[str], today: date) -> date | None:
    away = MONTHS_AWAY[match["month"].rstrip("个月")]
    return months_on(today, away) if away else None


def _some_days_away(match: re.Match[str], today: date) -> date | None:
    written = match["ago"]
    direction = -1 if written.endswith("前") else 1
    if written.startswith("半年"):
        return same_day(today, 6 * direction)
    if written.startswith("半"):
        return today + timedelta(days=15 * direction)
    return _away(written, direction, today)


def _away(written: str, direction: int, today: date) -> date | None:
    """三天, 两周, 一个半月, 一年 from today."""
    found = _COUNT.search(written)
    count = _numeral(found[0]) if found else None
    if count is None:
        return None
    if "年" in written:
        return same_day(today, direction * (12 * count + (6 if "半" in written else 0)))
    if "月" in written:
        half = timedelta(days=15 * direction) if "半" in written else timedelta(0)
        return same_day(today, direction * count) + half
    return today + timedelta(days=direction * count * (7 if _WEEK.search(written) else 1))


def _few_days(match: re.Match[str], today: date) -> date | None:
    written = match["few"]
    return _away(written, -1 if written.startswith("前") else 1, today)


def _weekday_zh(match: re.Match[str], today: date) -> date:
    written = match["week"]
    day = _WEEKDAYS[written[-1]]
    monday = today - timedelta(days=today.weekday())
    if written[0] in "上下这本":
        return monday + timedelta(days=day, weeks=_weeks_away(written))
    return today + timedelta(days=(day - today.weekday()) % 7)


def _whole_week(match: re.Match[str], today: date) -> date:
    weeks = _weeks_away(match["wholeweek"])
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)


def _weeks_away(written: str) -> int:
    return written.count("下") - written.count("上")


def _day_away(written: str) -> int:
    """Of 明后天 the two days are found one by one."""
    return _DAYS[written if written in _DAYS else written + "天"]


def _holiday_zh(match: re.Match[str], today: date) -> date | None:
    year, name = _year_written(match["holidayzh"], today)
    if name == "618" and _PRICED.search(match.string, max(0, match.start() - _LOOKED_BACK), match.start()):
        return None
    return holiday(name, year, today)


def _day_zh(match: re.Match[str], today: date) -> date | None:
    day = _numeral(match["dayofmonth"][:-1])
    return day_of_month(day, today, _is_gone(match)) if day else None


_RESOLVERS: dict[str, Resolver] = {
    "monthday": _month_and_day,
    "monthpart": _part_of_month,
    "wholemonth": _whole_month,
    "month": _month_zh,
    "ago": _some_days_away,
    "few": _few_days,
    "week": _weekday_zh,
    "wholeweek": _whole_week,
    "dayzh": lambda match, today: today + timedelta(days=_day_away(match["dayzh"])),
    "holidayzh": _holiday_zh,
    "dayofmonth": _day_zh,
}
