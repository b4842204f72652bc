"""A warning is a crossing upwards, with the time that is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention import Event, EventKind, Money, Risk, RiskBand, RiskContext
from retention.churn.bands import ORDER, Bands
from retention.churn.warning import MARGIN, crossings, settled
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


def test_a_silence_that_is_too_long_is_warned_of_in_any_band() -> None:
    risks = [risk(name, RiskBand.MEDIUM) for name in ("silent", "quiet", "new")]
    held = dict.fromkeys(("silent", "quiet"), RiskBand.MEDIUM)
    assert [one.customer for one in crossings(held, risks, {"silent", "new"})] == ["silent"]


def test_the_dearest_come_first() -> None:
    risks = [risk("cheap", RiskBand.HIGH, loss=5), risk("dear", RiskBand.HIGH, loss=500)]
    found = crossings(dict.fromkeys(("cheap", "dear"), RiskBand.LOW), risks)
    assert [one.customer for one in found] == ["dear", "cheap"]


EDGES = Bands(medium=0.5, stake=100.0)
LOW, MEDIUM, HIGH = ORDER


def at(probability: float, stake: float = 0.0, edges: Bands = EDGES) -> Risk:
    found = replace(risk("c", edges.of(probability, stake)), probability=probability)
    return replace(found, at_stake=stake)


@pytest.mark.parametrize(
    ("before", "probability", "stake", "band"),
    [
        (LOW, 0.49, 500, LOW),
        (LOW, 0.51, 0, LOW),
        (LOW, 0.53, 0, MEDIUM),
        (LOW, 0.53, 101, MEDIUM),
        (LOW, 0.53, 120, HIGH),
        (LOW, 0.51, 120, LOW),
        (MEDIUM, 0.49, 0, MEDIUM),
        (MEDIUM, 0.47, 120, LOW),
        (MEDIUM, 0.9, 109, MEDIUM),
        (MEDIUM, 0.9, 111, HIGH),
        (HIGH, 0.49, 95, HIGH),
        (HIGH, 0.9, 89, MEDIUM),
        (HIGH, 0.49, 89, MEDIUM),
        (HIGH, 0.0, 500, LOW),
        (None, 0.51, 0, MEDIUM),
    ],
)
def test_a_band_is_left_only_beyond_the_margin(
    before: RiskBand | None, probability: float, stake: float, band: RiskBand
) -> None:
    previous = {} if before is None else {"c": before}
    assert [one.band for one in settled(previous, [at(probability, stake)], EDGES)] == [band]


chances = st.floats(0.0, 1.0)


stakes = st.floats(0.0, 1_000.0)


@given(bands, chances, stakes)
def test_without_a_margin_the_new_bands_stand(before: RiskBand, probability: float, stake: float) -> None:
    now = at(probability, stake)
    assert settled({"c": before}, [now], EDGES, margin=0.0) == [now]


@given(bands, st.lists(st.tuples(chances, stakes), min_size=1, max_size=8))
def test_nobody_far_beyond_an_edge_is_missed(before: RiskBand, nights: list[tuple[float, float]]) -> None:
    """However a risk came there, well inside a band it is settled in it: a slow rise is warned of in the end."""
    held, now = {"c": before}, at(0.0)
    for night in nights:
        (now,) = settled(held, [at(*night)], EDGES)
        held = {"c": now.band}
    probability, stake = nights[-1]
    beyond = abs(probability - EDGES.medium) > 0.03 and abs(stake - EDGES.stake) > 12
    assert not beyond or now.band is at(probability, stake).band


def test_another_fit_alone_warns_of_nobody() -> None:
    """The edges move by less than the margin, and nobody's risk does."""
    risks = [replace(at(0.4 + place / 200, 50.0 + place), customer=f"c{place}") for place in range(100)]
    held = {one.customer: one.band for one in risks}
    moved = Bands(medium=0.485, stake=92.0)
    again = [replace(one, band=moved.of(one.probability, one.at_stake)) for one in risks]
    assert crossings(held, again)
    assert crossings(held, settled(held, again, moved)) == []
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
