"""What can go wrong in the retention room.

RetentionError
├── HistoryError        the tables that came in cannot be used at all
│   ├── MissingColumn   a column of the schema is absent
│   ├── WrongType       a column cannot be read as its type without loss
│   ├── LogRefused      a log file cannot be read as a shop's history
│   └── ExperimentRefused  effects cannot be learned from a table of treated and others
├── OutsideSupport      a policy would do what the log never did
└── ModelDamaged        a saved model is incomplete, changed, or of a form this program doesn't know
"""

from __future__ import annotations

from collections.abc import Sequence

from kernel import errors
from kernel.errors import LiukeError


class RetentionError(LiukeError):
    """Something in the retention room could not be done."""


class HistoryError(RetentionError):
    """The history's tables do not have the documented form."""


class MissingColumn(HistoryError):
    """A table lacks a column that the schema asks for."""

    def __init__(self, table: str, columns: list[str]) -> None:
        self.table = table
        self.columns = columns
        super().__init__(
            f"the table {table!r} lacks the column(s) {', '.join(columns)}: add them, null if unknown"
        )


class WrongType(HistoryError):
    """A column's values cannot be read as the type that the schema asks for."""

    def __init__(self, table: str, column: str, found: str, wanted: str) -> None:
        self.table = table
        self.column = column
        super().__init__(
            f"{table}.{column} is {found} and cannot be read as {wanted} without loss: cast it first"
        )


class LogRefused(HistoryError):
    """A log file cannot be read as a shop's history; the message says what it lacks and what to do."""


class ExperimentRefused(HistoryError):
    """Effects cannot be learned from a table of treated and untreated customers; the message says why."""


class OutsideSupport(RetentionError):
    """A policy would choose what the policy that made the log never chose: its value can't be told from that log."""

    def __init__(self, actions: Sequence[str], decisions: int) -> None:
        self.actions = tuple(actions)
        self.decisions = decisions
        super().__init__(
            f"the log says nothing of {', '.join(self.actions)}: in {decisions} decisions the policy would choose it "
            "and it had no logged probability. Let the policy choose among what was eligible, or log it first"
        )


class ModelDamaged(RetentionError, errors.ModelDamaged):
    """A saved model cannot be trusted: keep using the last good version, or fit a new one."""
