"""What variety in a list costs and gains: at most half of it from one category while there is something else.

    python -m tests.benchmarks.recommend_variety --data FOLDER

`FOLDER` holds `complete_journey/`, a log with categories. `make bench-recommend` runs it, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from kernel.times import from_micros
from retention import Money, ProductState, RecommendContext, ShopRules, metrics
from retention.choices import Mode
from retention.metrics import Mean
from retention.recommenders import similarity
from retention.recommenders.fitting import fit
from retention.recommenders.model import Recommender
from retention.recommenders.request import recommend
from retention.threads import one_thread
from retention.types import Event, EventKind
from retention.workshop.recommendation import Split, cut_at
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.retention_logs import LOGS

SECTION = "recommend-variety"
SEED = 20_261_101
CUT = 0.7
PLACES = 10
HEAD = ("", "NDCG@10", "unlike by customers", "unlike by category", "coverage", "lists changed")


def unlike(items: Sequence[int], similar: NDArray[np.float32]) -> float:
    """Intra-list diversity: 1 - the mean similarity of two products of a list; 0 for a list of fewer than two.

    Args:
        items: the list, as indices.
        similar: of products and products, 0 to 1; shape (products, products).

    Source: Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005, turned round.
    """
    pairs = list(combinations(items, 2))
    return float(1 - np.mean([similar[pair] for pair in pairs])) if pairs else 0.0


@dataclass(slots=True)
class Lists:
    """What was shown to everybody in one way."""

    ndcg: list[float] = field(default_factory=list)
    by_customers: list[float] = field(default_factory=list)
    by_category: list[float] = field(default_factory=list)
    shown: list[tuple[int, ...]] = field(default_factory=list)

    def coverage(self, products: int) -> float:
        """The share of products that are in anybody's list."""
        return len({item for items in self.shown for item in items}) / products


def variety(folder: Path) -> str:
    """The table: without and with variety by the log's own categories, and by its few departments."""
    log = LOGS["complete_journey"](folder)
    split = Split.of(log.history, log.at, cut_at(log.history, log.at, CUT))
    past = split.interactions
    model = fit(past, seed=SEED).model
    size = len(past.products)
    places, values = similarity.neighbours(past.ratings(), size, 0.0)
    alike = np.zeros((size, size), np.float32)
    np.put_along_axis(alike, places, values, axis=1)
    own = [past.category_names[code] if code >= 0 else "" for code in past.category.tolist()]
    department = departments(folder)
    divisions = {"categories": own, "departments": [department.get(one, "") for one in past.products]}
    lines: list[list[str]] = []
    for mode in Mode:
        for name, categories in divisions.items():
            stock = _shelf(past.products, categories)
            codes = np.unique(categories, return_inverse=True)[1]
            # Nothing is known to be like what has no category.
            named = np.array([bool(one) for one in categories])
            same = ((codes[:, None] == codes) & named).astype(np.float32)
            plain, varied = (
                _asked(model, split, mode, stock, alike, same, variety=one) for one in (False, True)
            )
            kinds = len(set(categories) - {""})
            lines.append([f"`{mode.value}`, {kinds} {name}", *_cells(plain, varied, len(past.products))])
    return table(HEAD, lines)


def _cells(plain: Lists, varied: Lists, products: int) -> list[str]:
    """Without → with, and the difference, paired by customer."""
    pairs = (
        (plain.ndcg, varied.ndcg, 4),
        (plain.by_customers, varied.by_customers, 3),
        (plain.by_category, varied.by_category, 3),
    )
    cells = []
    for before, after, digits in pairs:
        gain = Mean.of(np.array(after) - np.array(before))
        cells.append(
            f"{np.mean(before):.{digits}f} → {np.mean(after):.{digits}f} "
            f"({gain.value:+.{digits}f} ± {gain.high - gain.value:.{digits}f})"
        )
    changed = np.mean([a != b for a, b in zip(plain.shown, varied.shown, strict=True)])
    return [*cells, f"{plain.coverage(products):.1%} → {varied.coverage(products):.1%}", f"{changed:.1%}"]


def departments(folder: Path) -> dict[str, str]:
    """Product type to the department that most of its products are in."""
    path = folder / "complete_journey" / "products.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(
            """SELECT product_type, department FROM (
                 SELECT product_type, department, count(*) AS many FROM read_parquet(?)
                 WHERE product_type IS NOT NULL AND department IS NOT NULL GROUP BY ALL)
               QUALIFY row_number() OVER (PARTITION BY product_type ORDER BY many DESC, department) = 1""",
            [str(path)],
        ).fetchall()
    return dict(rows)


def _asked(
    model: Recommender,
    split: Split,
    mode: Mode,
    stock: dict[str, ProductState],
    alike: NDArray[np.float32],
    same: NDArray[np.float32],
    *,
    variety: bool,
) -> Lists:
    """Everybody with something to find; no place is kept for new products, so that only the variety differs."""
    past, rows, found = split.interactions, split.interactions.by_user(), Lists()
    for code, basket in zip(split.codes, split.bought[mode], strict=True):
        if not basket:
            continue
        mine = rows[code]
        events = [
            Event(
                kind=EventKind.PURCHASE,
                at=from_micros(int(past.at[row])),
                product=past.products[past.items[row]],
            )
            for row in mine[np.argsort(past.at[mine], kind="stable")].tolist()
        ]
        context = RecommendContext(
            now=split.cut,
            events=events,
            stock=stock,
            allow_repeats=mode is Mode.ANY,
            rules=ShopRules(new_products=0.0),
        )
        shown = [one.product for one in recommend(model, PLACES, context, version="v", variety=variety)]
        items = tuple(model.index[product] for product in shown)
        found.ndcg.append(metrics.ndcg(shown, basket, PLACES))
        found.by_customers.append(unlike(items, alike))
        found.by_category.append(unlike(items, same))
        found.shown.append(items)
    return found


def _shelf(products: Sequence[str], categories: Sequence[str]) -> dict[str, ProductState]:
    """Everything in stock, with its category."""
    price, cost = Money(100, "EUR"), Money(50, "EUR")
    return {
        product: ProductState(product=product, list_price=price, cost=cost, stock=9, category=category)
        for product, category in zip(products, categories, strict=True)
    }


def write(folder: Path) -> None:
    """Measure and write the section of the page."""
    note = f"""## Recommendations: what variety costs

`make bench-recommend`, {today()}, {machine()}. A served list has at most half of its places from one category while
there is something else. Without that → with it, on complete_journey cut at {CUT:.0%}, ten products for everybody who
came back, no place kept for new products; by the log's own categories and, coarser, its departments. online_retail has
no categories: nothing changes there. *Unlike* is the intra-list diversity: 1 - the mean similarity of two products of a
list, by the cosine of the customers who bought them, and by being of one category. ± is half of the 95 % interval over
customers; *coverage* the share of products in anybody's list."""
    write_section(SECTION, f"{note}\n\n{variety(folder)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the logs")
    with one_thread():
        write(parser.parse_args().data)
