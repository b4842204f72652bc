"""`liuke retention rate` and `cohorts`: who comes back, when, and for how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kernel.console import fail, out, print_table, progress_bar, working
from retention.choices import Kind, Unit
from retention.commands import options
from retention.commands.files import (
    CHARTS,
    OwnEvents,
    Source,
    check_path,
    open_source,
    print_notes,
    write_table,
)

if TYPE_CHECKING:
    from kernel.arrays import Ints
    from retention.rates import Activity, Cell, Curve, Rate

RFM = "rfm"
NOBODY = "nobody has bought anything in the time that is asked about"

_BY = (
    "A row of the result for each value of this column (of a customer's first row): any column of the log; of the "
    "own store `channel`, `language` or `tier`. "
)
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        help=_BY
        + "`rfm`: for each segment, drawn anew on the eve of each period, the share of all its customers "
        "who come in it.",
    ),
]
ByOfCohorts = Annotated[
    str | None,
    typer.Option(
        "--by",
        help=_BY
        + "`rfm`: the segment in which a customer was at the end of the period of the first purchase, as "
        "`segments --at` gives it; it stays the same, and survival counts from there. Who came in a period that is "
        "not over is left out.",
    ),
]


class What(StrEnum):
    """What counts as coming back."""

    PURCHASE = "purchase"
    ANY = "any"


Activities = Annotated[
    What, typer.Option("--activity", help="`purchase`, or `any` thing that a customer does in the shop.")
]
Table = Annotated[Path | None, typer.Option("--out", help="Write the table there too: .csv or .parquet.")]


def rate(
    context: typer.Context,
    events: OwnEvents = None,
    columns: options.Columns = None,
    at: options.At = None,
    kind: Annotated[
        Kind,
        typer.Option(
            help="`within`: of those active in a period, who is active in the next. `classic`: who is active in "
            "the n-th period after their first day; `rolling`: in the n-th or later; `bracket`: on days 1-7, "
            "8-30, 31-90, 91-180, 181-365 after it."
        ),
    ] = Kind.WITHIN,
    period: Annotated[str, typer.Option(help="Its length: 7d, 4w, 30d.")] = "30d",
    by: By = None,
    activity: Activities = What.PURCHASE,
    out_file: Table = None,
) -> None:
    """The share of customers who come back within a period, with 95 % intervals."""
    from retention.rates import rates
    from retention.rates.segments import rates_by_segment

    check_path(out_file)
    length = options.days(period, "--period") or 30
    if by == RFM and kind is not Kind.WITHIN:
        fail(f"--by {RFM} goes with --kind within: segments are drawn anew on the eve of each period")
    source = open_source(context, events, columns, options.moment(at), None if by == RFM else by)
    seen = _activity(source, activity, by)
    if by == RFM:
        with progress_bar() as progress:
            found = rates_by_segment(
                source.checked().history,
                seen,
                period=length,
                progress=lambda share: progress("drawing segments", share),
            )
    else:
        found = rates(seen, kind, period=length)
    if not found:
        fail(f"the log covers too few days for a rate over {length} days: name a shorter --period")
    if out_file is not None:
        write_table(as_table([one.row for one in found]), out_file)
    print_rates(_latest(found) if by == RFM else found)


def _latest(found: Sequence[Rate]) -> list[Rate]:
    """The rates of the newest period."""
    newest = max(found, key=lambda one: str(one.start)).start
    return [one for one in found if one.start == newest]


def cohorts(
    context: typer.Context,
    events: OwnEvents = None,
    columns: options.Columns = None,
    at: options.At = None,
    unit: Annotated[Unit, typer.Option(help="The calendar's period.")] = Unit.MONTH,
    by: ByOfCohorts = None,
    activity: Activities = What.PURCHASE,
    lapse: Annotated[
        str | None,
        typer.Option(
            help="So much silence ends a customer in the survival curve; the shop's own gaps decide."
        ),
    ] = None,
    out_file: Table = None,
    survival_file: Annotated[
        Path | None, typer.Option("--survival", help="Write the survival curve there: .csv or .parquet.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw table and curve there: .png or .svg.")
    ] = None,
) -> None:
    """Who came when and was active in each period after it, and how long customers stay (Kaplan-Meier)."""
    from retention.rates import Ending, survival
    from retention.rates import cohorts as tabulate

    check_path(out_file)
    check_path(survival_file)
    check_path(picture, CHARTS)
    silence = options.days(lapse, "--lapse")
    source = open_source(context, events, columns, options.moment(at), None if by == RFM else by)
    seen, since = _activity(source, activity, by), None
    if by == RFM:
        seen, since = _landmarked(source, seen, unit)
        origin = f"the end of the first {unit.value}"
    else:
        origin = "the first purchase" if activity is What.PURCHASE else "the first day"
    silence = silence or seen.usual_silence()
    cells = tabulate(seen, unit)
    curves = survival(seen, Ending.LAPSE, lapse=silence, since=since)
    returns = survival(seen, Ending.RETURN, since=since)
    if out_file is not None:
        write_table(as_table([one.row for one in cells]), out_file)
    if survival_file is not None:
        write_table(curve_columns(curves, returns), survival_file)
    if picture is not None:
        from retention.workshop import charts

        with working("drawing"):
            charts.save(charts.cohort_page(cells, curves, silence, unit.value, origin), picture)
    print_cells(cells)
    print_curves(curves, returns, silence, origin)


def _landmarked(source: Source, seen: Activity, unit: Unit) -> tuple[Activity, Ints]:
    """Those whose first period is over, by their segment at its end; and the last day of it."""
    from retention.rates.segments import by_first_period

    with progress_bar() as progress:
        found, since = by_first_period(
            source.checked(), seen, unit, progress=lambda share: progress("drawing segments", share)
        )
    if not found.customers:
        fail(
            f"nobody's first {unit.value} is over, so nobody has a segment as of its end: name a shorter --unit"
        )
    early = seen.customers - found.customers
    print_notes(
        [
            f"a customer's segment is that of the end of the first {unit.value}, and stays so",
            *([f"{early} customers left out, whose first {unit.value} is not over"] if early else []),
        ]
    )
    return found, since


def _activity(source: Source, what: What, by: str | None) -> Activity:
    """Who came when. Segments are drawn from checked rows, so they are compared with those."""
    from retention.rates.activity import BOUGHT, CAME, Activity

    events = source.checked().history.events if by == RFM else source.history.events
    kinds = BOUGHT if what is What.PURCHASE else CAME
    seen = Activity.of(events, source.at, kinds=kinds, by=source.groups)
    if not seen.customers:
        fail(NOBODY)
    if len(seen.groups) > 50:
        fail(f"--by {by} has {len(seen.groups)} values, which makes no table: choose a column with fewer")
    return seen


# --- tables -----------------------------------------------------------------------------------------------


def as_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows of the same columns as a table; without its groups where there are none."""
    table = {name: [row[name] for row in rows] for name in rows[0]}
    if all(one is None for one in table["group"]):
        del table["group"]
    return table


def curve_columns(lapses: Sequence[Curve], returns: Sequence[Curve]) -> dict[str, list[Any]]:
    """The steps of both kinds of curves."""
    from retention.rates.survival import STEPS

    curves = [("lapse", one) for one in lapses] + [("return", one) for one in returns]
    rows = [{"group": None, "ending": ending, **row} for ending, curve in curves for row in curve.rows]
    return as_table(rows) if rows else {name: [] for name in ("ending", *STEPS)}


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
    print_table("Active n periods later (+: the period is not over)", head, shown, unbroken=len(head))


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
    print_table(f"Not yet lapsed (silent for {silence} days); days since {origin}", head, rows, unbroken=1)
    print_notes(
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
