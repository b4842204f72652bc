"""Who leaves: ranked, calibrated, explained."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest

import retention
from kernel.times import from_micros, to_micros
from retention import Event, EventKind, RiskBand, RiskContext
from retention.checks import check
from retention.churn import model as churn_model
from retention.churn.listing import in_words, listed
from retention.churn.windows import buyers, choose_horizon
from retention.core import Core
from retention.features.expressions import Shop
from retention.history import History
from retention.metrics import auc, average_precision, brier, calibration_error, ndcg, precision, recall
from tests.contracts.retention_core import NOW, bought


def test_tells_leavers_from_stayers(report: retention.FitReport) -> None:
    assert report.metrics["churn_auc"] > 0.8
    assert report.metrics["churn_calibration_error"] < 0.12
    assert 0 < report.metrics["churn_brier"] < 0.2


def test_overdue_regulars_are_at_risk_and_fresh_ones_are_not(fitted: Core) -> None:
    regular = [bought("p0", days) for days in range(200, 60, -8)]
    fresh = [bought("p0", days) for days in range(142, 2, -8)]
    gone, here = (fitted.risk("c", RiskContext(now=NOW, events=one)) for one in (regular, fresh))
    assert gone.probability > 0.8 > 0.3 > here.probability
    assert gone.band is RiskBand.MEDIUM  # of somebody long gone, little is left to lose
    assert here.band is not RiskBand.HIGH
    assert gone.reasons[0].weight > 0 > here.reasons[0].weight


def test_risk_rises_with_silence(fitted: Core) -> None:
    """The same history, seen later and later."""
    events = [bought("p0", days) for days in range(142, 2, -8)]
    risks = [
        fitted.risk("c", RiskContext(now=NOW + timedelta(days=days), events=events)).probability
        for days in (0, 10, 20, 40, 80)
    ]
    assert risks == sorted(risks)


def test_reasons_add_up_to_the_score(fitted: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(churn_model, "MOST_REASONS", 99)
    monkeypatch.setattr(churn_model, "LEAST_WEIGHT", 0.0)
    model = fitted.churn
    risk = fitted.risk("c", RiskContext(now=NOW, events=[bought("p0", 30), bought("p4", 9)]))
    log_odds = np.log(risk.probability / (1 - risk.probability))
    named = sum(one.weight for one in risk.reasons)
    assert log_odds == pytest.approx(model.intercept + named, abs=0.01)
    codes = [one.code for one in risk.reasons]
    assert len(codes) == len(set(codes))
    assert "recency" in codes or "overdue" in codes


def test_expected_loss_is_what_they_spent(fitted: Core) -> None:
    events = [
        Event(kind=EventKind.PURCHASE, at=NOW - timedelta(days=days), product="p0", amount_minor=10_000)
        for days in (300, 200, 100)
    ]
    risk = fitted.risk("c", RiskContext(now=NOW, events=events))
    assert risk.expected_loss is not None
    expected = 30_000 / 300 * risk.horizon_days * risk.probability
    assert risk.expected_loss.minor == pytest.approx(expected, abs=1)
    assert risk.expected_loss.currency == "CNY"


def test_somebody_who_never_bought_has_the_base_rate(fitted: Core) -> None:
    risk = fitted.risk(
        "c", RiskContext(now=NOW, events=[Event(kind=EventKind.VIEW, at=NOW - timedelta(days=1))])
    )
    assert risk.reasons[0].code == "never_bought"
    assert risk.band is RiskBand.MEDIUM


def test_scores_of_the_night_are_those_of_the_day(
    fitted: Core, report: retention.FitReport, history: History
) -> None:
    by_customer: dict[str, list[Event]] = defaultdict(list)
    for row in check(history, NOW).history.events.to_pylist():
        by_customer[row["customer"]].append(
            Event(
                kind=EventKind(row["kind"]),
                at=from_micros(row["at"]),
                product=row["product"],
                quantity=row["quantity"],
                amount_minor=row["amount"],
                value=row["value"],
            )
        )
    scored = list(retention.score_customers(report.directory, history, now=NOW))
    assert [one.customer for one in scored] == sorted(by_customer)
    for one in scored:
        served = fitted.risk(one.customer, RiskContext(now=NOW, events=by_customer[one.customer]))
        assert one.probability == pytest.approx(served.probability, rel=1e-12)
        assert (one.band, one.reasons, one.expected_loss) == (
            served.band,
            served.reasons,
            served.expected_loss,
        )
    assert {one.band for one in scored} == set(RiskBand)


@pytest.mark.parametrize("horizon", [None, 60])
def test_a_table_of_all_says_what_each_is_told(fitted: Core, history: History, horizon: int | None) -> None:
    table = buyers(Shop(check(history, NOW).history), to_micros(NOW))
    nothing_known = RiskContext(now=NOW, horizon_days=horizon)
    found, stake, active = listed(fitted.churn, table.customers, table.values, nothing_known)
    risks = fitted.churn.risks(table.customers, table.values, version="v", horizon_days=horizon)
    rows = found.to_pylist()
    assert [row["probability"] for row in rows] == [one.probability for one in risks]
    assert [row["reasons"] for row in rows] == [in_words(one.reasons) for one in risks]
    losses = [one.expected_loss.minor / 100 for one in risks if one.expected_loss]
    assert [row["expected_loss"] for row in rows] == losses
    assert stake.tolist() == [one.at_stake for one in risks]
    assert 0 < active <= len(risks)


def test_horizon_follows_the_shops_rhythm() -> None:
    assert choose_horizon(np.full(500, 30.0), 400) == 28
    assert choose_horizon(np.full(500, 300.0), 400) == 133
    assert choose_horizon(np.full(500, 2.0), 400) == 14
    assert choose_horizon(np.zeros(0), 0) == 90


def test_measures_by_hand() -> None:
    label = np.array([True, False, True, False])
    assert auc(label, np.array([0.9, 0.1, 0.8, 0.2])) == 1.0
    assert auc(label, np.array([0.5, 0.5, 0.5, 0.5])) == 0.5
    assert auc(label, np.array([0.1, 0.2, 0.3, 0.3])) == 0.375
    assert auc(np.array([True]), np.array([0.3])) == 0.5
    assert average_precision(label, np.array([0.9, 0.8, 0.7, 0.6])) == pytest.approx((1 + 2 / 3) / 2)
    assert brier(label, np.array([1.0, 0, 0, 0])) == 0.25
    assert calibration_error(label, np.full(4, 0.5), bins=1) == 0.0
    assert ndcg(["a", "b"], {"b"}, 10) == pytest.approx(1 / np.log2(3))
    assert ndcg(["b", "a"], {"b", "c"}, 10) == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert (recall(["a", "b"], {"b", "c"}, 2), precision(["a", "b"], {"b", "c"}, 10)) == (0.5, 0.1)
