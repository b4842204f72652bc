"""A warning is a crossing upwards, with the time that is left."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

import retention
from retention import Event, EventKind, Money, Risk, RiskBand, RiskContext
from retention.checks import check
from retention.churn.replay import replay
from retention.churn.warning import ORDER, Lead, crossings, summed_up
from retention.core import Core
from retention.features.expressions import Shop
from retention.history import History
from retention.times import DAY, to_micros
from tests.contracts.retention_core import NOW, bought

bands = st.sampled_from(ORDER)


def risk(customer: str, band: RiskBand, *, loss: int = 0, due: float | None = 3.0) -> Risk:
    return Risk(
        customer=customer,
        probability=0.5,
        band=band,
        horizon_days=30,
        policy="blend/v",
        reasons=(),
        expected_loss=Money(loss, "CNY"),
        due_days=due,
    )


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.tuples(bands, bands)))
def test_only_rises_are_warned_of(customers: dict[str, tuple[RiskBand, RiskBand]]) -> None:
    before = {name: one for name, (one, _) in customers.items()}
    found = crossings(before, [risk(name, one) for name, (_, one) in customers.items()])
    rose = {name for name, (old, new) in customers.items() if ORDER.index(new) > ORDER.index(old)}
    assert {one.customer for one in found} == rose
    assert all(one.lead_days == 3.0 for one in found)


def test_the_same_night_again_warns_of_nobody() -> None:
    risks = [risk(f"c{place}", band) for place, band in enumerate(ORDER)]
    assert crossings({one.customer: one.band for one in risks}, risks) == []


def test_somebody_new_has_crossed_nothing() -> None:
    assert crossings({}, [risk("new", RiskBand.HIGH)]) == []


def test_the_dearest_come_first() -> None:
    risks = [risk("cheap", RiskBand.HIGH, loss=5), risk("dear", RiskBand.HIGH, loss=500)]
    found = crossings(dict.fromkeys(("cheap", "dear"), RiskBand.LOW), risks)
    assert [one.customer for one in found] == ["dear", "cheap"]


def test_what_is_left_to_act_in_counts_from_the_customers_own_gaps(fitted: Core) -> None:
    weekly = [bought("p0", days) for days in range(60, 3, -7)]
    now = fitted.risk("c", RiskContext(now=NOW, events=weekly))
    later = fitted.risk("c", RiskContext(now=NOW + timedelta(days=30), events=weekly))
    assert now.due_days is not None
    assert later.due_days is not None
    assert 0 < now.due_days < 14
    assert later.due_days == round(now.due_days - 30, 2)
    view = Event(kind=EventKind.VIEW, at=NOW - timedelta(days=1))
    assert fitted.risk("c", RiskContext(now=NOW, events=[view])).due_days is None


def test_counts_by_hand() -> None:
    warned = {"a": Lead(4.0, 9.0), "b": Lead(-2.0, 3.0), "c": Lead(1.0, 1.0), "x": Lead(9.0, 9.0)}
    found = summed_up(warned, ["a", "b", "c", "d"], frozenset("abd"), 3)
    assert (found.customers, found.left, found.warned, found.warned_and_left) == (4, 3, 3, 2)
    assert found.warned_before_due == 1
    assert (found.due_days[1], found.lead_days[1]) == (1.0, 6.0)
    assert (found.precision, found.recall) == (2 / 3, 2 / 3)


def test_warnings_come_before_people_are_gone(report: retention.FitReport, history: History) -> None:
    """On the made-up shop, where a third stop coming at some day: most are warned of, most warnings are true."""
    model = retention.load(report.directory).churn
    shop = Shop(check(history, NOW).history)
    nights = 6
    start = to_micros(NOW) - (model.horizon_days + nights * 6) * DAY
    found = replay(model, shop, start, nights, every_days=6)
    assert found.warned > 0
    assert found.precision > found.left / found.customers
    assert found.lead_days[1] > 0
