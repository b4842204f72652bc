"""A warning is a crossing upwards, with the time that is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention import Event, EventKind, Money, Risk, RiskBand, RiskContext
from retention.churn.warning import MARGIN, ORDER, crossings, settled
from retention.core import Core
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


EDGES = (0.5, 0.8)
LOW, MEDIUM, HIGH = ORDER


def at(probability: float, edges: tuple[float, float] = EDGES) -> Risk:
    band = ORDER[sum(probability >= edge for edge in edges)]
    return replace(risk("c", band), probability=probability)


@pytest.mark.parametrize(
    ("before", "probability", "band"),
    [
        (LOW, 0.49, LOW),
        (LOW, 0.51, LOW),
        (LOW, 0.53, MEDIUM),
        (LOW, 0.81, MEDIUM),
        (LOW, 0.9, HIGH),
        (MEDIUM, 0.49, MEDIUM),
        (MEDIUM, 0.47, LOW),
        (MEDIUM, 0.81, MEDIUM),
        (MEDIUM, 0.82, HIGH),
        (HIGH, 0.79, HIGH),
        (HIGH, 0.77, MEDIUM),
        (HIGH, 0.49, MEDIUM),
        (HIGH, 0.0, LOW),
        (LOW, 1.0, HIGH),
        (None, 0.51, MEDIUM),
    ],
)
def test_a_band_is_left_only_beyond_the_margin(
    before: RiskBand | None, probability: float, band: RiskBand
) -> None:
    previous = {} if before is None else {"c": before}
    assert [one.band for one in settled(previous, [at(probability)], EDGES)] == [band]


chances = st.floats(0.0, 1.0)


@given(bands, chances)
def test_without_a_margin_the_models_bands_stand(before: RiskBand, probability: float) -> None:
    now = at(probability)
    assert settled({"c": before}, [now], EDGES, margin=0.0) == [now]


@given(bands, st.lists(chances, min_size=1, max_size=8))
def test_nobody_far_beyond_an_edge_is_missed(before: RiskBand, nights: list[float]) -> None:
    """However a risk came there, well inside a band it is settled in it: a slow rise is warned of in the end."""
    held, now = {"c": before}, at(0.0)
    for probability in nights:
        (now,) = settled(held, [at(probability)], EDGES)
        held = {"c": now.band}
    beyond = all(abs(nights[-1] - edge) > 0.03 for edge in EDGES)
    assert not beyond or now.band is at(nights[-1]).band


def test_another_fit_alone_warns_of_nobody() -> None:
    """The edges move by less than the margin, and nobody's risk does."""
    risks = [replace(at(0.4 + place / 200), customer=f"c{place}") for place in range(100)]
    bands = {one.customer: one.band for one in risks}
    moved = (0.485, 0.789)
    again = [replace(one, band=at(one.probability, moved).band) for one in risks]
    assert crossings(bands, again)
    assert crossings(bands, settled(bands, again, moved)) == []
    assert MARGIN > 0


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
