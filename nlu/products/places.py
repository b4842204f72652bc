"""Places to which goods are sent: a region of China is known by its cities, too."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from nlu.datafiles import read_table
from nlu.products.lexicon import field, pattern


def named(text: str) -> str:
    """What a text calls the first place that it names, as it is written in the table; empty where it names none."""
    seen = field(text)
    found = [name for names in _regions().values() for name in names if pattern(name) in seen]
    return max(found, key=len, default="")


def region(text: str) -> str:
    """The region of the place that a text names; empty where it names none that is known."""
    place = named(text)
    return next((region for region, names in _regions().items() if place in names), "") if place else ""


def names(region_: str) -> tuple[str, ...]:
    """What a region and its cities are called."""
    return _regions().get(region_, ())


def speaks_of(text: str, region_: str) -> bool:
    """Whether a text names a region or one of its cities."""
    seen = field(text)
    return any(pattern(name) in seen for name in names(region_))


@cache
def _regions() -> dict[str, tuple[str, ...]]:
    rows = read_table(Path(__file__).with_name("places.tsv"), ["region"])
    return {row["region"]: tuple(row["names"].split("|")) for row in rows}
