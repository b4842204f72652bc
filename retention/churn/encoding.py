"""Any table of a contract business as numbers: what is a number, what is a kind, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kernel.arrays import Bools, Floats, Ints

Texts = Sequence[str | None]

NUMBER_SHARE = 0.95
"""A column of which so many values are numbers is one of numbers; the rest is missing."""
FEW_VALUES = 3
"""Numbers with fewer different values than this are kinds."""
KNOTS = 4
"""Bends of the piecewise linear curve that the regression may draw through a column of numbers."""
MOST_LEVELS = 30
LEAST_OF_A_LEVEL = 10
ID_SHARE = 0.5
"""Text with more different values than this share of the rows is a name, and says nothing of others."""
NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How one column of the table becomes numbers."""

    name: str
    median: float | None = None
    """Of a column of numbers; stands in for what is missing."""
    knots: tuple[float, ...] = ()
    missing: bool = False
    """Whether anything was missing, which is then a column of its own."""
    levels: tuple[str, ...] = ()
    """Of a column of kinds; the empty text is what is missing."""

    @property
    def width(self) -> int:
        """Columns that it becomes."""
        return len(self.levels) if self.median is None else 1 + len(self.knots) + self.missing

    def encode(self, values: Texts) -> Floats:
        """Shape (rows, width); finite whatever comes in. A kind that was not there in the fit is none of them."""
        if self.median is None:
            given = np.array([_kind(one) for one in values], dtype=object)
            return np.stack([given == level for level in self.levels], axis=1).astype(np.float64)
        numbers = _numbers(values)
        absent = ~np.isfinite(numbers)
        filled = np.where(absent, self.median, numbers)
        bent = [np.maximum(filled - knot, 0.0) for knot in self.knots]
        return np.stack([filled, *bent, *([absent.astype(np.float64)] if self.missing else [])], axis=1)

    def native(self, values: Texts) -> Floats:
        """As trees take it, shape (rows,): the number, or the kind's place among the levels; NaN for all else."""
        if self.median is not None:
            return _numbers(values)
        places = {level: float(place) for place, level in enumerate(self.levels)}
        return np.array([places.get(_kind(one), np.nan) for one in values], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """The columns that are used, in the order of the table."""

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, table: Mapping[str, Texts]) -> tuple[Encoder, list[str]]:
        """Learn the columns of a table, and say which are left out and why."""
        found, notes = [], []
        for name, values in table.items():
            column = _learn(name, values)
            if isinstance(column, str):
                notes.append(f"the column {name!r} is left out: {column}")
            else:
                found.append(column)
        return cls(columns=tuple(found)), notes

    @property
    def owners(self) -> Ints:
        """The place in `columns` that each encoded column comes from."""
        return np.repeat(np.arange(len(self.columns)), [one.width for one in self.columns])

    def encode(self, table: Mapping[str, Texts], rows: int) -> Floats:
        """Shape (rows, encoded columns).

        Raises:
            KeyError: the table lacks a column.
        """
        parts = [one.encode(table[one.name]) for one in self.columns]
        return np.concatenate(parts, axis=1) if parts else np.zeros((rows, 0))

    @property
    def kinds(self) -> Bools:
        """Which of `columns` are of kinds, shape (columns,)."""
        return np.array([one.median is None for one in self.columns], bool)

    def native(self, table: Mapping[str, Texts], rows: int) -> Floats:
        """As trees take it, a column each, shape (rows, columns).

        Raises:
            KeyError: the table lacks a column.
        """
        parts = [one.native(table[one.name]) for one in self.columns]
        return np.stack(parts, axis=1) if parts else np.zeros((rows, 0))


def _learn(name: str, values: Texts) -> Column | str:
    numbers, kinds = _numbers(values), [_kind(one) for one in values]
    given = np.isfinite(numbers)
    there = sum(kind != "" for kind in kinds)
    if not there:
        return "it is empty"
    distinct = np.unique(numbers[given])
    if given.sum() >= NUMBER_SHARE * there and len(distinct) >= FEW_VALUES:
        inner = np.quantile(numbers[given], np.linspace(0, 1, KNOTS + 2)[1:-1])
        knots = [float(one) for one in np.unique(inner) if distinct[0] < one < distinct[-1]]
        middle = float(np.median(numbers[given]))
        return Column(name=name, median=middle, knots=tuple(knots), missing=bool((~given).any()))
    names, counts = np.unique(np.array(kinds, dtype=str), return_counts=True)
    if len(names) > max(ID_SHARE * len(kinds), MOST_LEVELS):
        return "nearly every row has a text of its own there"
    frequent = sorted(zip((-counts).tolist(), names.tolist(), strict=True))[:MOST_LEVELS]
    levels = tuple(level for count, level in frequent if -count >= min(LEAST_OF_A_LEVEL, len(kinds)))
    if len(names) < 2 or not levels:
        return "it has the same value everywhere" if len(names) < 2 else "no value of it is frequent"
    return Column(name=name, levels=levels)


def _kind(value: str | None) -> str:
    text = (value or "").strip()
    return "" if text.casefold() in NOTHING else text


def _numbers(values: Texts) -> Floats:
    """Finite numbers, and NaN for everything else."""
    found = np.array([_number(one) for one in values], dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _number(value: str | None) -> float:
    try:
        return float((value or "nan").strip().replace(",", ""))
    except ValueError:
        return np.nan
