"""Expected purchases and spend: near what comes, finite for anything, and honest about what is lacking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.times import DAY, to_micros
from retention.checks import check
from retention.churn import bgnbd
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.report import Fitted
from retention.value import fit as value_fit
from retention.value.fit import Outcome, drawn_to, fit, fit_spend
from retention.value.model import GammaGamma, ValueModel, restored, saved
from tests.contracts.retention_core import NOW
from tests.retention.conftest import make_events, make_products


def fitted(history: History, days: float = 0.0) -> Fitted[ValueModel]:
    checked = check(history, NOW - timedelta(days=days))
    return fit(checked, Shop(checked.history), seed=1, horizon_days=60)


def test_gamma_gamma_finds_what_made_the_data() -> None:
    draw = np.random.default_rng(2)
    p, q, v = 4.0, 3.0, 6_000.0
    purchases = draw.integers(1, 12, 4_000).astype(float)
    nu = draw.gamma(q, 1 / v, 4_000)
    mean = draw.gamma(p * purchases, 1 / nu) / purchases
    found = fit_spend(purchases, mean)
    assert found is not None
    expected = p * v / (q - 1)
    assert found.spend(np.array([1e-9]), np.array([0.0]))[0] == pytest.approx(expected, rel=0.1)
    true = GammaGamma(shape=p, tail=q, scale=v).spend(purchases, mean)
    assert found.spend(purchases, mean) == pytest.approx(true, rel=0.15)


@given(st.floats(1, 1_000), st.floats(0, 1e9), st.floats(1, 1e9))
def test_spend_lies_between_the_own_mean_and_everybodys(
    purchases: float, mean: float, everybody: float
) -> None:
    found = drawn_to(everybody).spend(np.array([purchases]), np.array([mean]))[0]
    low, high = sorted((mean, everybody))
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)


@pytest.mark.parametrize("mean", [np.zeros(500), np.full(10, 5.0)], ids=["no money", "too few"])
def test_gamma_gamma_with_too_little_is_none(mean: np.ndarray) -> None:
    assert fit_spend(np.ones(len(mean)), mean) is None


def test_what_is_foretold_is_near_what_comes(history: History) -> None:
    found = fitted(history, days=60)
    now = to_micros(NOW)
    whole = check(history, NOW).history
    table = buyers(Shop(whole), now - 60 * DAY)
    outcome = Outcome.of(whole.events, table.customers, now - 60 * DAY, now)
    assert found.model.purchases(table.values).sum() == pytest.approx(outcome.purchases.sum(), rel=0.25)
    assert found.model.value(table.values).sum() == pytest.approx(outcome.spend.sum(), rel=0.3)
    assert np.corrcoef(found.model.purchases(table.values), outcome.purchases)[0, 1] > 0.5
    longer = found.model.purchases(table.values, 120)
    assert (longer > found.model.purchases(table.values)).all()


def test_outcomes_by_hand() -> None:
    rows: list[dict[str, Any]] = [
        {"id": "1", "kind": "purchase", "customer": "a", "at": 3 * DAY, "quantity": 1, "amount": 100},
        {"id": "2", "kind": "purchase", "customer": "a", "at": 3 * DAY + 5, "quantity": 1, "amount": 50},
        {"id": "3", "kind": "purchase", "customer": "a", "at": 5 * DAY, "quantity": 1, "amount": None},
        {"id": "4", "kind": "purchase", "customer": "a", "at": 9 * DAY, "quantity": 1, "amount": 7},
        {"id": "5", "kind": "view", "customer": "b", "at": 4 * DAY},
    ]
    events = History.from_rows(rows).events
    found = Outcome.of(events, ("b", "a"), 3 * DAY, 9 * DAY)
    assert found.purchases.tolist() == [0, 2]
    assert found.spend.tolist() == [0, 150]


def test_without_a_fit_everybody_has_one_rate(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bgnbd, "fit", lambda *args, **options: None)
    monkeypatch.setattr(value_fit, "fit_spend", lambda *args, **options: None)
    found = fitted(history)
    assert len(found.notes) == 2
    assert not found.readiness[0].enough
    assert 0.3 < found.metrics["value_purchases_total"] < 3


@pytest.mark.parametrize("rows", [[], make_events()[:1]], ids=["nothing", "one event"])
def test_hardly_any_data_is_said(rows: list[dict[str, Any]]) -> None:
    found = fitted(History.from_rows(rows, make_products()))
    assert found.notes
    assert found.model.value(np.zeros((0, len(RAW)), np.int64)).shape == (0,)


def test_a_log_without_money_has_purchases_only() -> None:
    rows = [{**row, "amount": None} for row in make_events(customers=120)]
    found = fitted(History.from_rows(rows, make_products()))
    assert found.model.spend is None
    assert any("no amounts" in note for note in found.notes)


def test_a_saved_model_is_the_same(history: History) -> None:
    model = fitted(history).model
    assert restored(saved(model)[0]) == model
