"""Segments of cohorts are those of the end of the first period, and what is counted for them comes after it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from kernel.arrays import Ints
from kernel.times import DAY, from_micros, to_micros
from retention.checks import Checked, check
from retention.churn.windows import choose_horizon, purchase_gaps
from retention.history import History
from retention.rates import Activity, Curve, Ending, Unit, cohorts, survival
from retention.rates.activity import CAME
from retention.rates.segments import NOT_BOUGHT, by_first_period
from retention.segments.rfm import Segment
from tests.contracts.retention_core import NOW

LAPSE = 40
Landmarked = tuple[Activity, Ints]


def month_of(day: int) -> tuple[int, int]:
    """Year and month of a day since 1970."""
    when = from_micros(day * DAY)
    return when.year, when.month


def last_of_month(day: int) -> int:
    """The last day of the month of a day."""
    return max(one for one in range(day, day + 31) if month_of(one) == month_of(day))


@pytest.fixture(scope="module")
def checked(history: History) -> Checked:
    return check(history, NOW)


@pytest.fixture(scope="module")
def landmarked(checked: Checked) -> Landmarked:
    return by_first_period(checked, Activity.of(checked.history.events, NOW), Unit.MONTH)


def purchases_of(checked: Checked) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in checked.history.events.to_pylist():
        if row["kind"] == "purchase":
            found[row["customer"]].append(row)
    return found


def segment_by_hand(checked: Checked, bought: dict[str, list[dict[str, Any]]], eve: int) -> dict[str, str]:
    """Everybody's segment at the end of the day `eve`, counted row by row."""
    end = (eve + 1) * DAY
    seen = {name: [row for row in rows if row["at"] < end] for name, rows in bought.items()}
    seen = {name: rows for name, rows in seen.items() if rows}
    often = {name: len({row["at"] // DAY for row in rows}) for name, rows in seen.items()}
    much = {name: sum(row["amount"] for row in rows) for name, rows in seen.items()}
    first, gaps = purchase_gaps(checked, before=end)
    recent = choose_horizon(gaps, (end - first) / DAY) * DAY
    middle, typical = max(median(often.values()), 1), median(much.values())
    names = {
        (True, True, True): Segment.CHAMPIONS,
        (True, False, True): Segment.BIG_NEWCOMERS,
        (True, True, False): Segment.LOYAL,
        (True, False, False): Segment.NEWCOMERS,
        (False, True, True): Segment.CANNOT_LOSE,
        (False, False, True): Segment.BIG_SPENDERS_LEAVING,
        (False, True, False): Segment.REGULARS_LEAVING,
        (False, False, False): Segment.GONE,
    }
    return {
        name: names[end - rows[-1]["at"] <= recent, often[name] > middle, much[name] > typical].value
        for name, rows in seen.items()
    }


def test_cohorts_by_segment_equal_a_count_by_hand(checked: Checked, landmarked: Landmarked) -> None:
    bought = purchases_of(checked)
    last = (to_micros(NOW) - 1) // DAY
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    active: dict[tuple[str, str, int], int] = defaultdict(int)
    segments: dict[int, dict[str, str]] = {}
    for name, rows in bought.items():
        days = [row["at"] // DAY for row in rows]
        eve = last_of_month(days[0])
        if eve > last:
            continue
        if eve not in segments:
            segments[eve] = segment_by_hand(checked, bought, eve)
        (year, month), group = month_of(days[0]), segments[eve][name]
        cohort = f"{year}-{month:02}"
        sizes[group, cohort] += 1
        for later in {12 * (one - year) + two - month for one, two in map(month_of, days)}:
            active[group, cohort, later] += 1
    cells = cohorts(landmarked[0], Unit.MONTH)
    assert {(cell.group, cell.cohort): cell.customers for cell in cells} == sizes
    assert {(cell.group, cell.cohort, cell.period): cell.active for cell in cells if cell.active} == active
    assert len({group for group, _ in sizes}) >= 5


def test_a_segment_hangs_on_nothing_that_comes_later(checked: Checked, landmarked: Landmarked) -> None:
    """The log cut off at the end of a cohort's first month gives the cohort the same segments."""
    whole, landmark = landmarked
    eve = int(np.quantile(landmark, 0.5, method="nearest"))
    cut = (eve + 1) * DAY
    events = checked.history.events
    early = History(
        events=events.filter(pc.less(events.column("at"), cut)),
        products=checked.history.products,
        customers=checked.history.customers,
    )
    then = from_micros(cut)
    short, _ = by_first_period(check(early, then), Activity.of(early.events, then), Unit.MONTH)
    mine = [
        {name: one.groups[code] for name, code in zip(one.names, one.group.tolist(), strict=True)}
        for one in (whole, short)
    ]
    cohort = [name for name, end in zip(whole.names, landmark.tolist(), strict=True) if end == eve]
    assert len(cohort) > 10
    assert [mine[0][name] for name in cohort] == [mine[1][name] for name in cohort]


@pytest.mark.parametrize("ending", Ending)
def test_survival_counts_from_the_end_of_the_first_period(
    checked: Checked, landmarked: Landmarked, ending: Ending
) -> None:
    """Everybody followed day by day from there on; who had lapsed before is not in it."""
    activity, landmark = landmarked
    last = (to_micros(NOW) - 1) // DAY
    days = {name: {row["at"] // DAY for row in rows} for name, rows in purchases_of(checked).items()}
    fates: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for name, group, eve in zip(activity.names, activity.group.tolist(), landmark.tolist(), strict=True):
        fate = _fate(days[name], eve, last, ending)
        if fate is not None:
            fates[activity.groups[group]].append(fate)
    curves = {str(one.group): one for one in survival(activity, ending, lapse=LAPSE, since=landmark)}
    assert {name: one.customers for name, one in curves.items()} == {n: len(f) for n, f in fates.items()}
    for name, mine in fates.items():
        _equal(curves[name], mine)


def _fate(days: set[int], eve: int, last: int, ending: Ending) -> tuple[int, bool] | None:
    silent = 0
    for day in range(min(days) + 1, last + 1):
        came = day in days
        silent = 0 if came else silent + 1
        if ending is Ending.RETURN and came and day > eve:
            return day - eve, True
        if ending is Ending.LAPSE and silent == LAPSE:
            return (day - eve, True) if day > eve else None
    return last - eve, False


def _equal(curve: Curve, fates: list[tuple[int, bool]]) -> None:
    share = 1.0
    assert curve.longest == max(until for until, _ in fates)
    for day in range(curve.longest + 1):
        at_risk = sum(until >= day for until, _ in fates)
        if ended := sum(until == day and over for until, over in fates):
            share *= 1 - ended / at_risk
        low, high = curve.interval_at(day)
        assert curve.at(day) == pytest.approx(share, abs=1e-12)
        assert low <= share + 1e-12
        assert high >= share - 1e-12


def test_who_came_twice_in_the_first_month_is_not_back_for_it(landmarked: Landmarked) -> None:
    """From the first day, champions would have returned by being champions."""
    activity, landmark = landmarked
    naive = survival(activity, Ending.RETURN)
    fair = survival(activity, Ending.RETURN, since=landmark)
    place = [one.group for one in fair].index(Segment.CHAMPIONS.value)
    assert naive[place].median is not None
    assert fair[place].median is not None
    assert (naive[place].ended[naive[place].day <= 31].sum()) > 0
    assert fair[place].day.min() >= 1


def test_who_has_bought_nothing_by_then_has_a_group(checked: Checked) -> None:
    events = checked.history.events.to_pylist()
    looks = [
        {**events[0], "id": f"look{number}", "kind": "view", "customer": f"looker{number}"}
        for number in range(3)
    ]
    more = History.from_rows([*events, *looks], checked.history.products.to_pylist())
    seen = Activity.of(more.events, NOW, kinds=CAME)
    found, _ = by_first_period(check(more, NOW), seen, Unit.QUARTER)
    lookers = [name for name, code in zip(found.names, found.group.tolist(), strict=True)
               if found.groups[code] == NOT_BOUGHT]  # fmt: skip
    assert set(lookers) >= {"looker0", "looker1", "looker2"}


def test_who_came_in_a_period_that_is_not_over_is_left_out(checked: Checked) -> None:
    end = datetime(2026, 3, 15, tzinfo=UTC)
    seen = Activity.of(checked.history.events, end)
    found, landmark = by_first_period(check(checked.history, end), seen, Unit.MONTH)
    assert 0 < found.customers < seen.customers
    latest = date(1970, 1, 1) + timedelta(days=int(found.first.max()))
    assert latest < date(2026, 3, 1)
    assert (landmark <= found.last_day).all()
    assert found.names == tuple(sorted(found.names))
    assert set(found.customer.tolist()) == set(range(found.customers))
