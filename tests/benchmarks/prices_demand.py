"""Forecasts of demand beside their peers, on real shops' weekly sales: `make bench-prices`.

Every model forecasts the last fifth of the periods one step ahead, knowing each period's own price. The peers are
fitted here, in the same run, and refitted every eight periods.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from retention.logs.columns import Columns
from retention.pricing.demand import boosting, features
from retention.pricing.demand.elasticity import elasticities
from retention.pricing.demand.features import FIRST
from retention.pricing.demand.forecast import Forecasts, forecast
from retention.pricing.demand.intervals import coverage
from retention.pricing.demand.panel import Grid, Panel, carried, mean_before, shifted
from retention.pricing.demand.reading import ROLES, PanelFile, read_panel
from retention.pricing.demand.rolling import error
from tests.benchmarks.report import machine, table, today, write_section
from tests.retention.pricing.panels import COUNTED, counted

SECTION = "prices_demand"
SHARE = 0.2
"""Of the periods, the last ones, that are forecast."""
REFIT = 8
DRAWS = 2_000
SEED = 0
DEARER = 1.1
BOOSTED = "boosting, untuned, monotone"
PLAIN = (features.PRICE_NOW, "price_to_4", "price_to_26", "last_change", "change_2", "change_3", "level", "season",
         "promotion_change")  # fmt: skip
"""What boosting sees where it is one's own: prices beside earlier ones, the last changes, level, week of the year."""
ORDER = 4
RULED = 0.5
"""Share of the units from which on one product rules a panel's error."""
HEAD = ["model", "wMAPE", "Liuke less it (95 %)"]
REST = ["of the rest", "Liuke less it (95 %)"]


@dataclass(frozen=True)
class Measured:
    """What one panel came to."""

    name: str
    panel: Panel
    errors: Mapping[str, float]
    differences: Mapping[str, tuple[float, float]]
    largest: tuple[str, float]
    """The product that sells most, and its share of the units."""
    without: Mapping[str, tuple[float, float, float]]
    """By model, without that product: its wMAPE, and the interval of Liuke's less it."""
    covered: float
    lower_when_dearer: float
    found: Forecasts
    seconds: float
    cpu: float


# --- panels -----------------------------------------------------------------------------------------------


def avocado(folder: Path, work: Path) -> PanelFile:
    """Region and type by week, from the table as it is published."""
    raw = pq.read_table(folder / "avocado" / "avocado.parquet")
    rows = raw.to_pydict()
    product = [f"{region} {kind}" for region, kind in zip(rows["region"], rows["type"], strict=True)]
    path = work / "avocado.parquet"
    pq.write_table(raw.append_column("product", pa.array(product)), path)
    return read_panel(
        path, Columns.parse("product=product,time=Date,quantity=Total Volume,price=AveragePrice", ROLES)
    )


def complete_journey(folder: Path, work: Path, least_weeks: int = 30) -> PanelFile:
    """Product types by week, with how many of their products are displayed or in the mailer."""
    import pandas as pd

    where = folder / "complete_journey"
    sold = pd.read_parquet(where / "transactions_sample.parquet")
    names = pd.read_parquet(where / "products.parquet")[["product_id", "product_type", "department"]]
    told = pd.read_parquet(where / "promotions_sample.parquet").merge(names, on="product_id")
    shown = (told.display_location.astype(str) != "0") | (told.mailer_location.astype(str) != "0")
    promoted = told[shown].groupby(["product_type", "week"]).size().rename("promotion").reset_index()
    sold = sold[(sold.quantity > 0) & (sold.sales_value > 0)].merge(names, on="product_id")
    by = sold.groupby(["product_type", "week"])
    rows = by.agg(
        quantity=("quantity", "sum"), value=("sales_value", "sum"), department=("department", "first")
    )
    rows = rows.reset_index().merge(promoted, how="left", on=["product_type", "week"])
    rows["price"] = rows["value"] / rows["quantity"]
    rows["promotion"] = np.log1p(rows["promotion"].fillna(0))
    weeks = rows.groupby("product_type")["week"].transform("count")
    path = work / "complete_journey.parquet"
    rows[weeks >= least_weeks].to_parquet(path, index=False)
    given = (
        "product=product_type,time=week,quantity=quantity,price=price,promotion=promotion,category=department"
    )
    return read_panel(path, Columns.parse(given, ROLES))


# --- peers ------------------------------------------------------------------------------------------------


def rolled(panel: Panel, first: int, fit: Callable[[int, int], Grid]) -> Grid:
    """Forecasts of a peer that is fitted anew every eight periods."""
    ends = [(one, min(one + REFIT, panel.shape[1])) for one in range(first, panel.shape[1], REFIT)]
    return np.concatenate([fit(one, last) for one, last in ends], axis=1)


def peers(panel: Panel, first: int, cycle: int) -> dict[str, Grid]:
    """Every peer's forecasts, in units."""
    facts = features.known(panel, first)
    one = facts.unit
    sold = carried(panel.quantity)
    tree = features.trees(facts, panel, panel.season, cycle)

    def boosted(seen: Mapping[str, Grid]) -> Callable[[int, int], Grid]:
        names, x = tuple(seen), features.stacked(seen, np.float32)

        def fit(start: int, end: int) -> Grid:
            level = mean_before(facts.demand, start)[:, start]
            lessons = (names, x[:, FIRST:start])
            fitted = boosting.fit(lessons, facts.change[:, FIRST:start], level, SEED, tuned=False)
            return np.exp(facts.before[:, start:end] + fitted.predict(x[:, start:end])) - one

        return fit

    found = {
        "last period": shifted(sold, 1)[:, first:],
        f"AR({ORDER}) a product": rolled(panel, first, lambda a, b: _own_lines(_lags(sold), sold, a, b)),
        "ARX a product": rolled(
            panel, first, lambda a, b: np.exp(_own_lines(_arx(facts, panel), facts.demand, a, b)) - one
        ),
        BOOSTED: rolled(panel, first, boosted({name: tree[name] for name in PLAIN if name in tree})),
        f"{BOOSTED}, Liuke's features": rolled(panel, first, boosted(tree)),
    }
    if cycle and first > cycle:
        found["seasonal naive"] = shifted(sold, cycle)[:, first:]
    return {name: np.maximum(values, 0.0) for name, values in found.items()}


def _lags(sold: Grid) -> list[Grid]:
    return [np.ones_like(sold), *(shifted(sold, j) for j in range(1, ORDER + 1))]


def _arx(facts: features.Known, panel: Panel) -> list[Grid]:
    price = facts.price
    lags = [shifted(facts.demand, j) for j in range(1, ORDER + 1)]
    found = [np.ones_like(price), *lags, price, shifted(price, 1)]
    return [*found, panel.promotion] if panel.promotion.any() else found


def _own_lines(x: list[Grid], y: Grid, start: int, end: int) -> Grid:
    """Ridge regressions, one a product, each feature measured in its own deviations."""
    stack = np.nan_to_num(np.stack(x, axis=-1))
    out = np.full((len(y), end - start), np.nan)
    for place in range(len(y)):
        rows = (
            np.flatnonzero(~np.isnan(y[place, ORDER:start]) & ~np.isnan(x[ORDER][place, ORDER:start])) + ORDER
        )
        if len(rows) < 3:
            out[place] = y[place, start - 1]
            continue
        lessons = stack[place, rows]
        size = np.maximum(lessons.std(axis=0), 1e-9)
        size[0] = 1.0
        scaled = lessons / size
        penalty = np.eye(scaled.shape[1]) * 0.1
        penalty[0, 0] = 1e-6
        middle = y[place, rows].mean()
        centred = scaled - np.r_[0.0, scaled[:, 1:].mean(axis=0)]
        slope = np.linalg.solve(centred.T @ centred + penalty, centred.T @ (y[place, rows] - middle))
        ahead = stack[place, start:end] / size - np.r_[0.0, scaled[:, 1:].mean(axis=0)]
        out[place] = middle + ahead @ slope
    return out


# --- measures ---------------------------------------------------------------------------------------------


def paired(actual: Grid, ours: Grid, theirs: Grid) -> tuple[float, float]:
    """95 % of our wMAPE less theirs, products and weeks drawn anew together."""
    draw = np.random.default_rng(SEED)
    there = ~np.isnan(actual) & ~np.isnan(ours) & ~np.isnan(theirs)
    loss = np.where(there, np.abs(actual - ours) - np.abs(actual - theirs), 0.0)
    size = np.where(there, actual, 0.0)
    found = []
    for _ in range(DRAWS):
        rows = np.bincount(draw.integers(0, len(actual), len(actual)), minlength=len(actual))
        weeks = np.bincount(draw.integers(0, actual.shape[1], actual.shape[1]), minlength=actual.shape[1])
        found.append((rows @ loss @ weeks) / max(rows @ size @ weeks, 1e-12))
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)


def dearer(panel: Panel, found: Forecasts, tested: int) -> float:
    """The share of forecasts of the last period that are strictly lower where its price alone is a tenth higher."""
    price = panel.price.copy()
    price[:, -1] *= DEARER
    raised = forecast(replace(panel, price=price), tested, seed=SEED).point[:, -1]
    known = ~np.isnan(panel.price[:, -1])
    return float((raised < found.point[:, -1])[known].mean())


def measure(name: str, read: PanelFile) -> Measured:
    """Everything of one panel."""
    panel = read.panel
    tested = round(SHARE * panel.shape[1])
    first = panel.shape[1] - tested
    began, began_cpu = time.perf_counter(), time.process_time()
    found = forecast(panel, tested, seed=SEED)
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    actual = np.where(panel.rows[:, first:], panel.quantity[:, first:], np.nan)
    others = peers(panel, first, panel.cycle)
    everybody = {"Liuke": found.point, **found.models, **others}
    sums: NDArray[np.float64] = np.nansum(actual, axis=1)
    most = int(np.argmax(sums))
    rest = np.arange(len(sums)) != most
    return Measured(
        name=name,
        panel=panel,
        errors={one: error(actual, values) for one, values in everybody.items()},
        differences={one: paired(actual, found.point, values) for one, values in others.items()},
        largest=(panel.products[most], float(sums[most] / sums.sum())),
        without={
            one: (error(actual[rest], values[rest]), *paired(actual[rest], found.point[rest], values[rest]))
            for one, values in everybody.items()
        },
        covered=coverage(actual, found.lower, found.upper),
        lower_when_dearer=dearer(panel, found, tested),
        found=found,
        seconds=seconds,
        cpu=cpu,
    )


def section(measured: list[Measured]) -> str:
    """The section of the page."""
    parts = [
        "## Demand",
        f"`make bench-prices`, {today()}, {machine()}. The last fifth of the periods, one step ahead, the period's own "
        "price known; wMAPE is the sum of absolute errors over the sum of what was sold. The difference is Liuke's "
        "wMAPE less the peer's, with a 95 % interval over products and weeks drawn anew together.",
    ]
    for one in measured:
        rows: list[list[str]] = [
            [name, f"{wrong:.4f}", _shown(one.differences.get(name))]
            for name, wrong in sorted(one.errors.items(), key=lambda pair: pair[1])
        ]
        share = one.largest[1]
        if share > RULED:
            rows = [
                [
                    *row,
                    f"{one.without[row[0]][0]:.4f}",
                    _shown(one.without[row[0]][1:] if row[0] != "Liuke" else None),
                ]
                for row in rows
            ]
        blend = ", ".join(f"{share:.0%} {name}" for name, share in one.found.weights.items() if share)
        overall = elasticities(one.panel).overall
        parts += [
            f"**{one.name}**: {one.panel.shape[0]} products, {one.panel.shape[1]} periods.",
            table(HEAD + (REST if share > RULED else []), rows),
            *(
                [f"{one.largest[0]} is {share:.1%} of all units: *the rest* is without it."]
                if share > RULED
                else []
            ),
            f"Blend: {blend}. 90 % intervals held {one.covered:.1%}. A price 10 % higher lowered "
            f"{one.lower_when_dearer:.1%} of the forecasts strictly. Elasticity of all products "
            f"{overall.value:.2f} ({overall.low:.2f} to {overall.high:.2f}, 90 %). It took {one.cpu:.0f} s of "
            f"processor time, {one.seconds:.0f} s in all.",
        ]
    return "\n\n".join(parts)


def _shown(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:+.4f} to {interval[1]:+.4f}"


def speed(products: int = 5_000, weeks: int = 104) -> tuple[float, float]:
    """Seconds in all, and of the processor, for a made-up shop."""
    draw = np.random.default_rng(SEED)
    price = np.exp(draw.normal(2, 0.5, (products, 1)) + 0.1 * draw.normal(size=(products, weeks)))
    level = draw.normal(3, 1, (products, 1)) + np.cumsum(draw.normal(0, 0.1, (products, weeks)), axis=1)
    sold = np.round(np.exp(level - 1.5 * np.log(price / price.mean(axis=1, keepdims=True))))
    panel = Panel(
        products=tuple(f"p{one}" for one in range(products)),
        times=tuple(map(str, range(weeks))),
        quantity=sold,
        price=price,
        promotion=np.zeros_like(sold),
        rows=np.ones(sold.shape, dtype=np.bool_),
        category=np.zeros(products, dtype=np.int64),
        censored=np.zeros(sold.shape, dtype=np.bool_),
        season=_weeks(weeks),
        cycle=52,
    )
    began, began_cpu = time.perf_counter(), time.process_time()
    forecast(panel, 8, seed=SEED)
    return time.perf_counter() - began, time.process_time() - began_cpu


# --- elasticities whose truth is known --------------------------------------------------------------------


def known_truth(repeats: int = 10) -> str:
    """How near elasticities come to the truth of made-up shops, beside the usual regression of logarithms."""
    rows = []
    for mean in (1.0, 150.0):
        for stepwise in (False, True):
            for drift in (0.0, 0.03):
                told, plain = list[float](), list[float]()
                of_categories, of_products = list[bool](), list[bool]()
                for seed in range(repeats):
                    truth, panel = counted(mean, stepwise=stepwise, seed=seed, drift=drift)
                    found = elasticities(panel)
                    told.append(found.overall.value)
                    plain.append(_of_logs(panel))
                    for number, one in enumerate(found.categories):
                        here = truth[panel.category == number].mean()
                        of_categories.append(bool(one.low <= here <= one.high))
                    of_products += [
                        bool(one.low <= true <= one.high)
                        for one, true in zip(found.products, truth, strict=True)
                    ]
                rows.append(
                    [
                        f"{mean:g}",
                        "twice, and stay" if stepwise else "each week",
                        "wander" if drift else "stay",
                        f"{np.mean(told):.2f}",
                        f"{np.mean(plain):.2f}",
                        f"{np.mean(of_categories):.0%}",
                        f"{np.mean(of_products):.0%}",
                    ]
                )
    head = [
        "units a week",
        "prices move",
        "levels",
        "estimate",
        "of logarithms",
        "categories held",
        "products held",
    ]
    return (
        f"**Elasticities of made-up shops**: 60 products in three categories, 78 weeks, {repeats} shops a row; true "
        f"elasticities lie around {COUNTED} with a standard deviation of 0.4. Mean estimate of all products, beside "
        "the slope of changes of log(quantity + 1) on changes of log price; the share of 90 % intervals that hold the "
        f"truth. Levels that wander change by a standard deviation of 3 % each week.\n\n{table(head, rows)}"
    )


def _of_logs(panel: Panel) -> float:
    sold = np.diff(np.log(panel.quantity + 1), axis=1)
    price = np.diff(np.log(panel.price), axis=1)
    sold = sold - sold.mean(axis=0)
    price = price - price.mean(axis=0)
    return float((price * sold).sum() / (price**2).sum())


def _weeks(count: int) -> NDArray[np.int64]:
    return np.arange(count) % 52


def main() -> None:
    """Measure, print, and write the section where asked."""
    from tempfile import TemporaryDirectory

    from tests.retention.real import SHARED

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "retention")
    parser.add_argument("--write", action="store_true")
    parser.add_argument(
        "--speed", action="store_true", help="only forecast the made-up shop, and tell how it went"
    )
    chosen = parser.parse_args()
    if chosen.speed:
        print(json.dumps([*speed(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        return
    with TemporaryDirectory() as folder:
        work = Path(folder)
        measured = [
            measure("avocado", avocado(chosen.data, work)),
            measure("complete_journey, by product type", complete_journey(chosen.data, work)),
        ]
    # In a process of its own: what was measured before would count as its memory.
    told = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.prices_demand", "--speed"],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    seconds, cpu, megabytes = json.loads(told.stdout)
    text = (
        f"{section(measured)}\n\n5,000 made-up products of 104 weeks, the last 8 forecast: {seconds:.0f} s, "
        f"{cpu:.0f} s of processor time; the process held {megabytes:,.0f} MB at most.\n\n{known_truth()}"
    )
    print(text)
    if chosen.write:
        write_section(SECTION, text)


if __name__ == "__main__":
    main()
