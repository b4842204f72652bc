"""Where a command's events come from: a log file, or the store of the shop that mounts the app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention.commands.output import fail, open_log

if TYPE_CHECKING:
    from retention.checks import Checked
    from retention.history import History
    from retention.logs import Log

Shop = Callable[[datetime | None], tuple["History", datetime]]
"""Where the program that mounts the app finds its own shop's history, as of a moment or of now."""

OwnEvents = Annotated[
    Path | None,
    typer.Option("--events", help="The shop's log, .csv or .parquet; without it, this shop's own store."),
]


@dataclass(frozen=True, slots=True)
class Source:
    """A history, and what it is called."""

    name: str
    history: History
    at: datetime
    rows: int
    items: bool
    """Whether purchases name what was bought."""
    notes: Sequence[str] = ()
    groups: Any = None
    """The values of the column asked for, one for each event."""
    log: Log | None = None

    def checked(self) -> Checked:
        """Every row judged."""
        from retention.checks import check

        return self.log.checked() if self.log is not None else check(self.history, self.at)


def opened(
    context: typer.Context,
    events: Path | None,
    columns: str | None,
    at: datetime | None,
    by: str | None = None,
) -> Source:
    """Read the log, or the own store where none is named; what cannot be read ends the command."""
    if events is not None:
        log = open_log(events, columns, at, by=by)
        return Source(
            events.name, log.history, log.at, log.rows, "item" in log.columns, log.notes, log.by, log
        )
    shop: Shop | None = context.obj
    if shop is None:
        fail("name the shop's log with --events FILE")
    if columns is not None:
        fail("--columns belongs to a log: name it with --events FILE")
    history, end = shop(at)
    return Source("this shop", history, end, history.events.num_rows, True, groups=_own_groups(history, by))


def _own_groups(history: History, by: str | None) -> Any:
    import pyarrow.compute as pc

    if by is None:
        return None
    if by == "channel":
        return history.events.column("channel")
    if by in ("language", "tier"):
        people = history.customers
        place = pc.index_in(
            history.events.column("customer"), value_set=people.column("customer").combine_chunks()
        )
        return people.column(by).take(place)
    return fail(f"--by {by!r}: the own store can be grouped by channel, language or tier")
