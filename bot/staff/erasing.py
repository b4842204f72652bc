"""Doing what a request for erasure asks for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.privacy.erasure import Eraser, requester
from bot.staff.roles import ERASING, require
from storage import Conflict, Store
from storage.audit import Audit
from storage.outbox import Outbox
from storage.requests import Request, Requests
from storage.staff import StaffMember

KIND = "data_erasure"


class ErasureNotYet(Conflict):
    """Accept the request first, and let the message about it leave: afterwards there is nobody to tell anything."""


def told_key(request_id: int, decision: str) -> str:
    """By which the outbox knows the message about a decision."""
    return f"request:{request_id}:{decision}"


async def fulfil(
    store: Store, eraser: Eraser, member: StaffMember, asked: Request, seen_state: str, now: datetime
) -> Request:
    """Erase whoever asked for it; the request is done by that.

    Raises:
        NotAllowed: only an admin may.
        ErasureNotYet: the request isn't accepted, or the customer has not been told yet.
        storage.Conflict: somebody decided it first.
    """
    # Files are changed before the transaction in which the rest is: whoever may not is refused before that, too.
    await store.write(lambda connection: require(connection, member, ERASING))
    async with store.read() as connection:
        told = not await Outbox(connection).is_on_its_way(told_key(asked.id, "accepted"))
    if seen_state != "accepted" or not told:
        raise ErasureNotYet

    async def done(connection: AsyncConnection) -> None:
        await require(connection, member, ERASING)
        await Requests(connection).decide(
            asked.id, seen_state=seen_state, state="done", staff_id=member.id, note="", now=now
        )
        await Audit(connection).add(f"staff:{member.id}", "request_done", f"request:{asked.id}", {}, now)

    await eraser.erase(requester(asked), actor=f"staff:{member.id}", first=done)
    async with store.read() as connection:
        return await Requests(connection).get(asked.id)
