"""The time, as the parts that run by themselves ask for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives an aware datetime in UTC."""


def utc_now() -> datetime:
    """The clock of the machine."""
    return datetime.now(UTC)
