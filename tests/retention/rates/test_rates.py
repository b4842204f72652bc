"""Retention rates, cohorts and survival curves equal a count by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import isclose

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.intervals import wilson
from kernel.times import to_micros
from retention.rates import (
    Activity,
    Ending,
    Kind,
    Rate,
    Unit,
    cohorts,
    kaplan_meier,
    rates,
    survival,
)

START = date(2026, 1, 1)
VISITS = {
    # days after 2026-01-01, twice on one day is once
    "ann": ("web", [0, 0, 5, 40, 75]),
    "bob": ("web", [3]),
    "cho": ("shop", [10, 45, 46]),
    "dee": ("shop", [31, 62]),
    "eva": ("shop", [85]),
}
END = 90


def made(visits: dict[str, tuple[str, list[int]]], end: int, *, grouped: bool = False) -> Activity:
    rows = [(name, channel, day) for name, (channel, days) in visits.items() for day in days]
    events = pa.table(
        {
            "customer": pa.array([name for name, _, _ in rows], pa.string()),
            "kind": pa.array(["purchase"] * len(rows), pa.string()),
            "at": pa.array([to_micros(_moment(day)) for _, _, day in rows], pa.int64()),
        }
    )
    by = pa.chunked_array([pa.array([channel for _, channel, _ in rows], pa.string())])
    return Activity.of(events, _moment(end, hour=0), by=by if grouped else None)


def _moment(day: int, hour: int = 11) -> datetime:
    return datetime(START.year, START.month, START.day, hour, tzinfo=UTC) + timedelta(days=day)


def counts(found: list[Rate]) -> list[tuple[object, object, int, int]]:
    return [(one.start, one.end, one.customers, one.returned) for one in found]


def test_classic_counts_who_is_there_in_the_period_itself() -> None:
    """Watched for 60 days: ann (back on her day 40), bob, cho (35); dee came 58 days before the end."""
    assert counts(rates(made(VISITS, END), Kind.CLASSIC)) == [(30, 59, 3, 2), (60, 89, 1, 1)]


def test_rolling_counts_who_is_there_then_or_later() -> None:
    found = rates(made(VISITS, END), Kind.ROLLING)
    assert counts(found) == [(30, 59, 3, 2), (60, 89, 1, 1)]
    later = rates(made({**VISITS, "fay": ("web", [1, 70])}, END), Kind.ROLLING)
    assert counts(later)[0] == (30, 59, 4, 3)


def test_brackets_count_both_ends() -> None:
    found = rates(made(VISITS, END), Kind.BRACKET, brackets=((1, 5), (6, 30), (31, 58)))
    assert counts(found) == [(1, 5, 4, 1), (6, 30, 4, 0), (31, 58, 4, 3)]


def test_within_counts_who_comes_back_in_the_next_period() -> None:
    """Days 0 to 29: ann, bob, cho; 30 to 59: ann, cho, dee; 60 to 89: ann, dee, eva."""
    found = rates(made(VISITS, END), Kind.WITHIN)
    assert counts(found) == [
        (START + timedelta(30), START + timedelta(59), 3, 2),
        (START + timedelta(60), START + timedelta(89), 3, 2),
    ]


def test_groups_are_those_of_the_first_row() -> None:
    found = rates(made(VISITS, END, grouped=True), Kind.WITHIN)
    assert [(one.group, one.customers, one.returned) for one in found] == [
        ("shop", 1, 1),
        ("shop", 2, 1),
        ("web", 2, 1),
        ("web", 1, 1),
    ]


def test_a_cohort_table_by_month() -> None:
    cells = cohorts(made(VISITS, END))
    assert [(one.cohort, one.period, one.customers, one.active, one.complete) for one in cells] == [
        ("2026-01", 0, 3, 3, True),
        ("2026-01", 1, 3, 2, True),
        ("2026-01", 2, 3, 1, True),
        ("2026-02", 0, 1, 1, True),
        ("2026-02", 1, 1, 1, True),
        ("2026-03", 0, 1, 1, True),
    ]


def test_a_period_that_is_not_over_is_marked() -> None:
    assert [one.complete for one in cohorts(made(VISITS, END - 1)) if one.cohort == "2026-01"] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("unit", "label"), [(Unit.WEEK, "2025-12-29"), (Unit.MONTH, "2026-01"), (Unit.QUARTER, "2026-Q1")]
)
def test_labels_of_periods(unit: Unit, label: str) -> None:
    assert cohorts(made(VISITS, END), unit)[0].cohort == label


def test_the_intervals_of_a_share() -> None:
    """From Wilson's formula by hand: 2 of 3, and the ends."""
    low, high = wilson(2, 3)
    assert (round(low, 4), round(high, 4)) == (0.2077, 0.9385)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


def test_kaplan_meier_equals_the_published_estimate() -> None:
    """Freireich's remission times under 6-MP (weeks), the estimate as in Kalbfleisch and Prentice."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    watched = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = kaplan_meier(np.array(ended + watched), np.array([True] * len(ended) + [False] * len(watched)))
    assert curve.day.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert np.round(curve.share, 3).tolist() == [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert (round(float(curve.low[0]), 3), round(float(curve.high[0]), 3)) == (0.620, 0.952)
    assert curve.median == 23
    assert (curve.at(5), round(curve.at(8), 3)) == (1.0, 0.807)


def test_a_lapse_counts_from_the_day_it_is_certain() -> None:
    """Lapse of 30 days. ann is silent from 6 to 39: ended at 35; bob at 30; cho at 30; dee at 30; eva is watched."""
    curve = survival(made(VISITS, END), Ending.LAPSE, lapse=30)[0]
    assert curve.day.tolist() == [30, 35]
    assert curve.ended.tolist() == [3, 1]
    assert curve.at_risk.tolist() == [4, 1]


def test_a_return_is_the_second_day() -> None:
    curve = survival(made(VISITS, END), Ending.RETURN)[0]
    assert curve.day.tolist() == [5, 31, 35]
    assert curve.at_risk.tolist() == [4, 3, 2]
    assert curve.share.tolist() == pytest.approx([3 / 4, 2 / 4, 1 / 4])


# --- against a count without arrays -----------------------------------------------------------------------

shops = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.sampled_from(["web", "shop"]), st.lists(st.integers(0, 59), min_size=1, max_size=6)),
    min_size=1,
)


@given(visits=shops, period=st.integers(1, 25))
def test_rates_equal_a_count(visits: dict[str, tuple[str, list[int]]], period: int) -> None:
    activity = made(visits, 60)
    days = {name: sorted(set(days)) for name, (_, days) in visits.items()}
    for kind in (Kind.CLASSIC, Kind.ROLLING):
        for one in rates(activity, kind, period=period):
            assert isinstance(one.start, int)
            assert isinstance(one.end, int)
            able = [seen for seen in days.values() if seen[0] + one.end <= 59]
            last = one.end if kind is Kind.CLASSIC else 999
            back = [s for s in able if any(one.start <= day - s[0] <= last for day in s)]
            assert (one.customers, one.returned) == (len(able), len(back))
            assert one.rate is not None
            low, high = one.interval
            assert low <= one.rate + 1e-12
            assert high >= one.rate - 1e-12
    for one in rates(activity, Kind.WITHIN, period=period):
        assert isinstance(one.start, date)
        start = (one.start - START).days
        before = {n for n, s in days.items() if any(start - period <= day < start for day in s)}
        after = {n for n in before if any(start <= day < start + period for day in days[n])}
        assert (one.customers, one.returned) == (len(before), len(after))


@given(visits=shops)
def test_cohorts_equal_a_count(visits: dict[str, tuple[str, list[int]]]) -> None:
    sizes: dict[str, set[str]] = defaultdict(set)
    active: dict[tuple[str, int], set[str]] = defaultdict(set)
    for name, (_, days) in visits.items():
        months = sorted((START + timedelta(day)).month for day in days)
        sizes[f"2026-{months[0]:02}"].add(name)
        for month in months:
            active[(f"2026-{months[0]:02}", month - months[0])].add(name)
    for cell in cohorts(made(visits, 60)):
        assert cell.customers == len(sizes[cell.cohort])
        assert cell.active == len(active[(cell.cohort, cell.period)])


@given(visits=shops, lapse=st.integers(1, 40))
def test_survival_equals_a_count(visits: dict[str, tuple[str, list[int]]], lapse: int) -> None:
    """The product-limit estimate day by day, each customer followed with a finger on the calendar."""
    fates = []
    for _, days in visits.values():
        seen = set(days)
        silent, first = 0, min(days)
        for day in range(first + 1, 60):
            silent = 0 if day in seen else silent + 1
            if silent == lapse:
                fates.append((day - first, True))
                break
        else:
            fates.append((59 - first, False))
    share = 1.0
    curve = survival(made(visits, 60), Ending.LAPSE, lapse=lapse)[0]
    for day in range(60):
        at_risk = sum(until >= day for until, _ in fates)
        ended = sum(until == day and over for until, over in fates)
        if ended:
            share *= 1 - ended / at_risk
        assert isclose(curve.at(day), share, abs_tol=1e-12)
    assert (curve.low <= curve.share + 1e-12).all()
    assert (curve.high >= curve.share - 1e-12).all()
