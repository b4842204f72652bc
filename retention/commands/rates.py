"""`liuke retention rate` and `cohorts`: who comes back, when, and for how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention.commands import options
from retention.commands.output import (
    check_picture,
    check_suffix,
    fail,
    open_log,
    out,
    print_table,
    tell_notes,
    told,
    working,
    write_table,
)

if TYPE_CHECKING:
    from retention.history import History
    from retention.rates import Activity, Cell, Curve, Rate

Shop = Callable[[datetime | None], tuple["History", datetime]]
"""Where the program that mounts the app finds its own shop's history, as of a moment or of now."""

OwnEvents = Annotated[
    Path | None,
    typer.Option("--events", help="The shop's log, .csv or .parquet; without it, this shop's own store."),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        help="A row of the result for each value of this column (of a customer's first row): any column of the "
        "log; of the own store `channel`, `language` or `tier`.",
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
    events: OwnEvents = None,
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
    seen = _activity(context, events, columns, at, by, activity)
    found = rates(seen, Kind(kind.value), period=length)
    if not found:
        fail(f"the log covers too few days for a rate over {length} days: name a shorter --period")
    if out_file is not None:
        write_table(_rate_columns(found), out_file)
    _print_rates(found)


def cohorts(
    context: typer.Context,
    events: OwnEvents = None,
    columns: options.Columns = None,
    at: options.At = None,
    unit: Annotated[UnitOption, typer.Option(help="The calendar's period.")] = UnitOption.MONTH,
    by: By = None,
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
    seen = _activity(context, events, columns, at, by, activity)
    silence = silence or seen.usual_silence()
    cells = tabulate(seen, Unit(unit.value))
    curves = survival(seen, Ending.LAPSE, lapse=silence)
    returns = survival(seen, Ending.RETURN)
    if out_file is not None:
        write_table(_cell_columns(cells), out_file)
    if survival_file is not None:
        write_table(_curve_columns(curves, returns), survival_file)
    if picture is not None:
        from retention.evaluation import pictures

        with working("drawing"):
            pictures.save(pictures.cohort_page(cells, curves, silence, unit.value), picture)
    _print_cells(cells)
    _print_curves(curves, returns, silence)


def _activity(
    context: typer.Context,
    events: Path | None,
    columns: str | None,
    at: str | None,
    by: str | None,
    what: What,
) -> Activity:
    from retention.rates.activity import BOUGHT, CAME, Activity

    moment = options.moment(at)
    if events is not None:
        log = open_log(events, columns, moment, by=by)
        rows, end, groups = log.history.events, log.at, log.by
    else:
        history, end = _own_shop(context.obj, moment)
        rows, groups = history.events, _own_groups(history, by)
    with told():
        seen = Activity.of(rows, end, kinds=BOUGHT if what is What.PURCHASE else CAME, by=groups)
    if not seen.customers:
        fail("nobody has bought anything in the time that is asked about")
    if len(seen.groups) > 50:
        fail(f"--by {by} has {len(seen.groups)} values, which makes no table: choose a column with fewer")
    return seen


def _own_shop(shop: Shop | None, moment: datetime | None) -> tuple[History, datetime]:
    if shop is None:
        fail("name the shop's log with --events FILE")
    return shop(moment)


def _own_groups(history: History, by: str | None) -> Any:
    import pyarrow.compute as pc

    if by is None:
        return None
    if by == "channel":
        return history.events.column("channel")
    if by in ("language", "tier"):
        people = history.customers
        place = pc.index_in(
            history.events.column("customer"), value_set=people.column("customer").combine_chunks()
        )
        return people.column(by).take(place)
    return fail(f"--by {by!r}: the own store can be grouped by channel, language or tier")


# --- tables -------------------------------------------------------------------------------------------------


def _rate_columns(found: Sequence[Rate]) -> dict[str, list[Any]]:
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


def _cell_columns(cells: Sequence[Cell]) -> dict[str, list[Any]]:
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


def _curve_columns(lapses: Sequence[Curve], returns: Sequence[Curve]) -> dict[str, list[Any]]:
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


def _print_rates(found: Sequence[Rate]) -> None:
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


def _print_cells(cells: Sequence[Cell]) -> None:
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


def _print_curves(lapses: Sequence[Curve], returns: Sequence[Curve], silence: int) -> None:
    days = [silence * times for times in (1, 2, 3, 4)]
    rows = []
    for stayed, came in zip(lapses, returns, strict=True):
        half = f"day {stayed.median}" if stayed.median is not None else "not reached"
        back = f"day {came.median}" if came.median is not None else "not reached"
        rows.append([stayed.group or "all", *(f"{stayed.at(day):.0%}" for day in days), half, back])
    head = ["customers", *(f"day {day}" for day in days), "half have lapsed", "half are back"]
    print_table(f"Not yet lapsed (silent for {silence} days)", head, rows)
    tell_notes(
        [
            "the survival curve counts a lapse on the day it is certain; who is not silent for so long is still watched"
        ]
    )
