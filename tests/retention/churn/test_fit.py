"""The fit: nothing later is seen, what is lacking is said, campaigns don't teach the risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernel.times import DAY, from_micros, to_micros
from retention.checks import check
from retention.churn import bgnbd, logistic, trees
from retention.churn import fit as churn_fit
from retention.churn.bgnbd import Counts
from retention.churn.fit import _rows, fit, fit_windows
from retention.churn.model import ChurnModel, restored, saved
from retention.churn.windows import (
    Window,
    buyers,
    left_alone,
    make_window,
    make_windows,
    purchase_gaps,
    untreated,
    usual_gap,
    window_days,
)
from retention.features.expressions import Shop
from retention.history import History
from retention.logs import Columns, read_log
from retention.metrics import auc, calibration_error
from retention.report import Fitted
from tests.contracts.retention_core import NOW
from tests.retention.conftest import make_events, make_products
from tests.retention.real import CDNOW_COLUMNS, cdnow


def fitted(history: History, **options: Any) -> Fitted:
    checked = check(history, NOW)
    return fit(checked, Shop(checked.history), seed=3, **options)


@pytest.fixture(scope="module")
def shop(history: History) -> Shop:
    return Shop(check(history, NOW).history)


def test_windows_lie_in_the_past_and_end_by_now(
    history: History, known: tuple[list[Window], np.ndarray]
) -> None:
    first, _ = purchase_gaps(check(history, NOW))
    now, (windows, _) = to_micros(NOW), known
    assert windows[-1].end == now
    assert all(one.moment - first >= 39 * DAY for one in windows)
    assert [one.moment for one in windows] == sorted(one.moment for one in windows)
    assert any(one.end <= windows[-1].moment for one in windows)
    last = windows[-1].only(np.array([one != "c1" for one in windows[-1].customers]))
    assert len(last.left) == len(last.raw) == len(windows[-1].left) - 1
    assert "c1" not in last.customers


@pytest.mark.parametrize(("horizon", "span", "expected"), [(30, 400, 30), (273, 273, 91), (90, 20, 7)])
def test_three_windows_fit_into_the_history(horizon: int, span: float, expected: int) -> None:
    assert window_days(horizon, span) == expected


def test_what_happened_later_changes_nothing(history: History) -> None:
    """The same windows from the log cut at the moment, and from the whole log as of the moment."""
    moment = NOW - timedelta(days=90)
    cut = History.from_rows([row for row in make_events() if row["at"] < to_micros(moment)], make_products())
    found = []
    for one in (history, cut):
        checked = check(one, moment)
        first, _ = purchase_gaps(checked)
        found.append(make_windows(Shop(checked.history), first, to_micros(moment), 90, frozenset()))
    for whole, part in zip(*found, strict=True):
        assert whole.customers == part.customers
        assert (whole.raw == part.raw).all()
        assert (whole.left == part.left).all()
        assert whole.process == part.process


@pytest.fixture(scope="module")
def known(history: History, shop: Shop) -> tuple[list[Window], np.ndarray]:
    """The made-up shop's windows of 40 days, and its customers now."""
    first, _ = purchase_gaps(check(history, NOW))
    now = to_micros(NOW)
    return make_windows(shop, first, now, 40, frozenset()), buyers(shop, now).values


def model_of(known: tuple[list[Window], np.ndarray], horizon: int) -> tuple[ChurnModel, list[str]]:
    plain = ChurnModel(horizon_days=horizon, window_days=40, base_rate=0.5)
    return fit_windows(plain, *known, 1)


def test_a_longer_horizon_than_the_windows_is_reached(known: tuple[list[Window], np.ndarray]) -> None:
    """A year of silence by windows of 40 days: rarer than a month's, and still a probability."""
    model, _ = model_of(known, 365)
    year, month = model.probabilities(known[1]), model.probabilities(known[1], 30)
    assert ((year > 0) & (year < 1)).all()
    assert (year <= month).all()
    assert year.mean() < month.mean() - 0.05


@pytest.mark.parametrize(
    ("broken", "part", "word"),
    [
        ((bgnbd, "fit"), "process", "BG/NBD"),
        ((logistic, "regression"), "linear", "logistic regression did not converge"),
        ((trees, "fit"), "trees", "boosting"),
    ],
)
def test_a_part_that_does_not_converge_is_done_without(
    known: tuple[list[Window], np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    broken: tuple[Any, str],
    part: str,
    word: str,
) -> None:
    monkeypatch.setattr(*broken, lambda *args, **options: None)
    model, notes = model_of(known, 40)
    assert getattr(model, part) is None
    assert model.fitted
    assert any(word in note for note in notes)
    chances = model.probabilities(known[1])
    assert np.isfinite(chances).all()
    assert chances.std() > 0.05
    again = restored(*saved(model))
    assert (again.probabilities(known[1]) == chances).all()


def test_a_window_without_a_purchase_gaps_its_own_never_has_a_later_one(
    known: tuple[list[Window], np.ndarray],
) -> None:
    """Today's process is fitted on what happened in the windows and after them."""
    windows, table = known
    today = bgnbd.fit(Counts.of(table))
    assert today is not None
    plain = ChurnModel(horizon_days=40, window_days=40, base_rate=0.5, process=today)
    first, second, third = windows[:3]
    gaps = [replace(first, process=None), second, replace(third, process=None)]
    rows = _rows(plain, gaps)
    assert (rows[0][:, -1] == 0).all()
    assert second.process is not None
    assert (rows[1] == _rows(plain, [second])[0]).all()
    assert (rows[2][:, -1] == second.process.log_odds(Counts.of(third.raw), 40)).all()


def test_the_judged_model_knows_the_gaps_of_its_past_only(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ChurnModel] = []

    def noted(plain: ChurnModel, *given: Any, **options: Any) -> tuple[ChurnModel, list[str]]:
        asked.append(plain)
        return fit_windows(plain, *given, **options)

    monkeypatch.setattr(churn_fit, "fit_windows", noted)
    fitted(history, horizon_days=40)
    now, then = asked
    checked = check(history, NOW)
    assert now.usual_gap == usual_gap(purchase_gaps(checked)[1])
    moment = to_micros(NOW) - 40 * DAY
    cut = check(History.from_rows(row for row in make_events() if row["at"] < moment), from_micros(moment))
    assert then.usual_gap == usual_gap(purchase_gaps(cut)[1])
    assert len(purchase_gaps(cut)[1]) < len(purchase_gaps(checked)[1])


def test_where_nothing_converges_there_is_no_model(
    known: tuple[list[Window], np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, name in ((bgnbd, "fit"), (logistic, "regression"), (trees, "fit")):
        monkeypatch.setattr(place, name, lambda *args, **options: None)
    model, notes = model_of(known, 40)
    assert not model.fitted
    assert notes


def test_a_young_shop_has_bg_nbd_alone() -> None:
    """Six days of history: no window to learn from, and already a process."""
    draw = np.random.default_rng(0)
    rows = [
        {
            "id": f"{customer}-{day}",
            "kind": "purchase",
            "customer": f"c{customer}",
            "product": "p0",
            "quantity": 1,
        }
        | {"at": to_micros(NOW - timedelta(days=5.5 - day)), "amount": 100, "currency": "CNY"}
        for customer in range(120)
        for day in range(6)
        if draw.random() < 0.2 + 0.3 * (customer % 2)
    ]
    found = fitted(History.from_rows(rows, make_products()), horizon_days=30)
    assert found.model.policy == "bg_nbd"
    assert found.readiness[0].fallback == "BG/NBD"


def contact(customer: str, days: float) -> dict[str, Any]:
    at = to_micros(NOW - timedelta(days=days))
    return {"id": f"x{customer}{days}", "kind": "contact", "customer": customer, "at": at}


def test_those_whom_a_campaign_reached_are_left_out(history: History) -> None:
    reached = [contact(f"c{number}", 5.0) for number in range(0, 260, 3)]
    campaign = History.from_rows([*make_events(), *reached], make_products())
    checked = check(campaign, NOW)
    window = make_window(Shop(checked.history), to_micros(NOW) - 30 * DAY, to_micros(NOW))
    alone = left_alone(window, checked.history.events)
    contacted = {one["customer"] for one in reached} | {
        row["customer"]
        for row in make_events()
        if row["kind"] == "contact" and window.moment <= row["at"] < window.end
    }
    assert {one for one, yes in zip(window.customers, alone, strict=True) if not yes} == contacted & set(
        window.customers
    )
    kept, notes = untreated([window], checked.history.events)
    assert set(kept[0].customers) == set(window.customers) - contacted
    assert "left alone" in notes[0]


def test_without_a_holdout_the_labels_are_kept_and_that_is_said(history: History) -> None:
    everybody = [contact(f"c{number}", 5.0) for number in range(260)]
    checked = check(History.from_rows([*make_events(), *everybody], make_products()), NOW)
    window = make_window(Shop(checked.history), to_micros(NOW) - 30 * DAY, to_micros(NOW))
    kept, notes = untreated([window], checked.history.events)
    assert kept[0].customers == window.customers
    assert "keep a holdout" in notes[0]


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fitted, Window]:
    """CDNOW as of day 182, and the 91 days after it."""
    path: Path = cdnow()
    start = 852_076_800 * 1_000_000
    moment, end = start + 182 * DAY, start + 273 * DAY
    log = read_log(path, Columns.parse(CDNOW_COLUMNS), before=from_micros(moment))
    whole = read_log(path, Columns.parse(CDNOW_COLUMNS), before=from_micros(end))
    checked = log.checked()
    found = fit(checked, Shop(checked.history), seed=0, horizon_days=91)
    return found, make_window(Shop(whole.checked().history), moment, end)


@pytest.mark.slow
def test_cdnow_later(later: tuple[Fitted, Window]) -> None:
    """A window inside the past that the benchmark's later one begins after."""
    found, window = later
    chances = found.model.probabilities(window.raw)
    assert found.model.policy == "blend"
    assert auc(window.left, chances) > 0.75
    assert calibration_error(window.left, chances) < 0.02
    assert chances.mean() == pytest.approx(window.left.mean(), abs=0.02)
