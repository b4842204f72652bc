"""Feasts and shopping days: fixed ones, those of the lunar calendar, and those that are the n-th weekday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

_FIXED = {
    "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12), "618": (6, 18), "元旦": (1, 1),
    "国庆节": (10, 1), "国庆": (10, 1), "劳动节": (5, 1), "五一": (5, 1), "儿童节": (6, 1), "六一": (6, 1),
    "妇女节": (3, 8), "教师节": (9, 10), "圣诞节": (12, 25), "圣诞": (12, 25), "平安夜": (12, 24),
    "情人节": (2, 14), "christmas eve": (12, 24), "christmas day": (12, 25), "christmas": (12, 25), "xmas": (12, 25),
    "boxing day": (12, 26), "new year's eve": (12, 31), "new year's day": (1, 1), "new year's": (1, 1),
    "valentine's day": (2, 14), "valentines": (2, 14), "halloween": (10, 31),
}  # fmt: skip
_LUNAR = {
    "春节": ("spring", 0), "过年": ("spring", 0), "大年初一": ("spring", 0), "除夕": ("spring", -1),
    "大年三十": ("spring", -1), "元宵节": ("spring", 14), "端午节": ("dragon boat", 0), "端午": ("dragon boat", 0),
    "七夕": ("seventh night", 0), "中秋节": ("mid-autumn", 0), "中秋": ("mid-autumn", 0),
    "重阳节": ("double ninth", 0), "chinese new year": ("spring", 0), "lunar new year": ("spring", 0),
    "spring festival": ("spring", 0), "mid-autumn festival": ("mid-autumn", 0),
    "dragon boat festival": ("dragon boat", 0),
}  # fmt: skip
# Month and day in the years from 2023 to 2036; compared with the PyPI package LunarCalendar 0.0.9.
_FIRST_YEAR = 2023
_LUNAR_DAYS = {
    "spring": "0122 0210 0129 0217 0206 0126 0213 0203 0123 0211 0131 0219 0208 0128",
    "dragon boat": "0622 0610 0531 0619 0609 0528 0616 0605 0624 0612 0601 0620 0610 0530",
    "seventh night": "0822 0810 0829 0819 0808 0826 0816 0805 0824 0812 0801 0820 0810 0828",
    "mid-autumn": "0929 0917 1006 0925 0915 1003 0922 0912 1001 0919 0908 0927 0916 1004",
    "double ninth": "1023 1011 1029 1018 1008 1026 1016 1005 1024 1012 1001 1020 1009 1027",
}


def _counted(year: int, month: int, weekday: int, nth: int) -> date:
    """The n-th Monday (0) to Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _thanksgiving(year: int) -> date:
    return _counted(year, 11, 3, 4)


def _mothers_day(year: int) -> date:
    return _counted(year, 5, 6, 2)


def _fathers_day(year: int) -> date:
    return _counted(year, 6, 6, 3)


_COUNTED: dict[str, Callable[[int], date]] = {
    "thanksgiving": _thanksgiving,
    "black friday": lambda year: _thanksgiving(year) + timedelta(days=1),
    "cyber monday": lambda year: _thanksgiving(year) + timedelta(days=4),
    **dict.fromkeys(("母亲节", "mother's day", "mothers day"), _mothers_day),
    **dict.fromkeys(("父亲节", "father's day", "fathers day"), _fathers_day),
}

NAMES = (*_FIXED, *_LUNAR, *_COUNTED)


def day_of(name: str, year: int) -> date | None:
    """The day of a feast in a year; None for a lunar one outside the years 2023 to 2036."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _COUNTED:
        return _COUNTED[name](year)
    table, offset = _LUNAR[name]
    days = _LUNAR_DAYS[table].split()
    if not 0 <= year - _FIRST_YEAR < len(days):
        return None
    written = days[year - _FIRST_YEAR]
    return date(year, int(written[:2]), int(written[2:])) + timedelta(days=offset)
