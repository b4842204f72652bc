"""Countries, their regions and cities, and what is part of what: Belfast is in Northern Ireland, that in the UK."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nlu.datafiles import read_table

_CHINA = Path(__file__).parents[1] / "products" / "places.tsv"
_ABROAD = "abroad"
_ABROAD_NAMES = (
    "abroad", "overseas", "internationally", "worldwide", "other countries", "foreign countries", "国外", "海外",
    "境外", "其他国家", "外国", "全球",
)  # fmt: skip
"""What every country is part of, for whoever is in another."""
_MOST_WORDS = 5
_MOST_CHARACTERS = 12
_MOST_LETTERS = 60
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Named:
    """A place that a text names."""

    areas: frozenset[str]
    """What it may be: several places are called Perth."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Table:
    within: Mapping[str, tuple[str, ...]]
    """Of each area those that it is directly part of."""
    called: Mapping[str, frozenset[str]]
    """By its name, folded: what it may be."""


@lru_cache(1)
def _table() -> _Table:
    within: dict[str, tuple[str, ...]] = {_ABROAD: ()}
    called: dict[str, set[str]] = {folded(name): {_ABROAD} for name in _ABROAD_NAMES}
    for row in read_table(Path(__file__).with_name("areas.tsv"), ["area", "names"]):
        within[row["area"]] = tuple(row["within"].split()) or (_ABROAD,)
        for name in row["names"].split("|"):
            called.setdefault(folded(name), set()).add(row["area"])
    for row in read_table(_CHINA, ["region"]):
        apart = called.get(folded(row["names"].split("|")[0]), set()) & within.keys()
        if apart:
            continue  # it stands in the table of countries
        region, *cities = (f"cn-{row['region']}", *row["names"].split("|"))
        within[region] = ("cn",)
        for name in cities:
            called.setdefault(folded(name), set()).add(region)
    return _Table(within, {name: frozenset(areas) for name, areas in called.items()})


def folded(name: str) -> str:
    """A name in small letters and without accents, a character for each."""
    return "".join(unicodedata.normalize("NFKD", one.casefold())[:1] or one for one in name)


@lru_cache(_REMEMBERED)
def named(text: str) -> tuple[Named, ...]:
    """The places that a text names, in its order; of names that hold each other the longest."""
    table, seen = _table(), folded(text)
    found: list[Named] = []
    at = 0
    while at < len(seen):
        longest = next((end for end in _ends(seen, at) if seen[at:end] in table.called), 0)
        if longest:
            found.append(Named(table.called[seen[at:longest]], at, longest))
        at = longest or at + 1
    return tuple(found)


def _ends(text: str, start: int) -> Iterator[int]:
    """Where a name that begins at a character may end, the longest first: Latin ones are whole words."""
    if not text[start].isascii():
        yield from range(min(len(text), start + _MOST_CHARACTERS), start + 1, -1)
        return
    if not text[start].isalpha() or (start and text[start - 1].isascii() and text[start - 1].isalnum()):
        return
    ends: list[int] = []
    at, end = start, min(len(text), start + _MOST_LETTERS)
    while len(ends) < _MOST_WORDS and at < end:
        while at < end and text[at].isascii() and (text[at].isalnum() or text[at] in "'-"):
            at += 1
        if at == end < len(text):
            break  # longer than any name
        ends.append(at)
        if at >= len(text) or text[at] != " ":
            break
        at += 1
    yield from reversed(ends)


def around(areas: frozenset[str]) -> dict[str, int]:
    """What these places may be part of, and how far out each is; they themselves are 0."""
    steps = dict.fromkeys(areas, 0)
    wave, out = set(areas), 0
    while wave:
        out += 1
        wave = {larger for area in wave for larger in _table().within.get(area, ())} - steps.keys()
        steps |= dict.fromkeys(wave, out)
    return steps


def nearness(text: str, areas: frozenset[str]) -> int | None:
    """How near a text comes to a place: 0 where it names it, 1 where it names what that is directly part of, or a part
    of it, and so on; None where it names other places alone, or none."""
    outwards = around(areas)
    return min(
        (
            step
            for one in named(text)
            for area in one.areas
            for step in (outwards.get(area), *_inwards(area, areas))
            if step is not None
        ),
        default=None,
    )


def _inwards(area: str, areas: frozenset[str]) -> Iterator[int]:
    """How far within these places an area lies; nothing where it doesn't."""
    steps = around(frozenset({area}))
    yield from (steps[one] for one in areas if one in steps)
