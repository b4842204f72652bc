"""Dates, absolute and relative, in the customer's own time zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from nlu.entities.numbers import chinese_number
from nlu.entities.spans import Span
from nlu.types import EntityKind

_DAYS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今晚": 0, "今早": 0,
    "明天": 1,
    "明日": 1, "明早": 1, "明晚": 1, "明儿": 1, "今儿": 0, "昨儿": -1, "后天": 2, "大后天": 3,
    "day before yesterday": -2, "yesterday": -1, "last night": -1, "today": 0, "tonight": 0, "this morning": 0,
    "this evening": 0, "this afternoon": 0, "day after tomorrow": 2, "tomorrow": 1, "tmrw": 1, "tmr": 1, "2moro": 1,
    "tomoro": 1, "tommorow": 1, "tomorow": 1,
}  # fmt: skip
_WEEKDAYS = {
    **{c: i for i, c in enumerate("一二三四五六")}, "日": 6, "天": 6, "末": 5,
    "mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
_MONTHS = {
    m: i + 1
    for i, m in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
}
_FEASTS = {
    "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "618": (6, 18), "元旦": (1, 1), "国庆节": (10, 1),
    "国庆": (10, 1),
    "圣诞节": (12, 25), "圣诞": (12, 25), "情人节": (2, 14), "christmas eve": (12, 24), "christmas": (12, 25),
    "xmas": (12, 25), "new year's eve": (12, 31), "valentine's day": (2, 14), "halloween": (10, 31),
}  # fmt: skip
_NUMERAL = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
_WEEKDAY_EN = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTH_EN = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_NUMBER_EN = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
}
_COUNT_EN = rf"(?:\d{{1,3}}|{'|'.join(_NUMBER_EN)})"


def _alternatives(words: dict[str, object] | dict[str, int] | dict[str, tuple[int, int]]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_PATTERN = re.compile(
    rf"""(?P<iso>(?<!\d)(?:19|20)\d\d[-/.年]\d{{1,2}}[-/.月]\d{{1,2}}(?!\d)[日号]?)
    | (?P<monthday>(?<!\d)(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月
      (?:[0-3]?\d(?!\d)|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])[日号]?)
    | (?P<ago>{_NUMERAL}\s?(?:天|日|周|个?星期|个?礼拜|个月)(?:之?后|以后|之?前|以前|内|之内|以内))
    | (?P<week>(?:下下个?|下个?|上个?|这个?|本)?(?:周|星期|礼拜)[一二三四五六日天末])
    | (?P<wholeweek>(?:下下个?|下个?|上个?)(?:周|星期|礼拜)(?![一二三四五六日天末]))
    | (?P<dayzh>{"|".join(w for w in sorted(_DAYS, key=len, reverse=True) if not w.isascii())})
    | (?P<feast>(?<![\d\w])(?:{_alternatives(_FEASTS)})(?![\d元块]))
    | (?P<dayofmonth>(?<![\d一二三四五六七八九十])(?:[12]\d|3[01]|[1-9])[号日](?![楼线院店门码机]|\d))
    | \b(?P<dayen>(?:the\s)?(?:{"|".join(re.escape(w) for w in sorted(_DAYS, key=len, reverse=True) if w.isascii())}))\b
    | \b(?P<weekday>(?:(?P<which>next|this|last|coming|on|by|before|until|till|past)\s(?:the\s)?)?
      (?P<name>{_WEEKDAY_EN}))\b(?!\w)
    | \b(?P<span>in\s{_COUNT_EN}\s(?:days?|weeks?|months?)(?:'s?\stime)?|{_COUNT_EN}\s(?:days?|weeks?|months?)\sago)\b
    | \b(?P<weeken>(?:next|last)\sweek)\b
    | \b(?P<named>{_MONTH_EN}\.?\s(?:the\s)?\d{{1,2}}(?:st|nd|rd|th)?(?!\d|:)
      |\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH_EN})\b
    | (?<![\w/.])(?P<slashed>\d{{1,2}}/\d{{1,2}}(?:/(?:20)?\d\d)?)(?![\w/])
    | \b(?P<ordinal>(?:the\s)(?:[12]?\d|3[01])(?:st|nd|rd|th))\b""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def dates(text: str, today: date) -> Iterator[Span]:
    """Dates; the value is ISO. A stretch (下周, "in two weeks") is named by the day on which it begins or ends."""
    for match in _PATTERN.finditer(text):
        for group, resolve in _RESOLVERS.items():
            if match[group]:
                resolved = _safely(resolve, match, today)
                if resolved is not None:
                    yield Span(EntityKind.DATE, *match.span(group), resolved.isoformat(), 0.95)
                break


Resolver = Callable[[re.Match[str], date], date | None]


def _safely(resolve: Resolver, match: re.Match[str], today: date) -> date | None:
    try:
        return resolve(match, today)
    except (ValueError, OverflowError):
        return None  # 31 February, or a year that the calendar lacks


def _numeral(text: str) -> int | None:
    return int(text) if text.isdigit() else chinese_number(text)


def _upcoming(month: int, day: int, today: date) -> date:
    """That day of the year which lies nearest to today."""
    candidates = [date(year, month, day) for year in (today.year - 1, today.year, today.year + 1)]
    return min(candidates, key=lambda candidate: abs((candidate - today).days))


def _iso(match: re.Match[str], today: date) -> date:
    year, month, day = (int(part) for part in re.findall(r"\d+", match["iso"]))
    return date(year, month, day)


def _month_and_day(match: re.Match[str], today: date) -> date | None:
    month, day = (_numeral(part) for part in re.split("月", match["monthday"].rstrip("日号"))[:2])
    return _upcoming(month, day, today) if month and day else None


def _some_days_away(match: re.Match[str], today: date) -> date | None:
    written = match["ago"]
    count = _numeral(re.match(_NUMERAL, written)[0])  # type: ignore[index]
    if count is None:
        return None
    size = 30 if "月" in written else 7 if re.search("周|星期|礼拜", written) else 1
    return today + timedelta(days=count * size * (-1 if written.endswith("前") else 1))


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


def _weekday_en(match: re.Match[str], today: date) -> date | None:
    if match["name"].lower() in {"sat", "sun", "mon", "wed"} and not match["which"]:
        return None  # "sat in the van", "sun cream"
    day = _WEEKDAYS[match["name"][:3].lower()]
    ahead = (day - today.weekday()) % 7
    which = (match["which"] or "").lower()
    if which == "next":
        return today - timedelta(days=today.weekday()) + timedelta(days=7 + day)
    if which in {"last", "past"}:
        return today - timedelta(days=(today.weekday() - day) % 7 or 7)
    return today + timedelta(days=ahead)


def _span_en(match: re.Match[str], today: date) -> date:
    words = match["span"].lower().split()
    written = words[1] if words[0] == "in" else words[0]
    count = int(written) if written.isdigit() else _NUMBER_EN[written]
    unit = next(word for word in words if word.startswith(("day", "week", "month")))
    size = 7 if unit.startswith("week") else 30 if unit.startswith("month") else 1
    return today + timedelta(days=count * size * (-1 if words[-1] == "ago" else 1))


def _week_en(match: re.Match[str], today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(weeks=1 if match["weeken"].lower().startswith("next") else -1)


def _named(match: re.Match[str], today: date) -> date | None:
    month = re.search(_MONTH_EN, match["named"], re.IGNORECASE)
    day = re.search(r"\d{1,2}", match["named"])
    return _upcoming(_MONTHS[month[0][:3].lower()], int(day[0]), today) if month and day else None


def _slashed(match: re.Match[str], today: date) -> date | None:
    parts = [int(part) for part in match["slashed"].split("/")]
    month, day = parts[:2] if parts[0] <= 12 else (parts[1], parts[0])
    if len(parts) == 3:
        return date(parts[2] if parts[2] > 99 else 2000 + parts[2], month, day)
    return _upcoming(month, day, today)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    day = int(re.search(r"\d+", match["dayofmonth"] or match["ordinal"])[0])  # type: ignore[index]
    this = date(today.year, today.month, 1)
    following = (this + timedelta(days=32)).replace(day=1)
    return this.replace(day=day) if day >= today.day else following.replace(day=day)


_RESOLVERS: dict[str, Resolver] = {
    "iso": _iso,
    "monthday": _month_and_day,
    "ago": _some_days_away,
    "week": _weekday_zh,
    "wholeweek": _whole_week,
    "dayzh": lambda match, today: today + timedelta(days=_DAYS[match["dayzh"]]),
    "feast": lambda match, today: _upcoming(*_FEASTS[match["feast"].lower()], today),
    "dayofmonth": _day_of_month,
    "dayen": lambda match, today: today + timedelta(days=_DAYS[match["dayen"].lower().removeprefix("the ")]),
    "weekday": _weekday_en,
    "span": _span_en,
    "weeken": _week_en,
    "named": _named,
    "slashed": _slashed,
    "ordinal": _day_of_month,
}
