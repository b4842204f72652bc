"""How money, days and times are written for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.money import decimals

_SYMBOLS = {
    "CNY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "JPY": "JP¥",
    "TWD": "NT$",
    "KRW": "₩",
}
_WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def called(name: str) -> str:
    """How a customer is spoken to: the first name where it is a Western one, else the whole."""
    return name.partition(" ")[0] if name.isascii() else name


def money(minor: int, currency: str) -> str:
    """An amount of minor units, such as `¥128.00`; a currency without a sign of its own keeps its code."""
    precision = decimals(currency)
    sign = "-" if minor < 0 else ""
    amount = f"{abs(minor) / 10**precision:,.{precision}f}"
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{amount}" if symbol else f"{sign}{currency} {amount}"


def share_off(percent: float, language: str) -> str:
    """A share that is taken off: `15%`, and in Chinese what is left to pay in tenths, `8.5折`."""
    return f"{(100 - percent) / 10:g}折" if language == "zh" else f"{percent:g}%"


@lru_cache(maxsize=256)
def zone(name: str | None, default: str) -> ZoneInfo:
    """The time zone of that name, or the default where it is unknown."""
    for candidate in (name, default):
        if candidate:
            try:
                return ZoneInfo(candidate)
            except (ZoneInfoNotFoundError, ValueError):
                continue
    return ZoneInfo("UTC")


def day(moment: datetime, language: str, where: ZoneInfo) -> str:
    """`11月26日 周四` or `Thu 26 Nov`, at the reader's place."""
    return _day(moment.astimezone(where).date(), language)


def moment(at: datetime, language: str, where: ZoneInfo) -> str:
    """A day with its time of day: `11月26日 周四 14:05` or `Thu 26 Nov, 14:05`."""
    local = at.astimezone(where)
    separator = " " if language == "zh" else ", "
    return f"{_day(local.date(), language)}{separator}{local:%H:%M}"


def duration(length: timedelta, language: str) -> str:
    """`5 分钟` or `5 minutes`, in whole hours where it is some: right in every time zone."""
    minutes = round(length.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    count, unit = (hours, "hour") if hours and not rest else (minutes, "minute")
    if language == "zh":
        return f"{count} {'小时' if unit == 'hour' else '分钟'}"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def near_day(at: datetime, language: str, where: ZoneInfo, now: datetime) -> str:
    """Like `day`, with today and tomorrow by name."""
    local, today = at.astimezone(where).date(), now.astimezone(where).date()
    words: Mapping[timedelta, str] = (
        {timedelta(0): "今天", timedelta(days=1): "明天"}
        if language == "zh"
        else {timedelta(0): "today", timedelta(days=1): "tomorrow"}
    )
    name = words.get(local - today)
    written = _day(local, language)
    if name is None:
        return written
    return f"{name}（{written}）" if language == "zh" else f"{name} ({written})"


def last_day(at: datetime, language: str, where: ZoneInfo, now: datetime) -> str:
    """Until when something holds, in short: its day, `Thu 3 Dec`, or today's hour, `18:05 today`."""
    local = at.astimezone(where)
    if local.date() != now.astimezone(where).date():
        return _day(local.date(), language)
    return f"今天{local:%H:%M}" if language == "zh" else f"{local:%H:%M} today"


def near_moment(at: datetime, language: str, where: ZoneInfo, now: datetime) -> str:
    """Like `near_day`, with the time of day: `明天（11月27日 周五）9:00` or `9:00 tomorrow (Fri 27 Nov)`."""
    named, local = near_day(at, language, where, now), at.astimezone(where)
    clock = f"{local.hour}:{local.minute:02}"
    return f"{named}{clock}" if language == "zh" else f"{clock} {named}"


def _day(local: date, language: str) -> str:
    weekday = _WEEKDAYS[language][local.weekday()]
    if language == "zh":
        return f"{local.month}月{local.day}日 {weekday}"
    return f"{weekday} {local.day} {_MONTHS[local.month - 1]}"
