"""Which of a customer's orders the days and months of a message tell apart."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.conversation.skills import order_asked
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import Turn
from nlu.types import Entity, EntityKind
from storage.orders import Order, Parcel

_WEEK = ("周", "星期", "礼拜", "week")
_MONTH = ("月", "month", *(name.casefold() for name in calendar.month_name if name))
_MONTHS = tuple(name.casefold() for name in calendar.month_name if name)
_MONTH_SIGNS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_A_MONTH = re.compile(
    rf"(?P<number>(?<!\d)(?:1[0-2]|[1-9]))\s?月(?!\s?\d)|(?P<sign>十[一二]?|[一二三四五六七八九])月(?![一二三十])"
    rf"|\b(?P<name>{'|'.join(name for name in _MONTHS if name not in ('may', 'march'))}"
    r"|(?<=\b(?:in|of) )(?:may|march)|(?<=\b(?:from|last) )(?:may|march))\b(?!\s?\d)",
    re.IGNORECASE,
)
_YEAR, _HALF_A_YEAR = 12, 7
_NIGHT = ("晚", "夜", "night")
_SMALL_HOURS = timedelta(hours=5)
_BARE_DAY = re.compile(r"\d{1,2}\s?[号日]|(?:the )?\d{1,2}(?:st|nd|rd|th)", re.IGNORECASE)
"""A day of a month that is not named."""
_WEEKDAYS = (*_WEEK, *(name.casefold() for name in calendar.day_name))
_LATELY = re.compile(
    r"(?:最近|近|过去|\b(?:last|past))\s?"
    r"(?P<count>\d{1,3}|[一二两三四五六七八九十半]|two|three|four|five|six|twelve)\s?个?"
    r"(?P<unit>天|日|周|星期|礼拜|月|年|days?\b|weeks?\b|months?\b|years?\b)"
    r"|(?P<this>今年|这个月|本月|这周|本周|今早|今天早上|今天上午|\bthis (?:year|month|week|morning(?:'?s)?)\b)",
    re.IGNORECASE,
)
_COUNTS = {
    **{sign: place for place, sign in enumerate("一二三四五六七八九十", start=1)}, "两": 2, "半": 1, "two": 2,
    "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12,
}  # fmt: skip
_DAYS = {"天": 1, "日": 1, "d": 1, "周": 7, "星": 7, "礼": 7, "w": 7, "月": 30, "m": 30, "年": 365, "y": 365}


def by_day(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those placed, else delivered, in a time that has begun before today."""
    today = turn.now.astimezone(turn.zone).date()
    entity = turn.understanding.first(EntityKind.DATE) if turn.understanding is not None else None
    just = lately(turn.text, today)
    said = [just, _past(turn.text, entity, today), _month_called(turn.text, today)]
    begun = [one for one in said if one is not None and (one[0] < today or one == just)]
    if not begun:
        return []
    first, last = min(begun, key=lambda one: one[1] - one[0])  # "March this year" is March

    night = any(sign in turn.text.casefold() for sign in _NIGHT)

    def within(at: datetime | None) -> bool:
        # A night ends in the small hours of the next day.
        at = at and at.astimezone(turn.zone)
        return at is not None and (
            first <= at.date() <= last or (night and first <= (at - _SMALL_HOURS).date() <= last)
        )

    placed = [order for order in orders if within(order.placed_at)]
    return placed or [order for order in orders if any(within(box.delivered_at) for box in order.sent)]


def is_due_as_said(turn: Turn, box: Parcel) -> bool:
    """Whether a parcel that has not come is due on a day of the message, or brought today where it says today."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    days = [one for one in entities if one.kind is EntityKind.DATE]
    if box.status == "delivered":
        return False
    today = turn.now.astimezone(turn.zone).date()
    due = box.estimated_at and box.estimated_at.astimezone(turn.zone).date()
    for day in days:
        first, last = span(day)
        if first == last == today and box.status == "out_for_delivery":
            return True
        bare = _BARE_DAY.fullmatch(day.text.strip()) is not None
        if due is not None and (first <= due <= last or (bare and due.day == first.day)):
            return True
    return False


def _past(text: str, entity: Entity | None, today: date) -> tuple[date, date] | None:
    """The time that a text names; a coming day of the week is the last one where an order of that day is meant."""
    if entity is None:
        return None
    first, last = span(entity)
    if first > today and order_asked.of_the_past(text) and _BARE_DAY.fullmatch(entity.text.strip()):
        month = today if first.day <= today.day else today.replace(day=1) - timedelta(days=1)
        return (month.replace(day=first.day),) * 2 if first.day <= month.day else None
    weekday = any(name in entity.text.casefold() for name in _WEEKDAYS)
    back = timedelta(days=7 if weekday and order_asked.of_the_past(text) else 0)
    return (first - back, last - back) if first > today else (first, last)


def _month_called(text: str, today: date) -> tuple[date, date] | None:
    """The last month of the name that a text has, unless it asks whether something comes in a month to come."""
    found = _A_MONTH.search(text)
    if found is None:
        return None
    said = found["number"] or found["sign"]
    month = (
        _MONTHS.index(found["name"].casefold()) + 1
        if found["name"]
        else int(said)
        if said.isdecimal()
        else _MONTH_SIGNS.index(said) + 1
    )
    comes = Fact.ARRIVAL in order_asked.asked_in(text) and not order_asked.of_the_past(text)
    if comes and (today.month - month) % _YEAR not in range(1, _HALF_A_YEAR):
        return None
    year = today.year - (month > today.month)
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def lately(text: str, today: date) -> tuple[date, date] | None:
    """From when to today, where a text speaks of the last so many days, or of this morning, week, month
    or year."""
    found = _LATELY.search(text)
    if found is None:
        return None
    if found["this"]:
        said = found["this"].casefold()
        if said.endswith(("年", "year")):
            return today.replace(month=1, day=1), today
        if said.endswith(_WEEK):
            return today - timedelta(days=today.weekday()), today
        return (today.replace(day=1) if said.endswith(_MONTH) else today), today
    count = int(found["count"]) if found["count"].isdecimal() else _COUNTS[found["count"].casefold()]
    return today - timedelta(days=count * _DAYS[found["unit"][0].casefold()]), today


def span(entity: Entity) -> tuple[date, date]:
    """The first and the last day of a time that is named by its first."""
    first = date.fromisoformat(entity.value)
    said = entity.text.casefold()
    if first.weekday() == 0 and said.endswith(_WEEK):
        return first, first + timedelta(days=6)
    if first.day == 1 and any(month in said for month in _MONTH) and not _has_day(said):
        return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return first, first


def _has_day(said: str) -> bool:
    """Whether a day of a month is said, such as 8月1日 or 1 August."""
    return any(sign in said for sign in "日号底末") or (
        said.isascii() and any(sign.isdigit() for sign in said)
    )
