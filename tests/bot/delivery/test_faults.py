"""The log names a failure once, also when every part of the program meets it."""

from __future__ import annotations

import logging

import pytest

from bot.delivery.faults import Faults
from storage import StoreUnavailable

log = logging.getLogger("bot.test")


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def faults(clock: _Clock) -> Faults:
    return Faults(clock)


def test_a_database_that_is_away_is_a_line_a_minute(
    faults: Faults, clock: _Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(180):
        faults.tell(log.warning, StoreUnavailable("the database can't be reached"), "looking failed")
        faults.tell(log.error, StoreUnavailable("the database can't be reached"), "keeping %d failed", 3)
        clock.now += 1
    assert [record.getMessage() for record in caplog.records] == [
        "the database can't be reached (StoreUnavailable); trying again"
    ] * 3


def test_another_reason_and_another_error_are_told_at_once(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    faults.tell(log.warning, StoreUnavailable("the database can't be reached"), "a")
    faults.tell(log.warning, StoreUnavailable("the database's disk is full"), "b")
    faults.tell(log.warning, ValueError("my phone is 13800138000"), "message %d was not sent", 7)
    faults.tell(log.warning, ValueError("again"), "message %d was not sent", 7)
    assert [record.getMessage() for record in caplog.records] == [
        "the database can't be reached (StoreUnavailable); trying again",
        "the database's disk is full (StoreUnavailable); trying again",
        "message 7 was not sent: ValueError",
        "message 7 was not sent: ValueError",
    ]


def test_that_it_is_over_is_told_once(
    faults: Faults, clock: _Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    faults.over()
    assert not caplog.records
    faults.tell(log.warning, StoreUnavailable("the database can't be reached"), "a")
    clock.now += 34
    faults.over()
    faults.over()
    assert caplog.messages[1:] == ["the database can be used again, after 34 s"]
    # One that comes and goes is no reason for more than a line a minute.
    faults.tell(log.warning, StoreUnavailable("the database can't be reached"), "a")
    faults.over()
    assert len(caplog.messages) == 2
