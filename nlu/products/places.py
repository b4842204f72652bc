"""Places to which goods are sent: a region of China is known by its cities, too."""

from __future__ import annotations

import re
from pathlib import Path

from nlu.datafiles import read_table
from nlu.products.lexicon import field, pattern

_TOWARDS = r"(?:(?<!made )(?<!grown )(?<!produced )\b(?:to|in|near)\s|(?:(?<![买吃喝找看收用])到|[至往去寄发在住])\s?)"
"""What stands before a place that something is sent to: a tea may be called by the place that it is from."""
_REGIONS = {
    row["region"]: tuple(row["names"].split("|"))
    for row in read_table(Path(__file__).with_name("places.tsv"), ["region"])
}
PROVINCES = frozenset(_REGIONS) - {
    "taiwan", "hong-kong", "macau", "england", "scotland", "highlands", "wales", "northern-ireland", "ireland",
}  # fmt: skip
"""Regions to which a Chinese shop sends as to other provinces."""
_NAMES = {pattern(name): region for region, names in _REGIONS.items() for name in names}
_CALLED = "|".join(
    rf"{re.escape(name)}\b" if name.isascii() else name for of in _REGIONS.values() for name in of
)
_SENT_TO = re.compile(rf"{_TOWARDS}(?P<place>(?:(?:{_CALLED})[省市]?[,，\s]{{0,2}})+)", re.IGNORECASE)


def named(text: str) -> str:
    """The longest name of a place in a text, as it is written in the table; empty where there is none."""
    seen = field(text)
    found = [name for names in _REGIONS.values() for name in names if pattern(name) in seen]
    return max(found, key=len, default="")


def sent_to(text: str) -> str:
    """What a text calls the place that something is to be sent to; empty where it says none."""
    found = _SENT_TO.search(text)
    return found["place"] if found is not None else ""


def region(text: str) -> str:
    """The region of the place that a text names; empty where it names none that is known."""
    place = named(text)
    return next((region for region, names in _REGIONS.items() if place in names), "") if place else ""


def names(region_: str) -> tuple[str, ...]:
    """What a region and its cities are called."""
    return _REGIONS.get(region_, ())


def speaks_of(text: str, region_: str) -> bool:
    """Whether a text names a region or one of its cities; Northern Ireland is no Ireland."""
    seen, found = field(text), set[str]()
    for name, region in sorted(_NAMES.items(), key=lambda pair: -len(pair[0])):
        if name in seen:
            found.add(region)
            seen = seen.replace(name, " ")
    return region_ in found
