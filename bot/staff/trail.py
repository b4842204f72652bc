"""Who decided what and when, for the console and the command line alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage import Store
from storage.audit import Audit, AuditEntry
from storage.staff import Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailPage:
    """Some decisions, newest first."""

    entries: Sequence[AuditEntry]
    names: Mapping[int, str]
    """Members of staff by id."""
    older: int | None
    """Ask with it for what came before; None where nothing did."""


class Trail:
    """Reads the log of decisions; nobody changes it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, *, before: int | None = None, people_only: bool = False, size: int = 50
    ) -> TrailPage:
        """The newest decisions, or those before the one with the id `before`."""
        async with self._store.read() as connection:
            found = await Audit(connection).latest(before=before, people_only=people_only, limit=size + 1)
            names = {member.id: member.name for member in await Staff(connection).all()}
        shown = found[:size]
        return TrailPage(entries=tuple(shown), names=names, older=shown[-1].id if len(found) > size else None)
