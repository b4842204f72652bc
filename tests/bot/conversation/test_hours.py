"""Promises of an answer mind when people are there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.hours import ALWAYS, OpeningHours
from bot.conversation.wording import near_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
HALF_AN_HOUR = timedelta(minutes=30)
DAILY = OpeningHours.parse("09:00-21:00", SHANGHAI)
WEEK = OpeningHours.parse("Mon-Fri 9:00-12:00, Mon-Fri 13:00-18:00, Sat 10:00-16:00", SHANGHAI)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Such as `Wed 25 20:50`, in November 2026."""
    moment = datetime.strptime(f"2026-11 {text.split(maxsplit=1)[1]}", "%Y-%m %d %H:%M").replace(tzinfo=zone)
    assert f"{moment:%a}" == text[:3]
    return moment


@pytest.mark.parametrize(
    ("hours", "now", "due"),
    [
        (DAILY, "Wed 25 12:00", "Wed 25 12:30"),
        (DAILY, "Wed 25 20:30", "Wed 25 21:00"),
        (DAILY, "Wed 25 20:50", "Thu 26 09:20"),
        (DAILY, "Wed 25 21:00", "Thu 26 09:30"),
        (DAILY, "Wed 25 03:00", "Wed 25 09:30"),
        (WEEK, "Wed 25 11:50", "Wed 25 13:20"),
        (WEEK, "Fri 27 17:45", "Sat 28 10:15"),
        (WEEK, "Sat 28 16:00", "Mon 30 09:30"),
        (ALWAYS, "Wed 25 23:50", "Thu 26 00:20"),
        (OpeningHours.parse("20:00-24:00, 0:00-4:00", SHANGHAI), "Wed 25 23:50", "Thu 26 00:20"),
    ],
)
def test_the_time_to_answer_runs_while_people_are_there(hours: OpeningHours, now: str, due: str) -> None:
    assert hours.after(at(now), HALF_AN_HOUR) == at(due)


def test_when_people_come_and_leave() -> None:
    assert DAILY.next_open(at("Wed 25 21:00")) == at("Thu 26 09:00")
    assert DAILY.next_open(at("Wed 25 12:00")) == at("Wed 25 12:00")
    assert WEEK.next_open(at("Sat 28 16:00")) == at("Mon 30 09:00")
    assert WEEK.closes(at("Wed 25 11:50")) == at("Wed 25 12:00")
    moments = [at(f"Wed 25 {clock}") for clock in ("08:59", "09:00", "20:59", "21:00")]
    assert [DAILY.next_open(one) == one for one in moments] == [False, True, True, False]


def test_the_clocks_may_change_meanwhile() -> None:
    hours = OpeningHours.parse("09:00-17:00", ZoneInfo("Europe/Berlin"))
    before = datetime(2026, 10, 24, 16, 50, tzinfo=ZoneInfo("Europe/Berlin"))
    assert hours.after(before, HALF_AN_HOUR) == datetime(2026, 10, 25, 8, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not like"),
        ("nine to five", "is not like"),
        ("Mon-Fri 18:00-9:00", "ends before it begins"),
        ("Mon-Fry 9:00-18:00", "is no day"),
        ("9:00-25:00", "no time of day"),
        ("9:00-18:00,", "is not like"),
    ],
)
def test_what_is_wrong_with_hours_is_said(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        OpeningHours.parse(text, SHANGHAI)


SPANS = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)).filter(lambda s: s[1] < s[2])


@given(
    st.lists(SPANS, min_size=1, max_size=6),
    st.integers(0, 365 * 24 * 60).map(lambda minutes: at("Wed 25 12:00") + timedelta(minutes=minutes)),
    st.integers(1, 240),
)
def test_no_promise_falls_when_nobody_is_there(
    spans: list[tuple[int, int, int]], now: datetime, minutes: int
) -> None:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    text = ", ".join(
        f"{days[day]} {opens // 60}:{opens % 60:02}-{closes // 60}:{closes % 60:02}"
        for day, opens, closes in spans
    )
    hours = OpeningHours.parse(text, SHANGHAI)
    opens = hours.next_open(now)
    assert now <= opens <= now + timedelta(days=7)
    assert hours.next_open(opens) == opens
    due = hours.after(now, timedelta(minutes=minutes))
    assert due >= now + timedelta(minutes=minutes)
    # Spans that overlap count once.
    there = sum((closes - opens for day in hours.week.values() for opens, closes in day), timedelta(0))
    short = there < timedelta(minutes=minutes)
    before = due - timedelta(seconds=1)
    assert short or hours.next_open(before) == before


def test_a_moment_is_written_for_its_reader() -> None:
    now = at("Wed 25 22:00")
    assert near_moment(at("Thu 26 09:00"), "zh", SHANGHAI, now) == "明天（11月26日 周四）9:00"
    assert near_moment(at("Thu 26 09:00"), "en", SHANGHAI, now) == "9:00 tomorrow (Thu 26 Nov)"
    assert near_moment(at("Thu 26 09:00"), "en", ZoneInfo("Europe/London"), now) == (
        "1:00 tomorrow (Thu 26 Nov)"
    )
