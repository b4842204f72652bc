"""Who decided what and when, for the console and the command line alike; nobody changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage import Store
from storage.audit import Audit, AuditEntry
from storage.staff import Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntries:
    """Some decisions, newest first."""

    entries: Sequence[AuditEntry]
    names: Mapping[int, str]
    """Members of staff by id."""
    older: int | None
    """Ask with it for what came before; None where nothing did."""


async def read_audit_log(
    store: Store, *, before: int | None = None, people_only: bool = False, size: int = 50
) -> AuditEntries:
    """The newest decisions, or those before the one with the id `before`."""
    async with store.read() as connection:
        found = await Audit(connection).latest(before=before, people_only=people_only, limit=size + 1)
        names = {member.id: member.name for member in await Staff(connection).all()}
    shown = found[:size]
    return AuditEntries(entries=tuple(shown), names=names, older=shown[-1].id if len(found) > size else None)
