"""A product's size table, as a shop writes it into an attribute, and the size for somebody's measures.

`S: height 155–165, weight 45–55; M: height 165–172, weight 55–65; between: larger`, or in Chinese
`S：身高155–165，体重45–55；M：身高165–172，体重55–65；两码之间：大一码`. Centimetres and kilograms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nlu.products.bodies import MEASURES, WORN
from storage.catalogue import Attributes, Product, label_and_value

NAMES = frozenset(
    {"size table", "size_table", "size chart", "sizing table", "尺码表", "尺码对照表", "尺寸表"}
)
"""What shops call the attribute, folded."""
_ROWS = re.compile(r"[;；\n]+")
_CELLS = re.compile(r"[,，、]+")
_CELL = re.compile(r"(?<![\d.])(?P<low>\d{1,3}(?:\.\d)?)(?:\s?[–—~～至到-]\s?(?P<high>\d{1,3}(?:\.\d)?))?")
_BETWEEN = re.compile(r"between|之间", re.IGNORECASE)
_LARGER = re.compile(r"larger|bigger|up|大", re.IGNORECASE)
_SMALLER = re.compile(r"smaller|down|小", re.IGNORECASE)
_NUMBER = re.compile(r"\d{2}")

Rule = Literal["larger", "smaller", ""]


@dataclass(frozen=True, slots=True)
class Row:
    """A size, and from what to what each measure is for it."""

    size: str
    spans: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Table:
    """Sizes from small to large."""

    rows: tuple[Row, ...]
    rule: Rule = ""
    """Which to take between two sizes, where the table says it."""
    text: str = ""
    """As the shop writes it."""

    @property
    def measures(self) -> tuple[str, ...]:
        """What it goes by, in the order of `MEASURES`."""
        return tuple(name for name in MEASURES if any(name in row.spans for row in self.rows))

    def fitting(self, measures: Mapping[str, float]) -> Fit:
        """The size for somebody's measures, as far as the table goes by them."""
        worn = measures.get(WORN)
        if worn is not None and not set(measures) & set(self.measures):
            same = tuple(row for row in self.rows if f"{worn:g}" in _NUMBER.findall(row.size))
            return Fit(same[:1], (WORN,), beyond=not same)
        used = tuple(name for name in self.measures if name in measures)
        places = [self._places(name, measures[name]) for name in used]
        if not places or any(place is None for place in places):
            return Fit((), used, beyond=bool(places))
        known = [place for place in places if place]
        common = set.intersection(*map(set, known))
        among = sorted(common) or sorted({one for place in known for one in place})
        ends = (among[0], among[-1]) if len(among) > 1 else (among[0],)
        return Fit(tuple(self.rows[place] for place in ends), used, rule=self.rule)

    def _places(self, name: str, value: float) -> tuple[int, ...] | None:
        """Places of the sizes that a measure is in, or of the two between which it is; None: it is beyond all."""
        spans = [(place, row.spans[name]) for place, row in enumerate(self.rows) if name in row.spans]
        within = tuple(place for place, (low, high) in spans if low <= value <= high)
        below = [place for place, (_, high) in spans if high < value]
        above = [place for place, (low, _) in spans if low > value]
        if within:
            return within
        return (max(below), min(above)) if below and above else None


@dataclass(frozen=True, slots=True)
class Fit:
    """What a size table says for some measures."""

    rows: tuple[Row, ...]
    """One: it is that; two: between them; none: beyond the table, or nothing to go by."""
    used: tuple[str, ...]
    """The measures that it was found by."""
    beyond: bool = False
    rule: Rule = ""


def is_table(key: str, faces: Mapping[str, Sequence[str]]) -> bool:
    """Whether an attribute is a size table."""
    names = {key.casefold(), *(str(pair[0]).casefold() for pair in faces.values() if pair)}
    return bool(names & NAMES)


def without_table(told: Attributes) -> dict[str, Mapping[str, Sequence[str]]]:
    """Attributes but for a size table: its words are none of what goods are like."""
    return {key: faces for key, faces in told.items() if not is_table(key, faces)}


def table_of(product: Product, language: str) -> Table | None:
    """The size table of a product; None where it has none that can be read."""
    for key, faces in product.facts.items():
        shown = label_and_value(faces, language) if is_table(key, faces) else None
        table = _read(shown[1]) if shown is not None else None
        if table is not None:
            return table
    return None


@lru_cache(256)
def _read(text: str) -> Table | None:
    rows = list[Row]()
    rule: Rule = ""
    for part in _ROWS.split(text):
        size, colon, cells = part.strip().replace("：", ":").partition(":")
        if _BETWEEN.search(size):
            rule = "larger" if _LARGER.search(cells) else "smaller" if _SMALLER.search(cells) else ""
        elif colon and size.strip() and (spans := _spans(cells)):
            rows.append(Row(size.strip(), spans))
    return Table(tuple(rows), rule, text) if rows else None


def _spans(cells: str) -> dict[str, tuple[float, float]]:
    found = {}
    for cell in _CELLS.split(cells):
        match = _CELL.search(cell.strip())
        called = cell.strip()[: match.start()].strip(" :：").casefold() if match is not None else ""
        name = next((name for name, words in MEASURES.items() if called in words), None)
        if match is not None and name is not None:
            low = float(match["low"])
            found[name] = (low, max(low, float(match["high"] or low)))
    return found
