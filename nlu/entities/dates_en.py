"""Dates in English."""

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
    holidays_around,
    in_order,
    last_of_month,
    months_on,
    nearest,
    resolved,
    same_day,
)
from nlu.entities.numerals import english_number
from nlu.entities.spans import Span

_DAYS = {
    "day before yesterday": -2, "yesterday": -1, "last night": -1, "today": 0, "tonight": 0, "this morning": 0,
    "this evening": 0, "this afternoon": 0, "day after tomorrow": 2, "tomorrow": 1, "tmrw": 1, "tmr": 1, "2moro": 1,
    "tomoro": 1, "tommorow": 1, "tomorow": 1,
}  # fmt: skip
_WEEKDAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_MONTHS = {
    m: i + 1
    for i, m in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
}
_WEEKDAY_EN = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTH_EN = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_COUNT_EN = (
    r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|fifteen|twenty|thirty"
    r"|(?:a\s)?couple\sof)"
)
_NUMBER_OF = rf"(?:{_COUNT_EN}\s|\d{{1,3}})"
_STRETCH_EN = rf"(?:{_NUMBER_OF}(?:days?|weeks?|fortnights?|months?))"
_AWAY_EN = rf"(?:{_NUMBER_OF}(?:days?|weeks?|fortnights?|months?|years?)|half\sa\syear)"
_HOLIDAYS = alternatives(name for name in HOLIDAYS if name.isascii() and not name.isdigit()).replace(
    "'", "['’]"
)
# "2 may be broken" and "march 10 miles" name no day, nor does "the 2nd one".
_NO_MAY = r"(?!\s(?:be|have|not|need|also|only|well|still|never|just|get|go|come|take|want|cost|arrive|look|seem)\b)"
_NO_COUNTED = (
    r"(?!\s(?:miles?|km|people|persons|items|pieces|pairs|boxes|days|weeks|hours|minutes|times|more|of)\b)"
)
_NO_RANK = (
    r"(?!\s(?:times?|ones?|items?|orders?|pairs?|parcels?|packages?|box(?:es)?|deliver(?:y|ies)|attempts?|e-?mails?"
    r"|messages?|calls?|days?|weeks?|months?|years?|floor|products?|pictures?|photos?|sets?|half|part|options?|persons?"
    r"|agents?|part(?:y|ies)|place|hand|class|shipments?|refunds?|returns?|replacements?|bottles?|complaints?|customers?"
    r"|generation|edition|anniversary|series|link|size|colou?r)\b)"
)
_PATTERN = re.compile(
    rf"""\b(?<!\w)(?:(?P<holidayen>(?:(?:last|this|next)\s)?(?:{_HOLIDAYS}))\b
    | (?P<dayen>(?:the\s)?(?:{alternatives(_DAYS)}))\b
    | (?P<weekend>(?:(?:this|next|last|past|the|coming)\s){{1,2}}weekend)\b
    | (?P<weekday>(?:(?P<which>next|this|last|coming|on|by|before|until|till|past)\s(?:the\s)?)?
      (?P<name>{_WEEKDAY_EN}))\b(?!\w)
    | (?P<span>(?:within|in)\s(?:the\s(?:next|coming|last|past)\s)?{_STRETCH_EN}(?:'s?\stime)?
      |{_AWAY_EN}\s(?:ago|later|from\s(?:now|today)))\b
    | (?P<weeken>(?:next|last)\sweek)\b
    | (?P<named>(?:the\s)?\d{{1,2}}(?:st|nd|rd|th)?[\s-](?:of\s)?{_MONTH_EN}\b{_NO_MAY}(?:,?[\s-]20\d\d\b)?
      |{_MONTH_EN}(?:\.?\s|-)(?:the\s)?\d{{1,2}}(?:st|nd|rd|th)?(?!\d|:){_NO_COUNTED}(?:,?[\s-]20\d\d\b)?)(?!\w)
    | (?P<monthend>(?:the\s)?(?P<edge>end|start|beginning)\sof\s(?:(?P<edgemonth>{_MONTH_EN})
      |(?P<edgeaway>the|this|next|last)\s(?P<edgeof>month|year)))\b
    | (?P<monthen>(?:next|last)\smonth|month[\s-]end)\b
    | (?P<ordinal>the\s(?:[12]?\d|3[01])(?:st|nd|rd|th)(?:\sof\s(?P<of>this|next|last)\smonth)?)\b{_NO_RANK})""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)

# What every date holds a piece of; most messages hold none, and looking for these takes a fifth of the pattern's time.
_PIECES = frozenset((*_WEEKDAYS, *_MONTHS, "day", "night", "week", "month", "year")) | {
    name for name in (*_DAYS, *HOLIDAYS) if "day" not in name and name.isascii()
}
_MONTH = re.compile(_MONTH_EN, re.IGNORECASE)
_YEAR_LAST = re.compile(r"20\d\d$")
_DAY_OF_MONTH = re.compile(r"\d{1,2}")
_COUNTED = re.compile(rf"\b({_COUNT_EN})\s?(day|week|fortnight|month|year)")
_GONE_BY = re.compile(r"\b(?:last|past)\s")
_ORDINAL = re.compile(r"\d(?:st|nd|rd|th)", re.IGNORECASE)

_BARE_WEEKDAY = re.compile(rf"(?:(?:till|until)\s)?{_WEEKDAY_EN}", re.IGNORECASE)
_DONE = r"(?:ordered|bought|paid|placed|received|arrived|purchased|got|delivered|charged)"
# "I get paid on the 28th" and "can what I ordered come on the 28th" look ahead.
_LOOKED_BACK = 60
_GONE_BEFORE = re.compile(
    rf"""(?:(?<!\bbe\s)(?<!\bget\s)\b{_DONE}
      (?:\s(?!(?:come|arrive|deliver\w*|be|will|can|could|should|get|need|have|and|but|by|before)\b)[\w'’\#-]+){{0,5}}
      |\bsince)\s$""",
    re.VERBOSE | re.IGNORECASE,
)
_GONE_AFTER = re.compile(rf",?\s(?:(?:is|was)\swhen\s)?(?:I|we)(?:\shave|['’]ve)?\s{_DONE}\b", re.IGNORECASE)

# "It hasn't moved in nine days" tells of days gone by.
_NOT_SO = re.compile(
    r"\b(?:hasn'?t|haven'?t|hadn'?t|didn'?t|not|nothing|never|no)\b[^.!?,]{0,30}$", re.IGNORECASE
)


def english_dates(text: str, today: date) -> Iterator[Span]:
    """Dates written in English."""
    if may_hold_a_date(text):
        found = (span for match in _PATTERN.finditer(text) for span in resolved(match, today, _RESOLVERS))
        yield from in_order(found, text, _BARE_WEEKDAY)


def may_hold_a_date(text: str) -> bool:
    """Whether a text holds a piece that every date written in English has one of."""
    lowered = text.lower()
    return any(piece in lowered for piece in _PIECES) or _ORDINAL.search(text) is not None


def _is_gone(match: re.Match[str]) -> bool:
    """Whether something was ordered, paid or received on that day."""
    text, start, end = match.string, match.start(), match.end()
    return bool(
        _GONE_AFTER.match(text, end) or _GONE_BEFORE.search(text, max(0, start - _LOOKED_BACK), start)
    )


def _holiday_en(match: re.Match[str], today: date) -> date | None:
    """ "Last Christmas" is the latest one gone by, "next Easter" the first to come."""
    written = match["holidayen"].lower().replace("’", "'")
    which, _, name = written.partition(" ")
    if which not in YEARS_AWAY:
        return holiday(written, None, today)
    days = holidays_around(name, today)
    if which == "last":
        return max((day for day in days if day < today), default=None)
    return min((day for day in days if day >= today), default=None)


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


def _weekend(match: re.Match[str], today: date) -> date:
    """The Saturday of a weekend."""
    written = match["weekend"].lower()
    weeks = 1 if "next" in written else -1 if "last" in written or "past" in written else 0
    return today - timedelta(days=today.weekday()) + timedelta(days=5 + 7 * weeks)


def _span_en(match: re.Match[str], today: date) -> date | None:
    words = match["span"].lower()
    if words.startswith("half"):
        return same_day(today, -6 if words.endswith("ago") else 6)
    found = _COUNTED.search(words)
    if not found:
        return None
    written = "two" if "couple" in found[1] else found[1]
    count = int(written) if written.isdigit() else english_number(written)
    if count is None:
        return None
    if words.startswith("in ") and _NOT_SO.search(
        match.string, max(0, match.start() - _LOOKED_BACK), match.start()
    ):
        return None
    count *= -1 if words.endswith("ago") or _GONE_BY.search(words) else 1
    if found[2] in {"month", "year"}:
        return same_day(today, count * (12 if found[2] == "year" else 1))
    return today + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[found[2]])


def _week_en(match: re.Match[str], today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(weeks=1 if match["weeken"].lower().startswith("next") else -1)


def _month_en(match: re.Match[str], today: date) -> date:
    written = match["monthen"].lower()
    if written.endswith("end"):
        return last_of_month(today)
    return months_on(today, MONTHS_AWAY[written.split()[0]])


def _edge_of_month(match: re.Match[str], today: date) -> date | None:
    """ "End of next month", "the beginning of March", "end of the year"."""
    at_end = match["edge"].lower() == "end"
    if match["edgemonth"]:
        first = nearest(_MONTHS[match["edgemonth"][:3].lower()], 1, today)
    elif match["edgeof"].lower() == "year":
        year = today.year + YEARS_AWAY.get(match["edgeaway"].lower(), 0)
        return date(year, 12, 31) if at_end else date(year, 1, 1)
    else:
        first = months_on(today, MONTHS_AWAY.get(match["edgeaway"].lower(), 0))
    return last_of_month(first) if first and at_end else first


def _named(match: re.Match[str], today: date) -> date | None:
    written = match["named"]
    month = _MONTH.search(written)
    year = _YEAR_LAST.search(written)
    day = _DAY_OF_MONTH.search(written)
    if not month or not day:
        return None
    number = _MONTHS[month[0][:3].lower()]
    return (
        date(int(year[0]), number, int(day[0]))
        if year
        else nearest(number, int(day[0]), today, _is_gone(match))
    )


def _ordinal(match: re.Match[str], today: date) -> date | None:
    day = _DAY_OF_MONTH.search(match["ordinal"])
    if not day:
        return None
    if match["of"]:
        return months_on(today, MONTHS_AWAY[match["of"].lower()]).replace(day=int(day[0]))
    return day_of_month(int(day[0]), today, _is_gone(match))


_RESOLVERS: dict[str, Resolver] = {
    "holidayen": _holiday_en,
    "dayen": lambda match, today: today + timedelta(days=_DAYS[match["dayen"].lower().removeprefix("the ")]),
    "weekend": _weekend,
    "weekday": _weekday_en,
    "span": _span_en,
    "weeken": _week_en,
    "named": _named,
    "monthend": _edge_of_month,
    "monthen": _month_en,
    "ordinal": _ordinal,
}
