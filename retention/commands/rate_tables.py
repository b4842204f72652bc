"""Rates, cohorts and survival curves as tables: for files, and for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from retention.commands.output import out, print_table, tell_notes

if TYPE_CHECKING:
    from retention.rates import Cell, Curve, Rate


def rate_columns(found: Sequence[Rate]) -> dict[str, list[Any]]:
    """Dates of `within` as ISO text, days since the first of the others as numbers."""

    def told_as(value: int | date) -> int | str:
        return value.isoformat() if isinstance(value, date) else value

    return {
        **_groups([one.group for one in found]),
        "kind": [one.kind.value for one in found],
        "start": [told_as(one.start) for one in found],
        "end": [told_as(one.end) for one in found],
        "customers": [one.customers for one in found],
        "returned": [one.returned for one in found],
        "rate": [one.rate for one in found],
        "low": [one.interval[0] for one in found],
        "high": [one.interval[1] for one in found],
    }


def cell_columns(cells: Sequence[Cell]) -> dict[str, list[Any]]:
    return {
        **_groups([one.group for one in cells]),
        "cohort": [one.cohort for one in cells],
        "period": [one.period for one in cells],
        "customers": [one.customers for one in cells],
        "active": [one.active for one in cells],
        "rate": [one.rate for one in cells],
        "low": [one.interval[0] for one in cells],
        "high": [one.interval[1] for one in cells],
        "complete": [one.complete for one in cells],
    }


def curve_columns(lapses: Sequence[Curve], returns: Sequence[Curve]) -> dict[str, list[Any]]:
    curves = [("lapse", one) for one in lapses] + [("return", one) for one in returns]
    whole: dict[str, list[Any]] = defaultdict(list)
    for ending, curve in curves:
        steps = len(curve.day)
        whole["group"] += [curve.group] * steps
        whole["ending"] += [ending] * steps
        for name in ("day", "at_risk", "ended", "share", "low", "high"):
            whole[name] += getattr(curve, name).tolist()
    if all(one is None for one in whole["group"]):
        del whole["group"]
    return dict(whole)


def _groups(groups: list[str | None]) -> dict[str, list[Any]]:
    return {} if all(one is None for one in groups) else {"group": groups}


def print_rates(found: Sequence[Rate]) -> None:
    dated = isinstance(found[0].start, date)
    grouped = found[0].group is not None
    head = [
        *(["group"] if grouped else []),
        "back between" if dated else "back on days",
        "of",
        "back",
        "rate",
    ]
    rows = []
    for one in found:
        low, high = one.interval
        share = f"{one.rate:.1%} ({low:.1%} to {high:.1%})" if one.rate is not None else "–"
        span = f"{one.start} and {one.end}" if dated else f"{one.start} to {one.end}"
        rows.append([*([one.group] if grouped else []), span, one.customers, one.returned, share])
    print_table(f"Retention rate, {found[0].kind.value}", head, rows)


def print_cells(cells: Sequence[Cell]) -> None:
    rows: dict[tuple[str | None, str], dict[int, Cell]] = defaultdict(dict)
    for cell in cells:
        rows[(cell.group, cell.cohort)][cell.period] = cell
    grouped = cells[0].group is not None
    fitting = (out.width - (44 if grouped else 28)) // 7
    periods = range(1, min(max(cell.period for cell in cells), max(fitting, 3)) + 1)
    shown = []
    for (group, cohort), line in rows.items():
        shares = [_share(line.get(period)) for period in periods]
        shown.append([*([group] if grouped else []), cohort, line[0].customers, *shares])
    head = [*(["group"] if grouped else []), "came in", "customers", *map(str, periods)]
    print_table("Active n periods later (+: the period is not over)", head, shown, wrap=False)


def _share(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return f"{cell.rate:.0%}" if cell.complete else f"{cell.rate:.0%}+"


def print_curves(
    lapses: Sequence[Curve], returns: Sequence[Curve], silence: int, origin: str = "the first purchase"
) -> None:
    """Both curves of each group, with 95 % intervals; days count from `origin`."""
    days = [silence * times for times in (1, 2, 3, 4)]
    rows = []
    for stayed, came in zip(lapses, returns, strict=True):
        half = f"day {stayed.median}" if stayed.median is not None else "not reached"
        back = f"day {came.median}" if came.median is not None else "not reached"
        shares = [_stayed(stayed, day) for day in days]
        rows.append([stayed.group or "all", stayed.customers, *shares, half, back])
    head = ["of", "customers", *(f"day {day}" for day in days), "half have lapsed", "half are back"]
    print_table(f"Not yet lapsed (silent for {silence} days); days since {origin}", head, rows, whole=1)
    tell_notes(
        [
            "the survival curve counts a lapse on the day it is certain; who is not silent for so long is still watched"
        ]
    )


def _stayed(curve: Curve, day: int) -> str:
    """Nothing is said of days to which nobody was watched."""
    if day > curve.longest:
        return "–"
    low, high = curve.interval_at(day)
    return f"{curve.at(day):.0%} ({low:.0%} to {high:.0%})"
