"""`liuke prices forecast` and `elasticity`: any table of products over periods in; how much will be sold, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kernel.console import failing, print_table, progress_bar, working
from retention.commands import options
from retention.commands.files import check_path, print_notes, write_table

if TYPE_CHECKING:
    from retention.pricing.demand.elasticity import Elasticity
    from retention.pricing.demand.forecast import Forecasts
    from retention.pricing.demand.reading import PanelFile

PanelPath = Annotated[
    Path,
    typer.Option("--panel", help="A table, .csv (also .tsv, .gz) or .parquet: a row a product and period."),
]
PanelColumns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        help="Which column is what: product=…,time=…,quantity=…,price=… and any of promotion, category, stock_out, "
        "views, carts, wishes. Without it, columns are known by their names.",
    ),
]
Target = Annotated[Path, typer.Option("--out", help="The table to write: .csv or .parquet.")]
Shown = Annotated[int, typer.Option("--n", min=1, help="How many products to show.")]


def forecast(
    panel: PanelPath,
    target: Target,
    columns: PanelColumns = None,
    test_periods: Annotated[
        int, typer.Option("--test-periods", min=1, help="How many of the last periods to forecast.")
    ] = 1,
    seed: options.Seed = 0,
) -> None:
    """Forecast the last periods of a table one step ahead: `product, time, forecast, lower, upper`.

    Each step knows what came before it, and the period's own price and promotion; 90 % of what is sold shall lie
    between `lower` and `upper`. For the period to come, add its rows with their prices and leave their quantities
    empty.
    """
    from retention.pricing.demand.forecast import forecast as forecast_panel

    check_path(target)
    read = _read(panel, columns)
    with failing(), progress_bar() as progress:
        found = forecast_panel(read.panel, test_periods, seed=seed, progress=progress)
    write_table(_rows(read, found), target)
    _tell(found, test_periods)


def elasticity(
    panel: PanelPath,
    columns: PanelColumns = None,
    target: Annotated[Path | None, typer.Option("--out", help="All of it: .csv or .parquet.")] = None,
    shown: Shown = 20,
) -> None:
    """By how many per cent demand changes for one per cent of price, by product and category, with 90 % intervals."""
    from retention.pricing.demand.elasticity import elasticities

    check_path(target)
    read = _read(panel, columns)
    with failing(), working("estimating"):
        found = elasticities(read.panel, read.categories)
    every = [found.overall, *(found.categories if len(found.categories) > 1 else ()), *found.products]
    if target is not None:
        write_table(
            {
                "name": [one.name for one in every],
                "elasticity": [one.value for one in every],
                "low": [one.low for one in every],
                "high": [one.high for one in every],
                "price_changes": [one.changes for one in every],
                "warning": [one.warning for one in every],
            },
            target,
        )
    heads = len(every) - len(found.products)
    print_table(
        "Elasticities",
        ("of", "elasticity", "90 %", "price changes", ""),
        [_row(one) for one in every[: heads + shown]],
    )


def _row(one: Elasticity) -> tuple[str, ...]:
    warned = "the price hardly moved" if one.warning else ""
    return one.name, f"{one.value:.2f}", f"{one.low:.2f} … {one.high:.2f}", f"{one.changes}", warned


def _read(path: Path, columns: str | None) -> PanelFile:
    from retention.logs.columns import Columns
    from retention.pricing.demand.reading import ROLES, read_panel

    with failing(), working(f"reading {path.name}"):
        read = read_panel(path, Columns.parse(columns, ROLES))
    print_notes(read.notes)
    return read


def _rows(read: PanelFile, found: Forecasts) -> Any:
    """A row for each row of the table in the last periods; ids and times as the table has them."""
    import numpy as np
    import pyarrow as pa

    panel = read.panel
    products, periods = np.nonzero(panel.rows[:, found.first :])
    table = pa.table(
        {
            "product": [panel.products[one] for one in products],
            "time": [panel.times[found.first + one] for one in periods],
            "forecast": found.point[products, periods],
            "lower": found.lower[products, periods],
            "upper": found.upper[products, periods],
        }
    )
    for place, kind in enumerate((read.product_type, read.time_type)):
        try:
            column = table.column(place).cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
        table = table.set_column(place, table.column_names[place], column)
    return table


def _tell(found: Forecasts, periods: int) -> None:
    parts = ", ".join(f"{weight:.0%} {name}" for name, weight in found.weights.items() if weight)
    season = f"seasons of {found.chosen.cycle} periods" if found.chosen.cycle else "no seasons"
    print_notes([f"{periods} periods forecast by {parts}; {season}; chosen on the periods before them"])
    print_table(
        "On the periods before (wMAPE)",
        ("model", "error"),
        [(name, f"{score:.4f}") for name, score in found.scores.items()],
    )
