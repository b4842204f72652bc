"""A small made-up shop whose customers behave for reasons that a model can find."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import retention
from kernel.times import to_micros
from retention import artifacts, backtest
from retention.core import Core
from retention.history import History
from tests.contracts.retention_core import NOW

CATEGORIES = ("tea", "cups", "lamps", "cables")
NAMES = {
    "tea": ("绿茶", "green tea"),
    "cups": ("陶瓷杯", "china cup"),
    "lamps": ("台灯", "desk lamp"),
    "cables": ("数据线", "usb cable"),
}


def make_products(each: int = 10) -> list[dict[str, Any]]:
    """`p0` … in four categories; the last of all is new and was never bought."""
    rows = []
    for number in range(each * len(CATEGORIES)):
        category = CATEGORIES[number % len(CATEGORIES)]
        zh, en = NAMES[category]
        rows.append(
            {
                "product": f"p{number}",
                "category": category,
                "list_price": 1_000 + 10 * number,
                "cost": 500,
                "currency": "CNY",
                "stock": 20,
                "active": True,
                "created_at": to_micros(NOW - timedelta(days=500)),
                "name_zh": f"{zh}{number}号",
                "name_en": f"{en} no{number}",
                "brand": "",
                "attributes": "",
            }
        )
    rows[-1]["created_at"] = to_micros(NOW - timedelta(days=3))
    return rows


def make_events(customers: int = 260, days: int = 400, seed: int = 1) -> list[dict[str, Any]]:
    """Everybody prefers one category and comes at a rhythm of their own; a third stop coming at some day."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []

    def add(kind: str, customer: str, at: datetime, **values: Any) -> None:
        rows.append(
            {"id": f"e{len(rows)}", "kind": kind, "customer": customer, "at": to_micros(at), **values}
        )

    for number in range(customers):
        customer = f"c{number}"
        taste, rhythm = draw.randrange(4), draw.choice((8, 15, 30, 60))
        day = draw.uniform(0, days * 0.6)
        stops = draw.uniform(day, days) if draw.random() < 0.35 else days
        while day < stops:
            at = NOW - timedelta(days=days - day)
            for _ in range(draw.randint(1, 3)):
                place = int(min(draw.expovariate(0.5), 8.0)) * 4 + (
                    taste if draw.random() < 0.85 else draw.randrange(4)
                )
                product = f"p{place}"
                add("view", customer, at - timedelta(minutes=9), product=product)
                price = (1_000 + 10 * place) * 95 // 100 if draw.random() < 0.2 else 1_000 + 10 * place
                add("purchase", customer, at, product=product, quantity=1, amount=price, currency="CNY")
                if draw.random() < 0.1:
                    add(
                        "rating",
                        customer,
                        at + timedelta(hours=2),
                        product=product,
                        value=float(draw.randint(1, 5)),
                    )
                if draw.random() < 0.05:
                    add(
                        "return",
                        customer,
                        at + timedelta(hours=5),
                        product=product,
                        amount=-price,
                        currency="CNY",
                    )
            if draw.random() < 0.3:
                add("search", customer, at - timedelta(hours=1), text="tea")
                add("message", customer, at + timedelta(hours=1), value=round(draw.uniform(-1, 1), 3))
            if draw.random() < 0.05:
                add("complaint", customer, at + timedelta(hours=3))
                add("contact", customer, at + timedelta(hours=4))
            day += max(draw.gauss(rhythm, rhythm / 4), 1)
    return [row for row in rows if row["at"] < to_micros(NOW)]


def make_history(**shape: int) -> History:
    """The shop as a history."""
    return History.from_rows(make_events(**shape), make_products())


@pytest.fixture(scope="session")
def history() -> History:
    return make_history()


@pytest.fixture(scope="session")
def report(history: History, tmp_path_factory: pytest.TempPathFactory) -> retention.FitReport:
    out: Path = tmp_path_factory.mktemp("models") / "retention" / "20261101T090000"
    return retention.fit(history, out, now=NOW, seed=3, judged=False)


@pytest.fixture(scope="session")
def judged(
    report: retention.FitReport, history: History, tmp_path_factory: pytest.TempPathFactory
) -> retention.FitReport:
    """The same version with its backtest, made from that of `report`: nothing is fitted twice."""
    out: Path = tmp_path_factory.mktemp("judged") / report.version
    manifest, parts = artifacts.read(report.directory)
    days = retention.load(report.directory).churn.horizon_days
    before = backtest.fit_before(history, now=NOW, horizon_days=days, seed=report.seed)
    facts = {
        "version": manifest.version,
        "fitted_at": manifest.fitted_at,
        "seed": manifest.seed,
        "data_hash": manifest.data_hash,
    }
    artifacts.write(out, facts, {**parts, **backtest.saved(before)})
    return replace(report, directory=out)


@pytest.fixture(scope="session")
def fitted(report: retention.FitReport) -> Core:
    return retention.load(report.directory)
