"""`liuke retention rate` and `cohorts`: who comes back, when, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention.commands import options, sources
from retention.commands.output import (
    check_picture,
    check_suffix,
    fail,
    tell_notes,
    working,
    write_table,
)
from retention.commands.rate_tables import (
    cell_columns,
    curve_columns,
    print_cells,
    print_curves,
    print_rates,
    rate_columns,
)

if TYPE_CHECKING:
    from retention.rates import Activity, Rate, Unit
    from retention.rates.activity import Ints
    from retention.types import EventKind

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


class RateKind(StrEnum):
    """As `retention.rates.Kind`."""

    WITHIN = "within"
    CLASSIC = "classic"
    ROLLING = "rolling"
    BRACKET = "bracket"


class What(StrEnum):
    """What counts as coming back."""

    PURCHASE = "purchase"
    ANY = "any"


class UnitOption(StrEnum):
    """As `retention.rates.Unit`."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


Activities = Annotated[
    What, typer.Option("--activity", help="`purchase`, or `any` thing that a customer does in the shop.")
]
Table = Annotated[Path | None, typer.Option("--out", help="Write the table there too: .csv or .parquet.")]


def rate(
    context: typer.Context,
    events: sources.OwnEvents = None,
    columns: options.Columns = None,
    at: options.At = None,
    kind: Annotated[
        RateKind,
        typer.Option(
            help="`within`: of those active in a period, who is active in the next. `classic`: who is active in "
            "the n-th period after their first day; `rolling`: in the n-th or later; `bracket`: on days 1-7, "
            "8-30, 31-90, 91-180, 181-365 after it."
        ),
    ] = RateKind.WITHIN,
    period: Annotated[str, typer.Option(help="Its length: 7d, 4w, 30d.")] = "30d",
    by: By = None,
    activity: Activities = What.PURCHASE,
    out_file: Table = None,
) -> None:
    """The share of customers who come back within a period, with 95 % intervals."""
    from retention.rates import Kind, rates

    if out_file is not None:
        check_suffix(out_file)
    length = options.days(period, "--period") or 30
    if by == RFM:
        found = _by_segment(context, events, columns, at, kind, length, activity)
    else:
        seen = _activity(context, events, columns, at, by, activity)
        found = rates(seen, Kind(kind.value), period=length)
    if not found:
        fail(f"the log covers too few days for a rate over {length} days: name a shorter --period")
    if out_file is not None:
        write_table(rate_columns(found), out_file)
    print_rates(_latest(found) if by == RFM else found)


def _by_segment(
    context: typer.Context,
    events: Path | None,
    columns: str | None,
    at: str | None,
    kind: RateKind,
    length: int,
    what: What,
) -> list[Rate]:
    from retention.commands.progress import progress_bar
    from retention.rates.activity import Activity
    from retention.rates.segments import rates_by_segment

    if kind is not RateKind.WITHIN:
        fail(f"--by {RFM} goes with --kind within: segments are drawn anew on the eve of each period")
    source = sources.opened(context, events, columns, options.moment(at))
    history = source.checked().history
    seen = Activity.of(history.events, source.at, kinds=_kinds(what))
    if not seen.customers:
        fail(NOBODY)
    with progress_bar() as progress:
        return rates_by_segment(
            history, seen, period=length, progress=lambda share: progress("drawing segments", share)
        )


def _latest(found: Sequence[Rate]) -> list[Rate]:
    """The rates of the newest period."""
    newest = max(found, key=lambda one: str(one.start)).start
    return [one for one in found if one.start == newest]


def cohorts(
    context: typer.Context,
    events: sources.OwnEvents = None,
    columns: options.Columns = None,
    at: options.At = None,
    unit: Annotated[UnitOption, typer.Option(help="The calendar's period.")] = UnitOption.MONTH,
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
    from retention.rates import Ending, Unit, survival
    from retention.rates import cohorts as tabulate

    for path in (out_file, survival_file):
        if path is not None:
            check_suffix(path)
    if picture is not None:
        check_picture(picture)
    silence = options.days(lapse, "--lapse")
    period = Unit(unit.value)
    if by == RFM:
        seen, since = _landmarked(context, events, columns, at, activity, period)
        origin = f"the end of the first {period.value}"
    else:
        seen, since = _activity(context, events, columns, at, by, activity), None
        origin = "the first purchase" if activity is What.PURCHASE else "the first day"
    silence = silence or seen.usual_silence()
    cells = tabulate(seen, period)
    curves = survival(seen, Ending.LAPSE, lapse=silence, since=since)
    returns = survival(seen, Ending.RETURN, since=since)
    if out_file is not None:
        write_table(cell_columns(cells), out_file)
    if survival_file is not None:
        write_table(curve_columns(curves, returns), survival_file)
    if picture is not None:
        from retention.evaluation import pictures

        with working("drawing"):
            pictures.save(pictures.cohort_page(cells, curves, silence, unit.value, origin), picture)
    print_cells(cells)
    print_curves(curves, returns, silence, origin)


def _landmarked(
    context: typer.Context,
    events: Path | None,
    columns: str | None,
    at: str | None,
    what: What,
    unit: Unit,
) -> tuple[Activity, Ints]:
    from retention.commands.progress import progress_bar
    from retention.rates.activity import Activity
    from retention.rates.landmarks import by_first_period

    source = sources.opened(context, events, columns, options.moment(at))
    checked = source.checked()
    seen = Activity.of(checked.history.events, source.at, kinds=_kinds(what))
    if not seen.customers:
        fail(NOBODY)
    with progress_bar() as progress:
        found, since = by_first_period(
            checked, seen, unit, progress=lambda share: progress("drawing segments", share)
        )
    if not found.customers:
        fail(
            f"nobody's first {unit.value} is over, so nobody has a segment as of its end: name a shorter --unit"
        )
    early = seen.customers - found.customers
    tell_notes(
        [
            f"a customer's segment is that of the end of the first {unit.value}, and stays so",
            *([f"{early} customers left out, whose first {unit.value} is not over"] if early else []),
        ]
    )
    return found, since


def _activity(
    context: typer.Context,
    events: Path | None,
    columns: str | None,
    at: str | None,
    by: str | None,
    what: What,
) -> Activity:
    from retention.rates.activity import Activity

    source = sources.opened(context, events, columns, options.moment(at), by)
    seen = Activity.of(source.history.events, source.at, kinds=_kinds(what), by=source.groups)
    if not seen.customers:
        fail(NOBODY)
    if len(seen.groups) > 50:
        fail(f"--by {by} has {len(seen.groups)} values, which makes no table: choose a column with fewer")
    return seen


def _kinds(what: What) -> frozenset[EventKind]:
    from retention.rates.activity import BOUGHT, CAME

    return BOUGHT if what is What.PURCHASE else CAME
