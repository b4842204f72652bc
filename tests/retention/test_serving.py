"""The serving process stays light and fast."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import numpy as np
import pytest
import scipy.sparse as sp

import retention
from retention import Event, EventKind, Money, ProductState, Recommendation, RecommendContext, RiskContext
from retention.churn.model import ChurnModel
from retention.core import Core
from retention.recommenders.facts import SIMILARITIES, STATIC, BuyerBreadth, ProductFacts
from retention.recommenders.features import NAMES
from retention.recommenders.model import RANKER, Mode, Recommender
from retention.recommenders.similarity import UserNeighbourhood
from tests.contracts.retention_core import NOW
from tests.speed import times_the_yardstick

HEAVY = ("pandas", "ibis", "sklearn", "pyarrow", "scipy", "duckdb", "torch", "threadpoolctl")

PROGRAM = """
import sys, datetime, pathlib
import retention
core = retention.load(pathlib.Path(sys.argv[1]))
now = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
core.recommend(None, 5, retention.RecommendContext(now=now))
core.risk("c", retention.RiskContext(now=now))
retention.unfitted()
print([name for name in sys.argv[2:] if name in sys.modules])
"""


def test_serving_imports_nothing_heavy(report: retention.FitReport) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(report.directory), *HEAVY],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def large() -> tuple[Core, dict[str, ProductState]]:
    """A made-up model of 4,000 products."""
    size, draw = 4_000, np.random.default_rng(0)
    products = tuple(f"p{number:05d}" for number in range(size))

    def table() -> tuple[np.ndarray, np.ndarray]:
        return draw.integers(0, size, (size, 100)).astype(np.int32), draw.random((size, 100)).astype(
            np.float32
        )

    mode = Mode(policy=RANKER, weights=draw.random(len(NAMES)))
    model = Recommender(
        products=products,
        facts=ProductFacts(
            neighbours={name: table() for name in SIMILARITIES},
            customers=UserNeighbourhood.of(sp.random(3_000, size, 0.01, "csr", np.float32, draw)),
            closeness=1.0,
            breadth=BuyerBreadth.of_nobody(size),
            static=draw.random((size, len(STATIC))),
            gap=np.full(size, 30.0),
            category=draw.integers(0, 20, size).astype(np.int32),
            categories=20,
        ),
        popular=np.stack([draw.permutation(size), draw.permutation(size)]).astype(np.int32),
        created=np.zeros(size, np.int64),
        category_names=tuple(f"k{number}" for number in range(20)),
        postings={},
        new=mode,
        any=mode,
    )
    stock = {
        product: ProductState(
            product=product,
            list_price=Money(100, "CNY"),
            cost=Money(50, "CNY"),
            stock=3,
            category=f"k{place % 20}",
        )
        for place, product in enumerate(products)
    }
    return Core(version="v", recommender=model, churn=ChurnModel.without_data()), stock


def test_ten_products_of_four_thousand_take_little_time(large: tuple[Core, dict[str, ProductState]]) -> None:
    core, stock = large
    events = [
        Event(kind=EventKind.PURCHASE, at=NOW - timedelta(days=60 - number), product=f"p{number * 37:05d}")
        for number in range(40)
    ]
    context = RecommendContext(now=NOW, events=events, stock=stock)

    def ask() -> list[Recommendation]:
        return core.recommend("c", 10, context)

    assert len(ask()) == 10
    assert times_the_yardstick(ask) < 9


def test_risk_takes_little_time(fitted: Core) -> None:
    events = [
        Event(kind=EventKind.PURCHASE, at=NOW - timedelta(days=200 - number), product="p0", amount_minor=100)
        for number in range(200)
    ]
    assert times_the_yardstick(lambda: fitted.risk("c", RiskContext(now=NOW, events=events))) < 5
