"""Who may do what: everybody on the staff may look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.staff import Staff, StaffMember

T = TypeVar("T")

ANSWERING = ("agent", "admin")
"""May write to customers and decide what they ask for."""
CAMPAIGNING = ("campaigner", "admin")
"""May start campaigns, pause them, end them and let them go on."""
REDEEMING = ("agent", "admin")
"""May use codes at the till, and give them back."""
SWITCHING = ("admin",)
"""May switch skills."""

ERASING = ("admin",)
"""May erase a person for good."""

MANAGING = ("admin",)
"""May add members of staff, change their roles, keep them out and let them in."""

IMPORTING = ("admin",)
"""May take the shop's files in, and see what is in them."""

EDITING = ("admin",)
"""May write to the shop's pages."""

PRICING = ("admin",)
"""May have list prices proposed, approve them and undo them."""


class NotAllowed(Exception):
    """This member of staff may look but not act."""

    def __init__(self, member: StaffMember, said: str = "") -> None:
        super().__init__(said or f"the role of {member.login}, {member.role}, does not allow this")


class AccessChanged(NotAllowed):
    """What this member may do was changed after they signed in: nothing goes on with what they were then."""

    def __init__(self, member: StaffMember) -> None:
        super().__init__(member, f"the access of {member.login} was changed; sign in again")


async def require(connection: AsyncConnection, member: StaffMember, roles: tuple[str, ...]) -> StaffMember:
    """Let only members with one of these roles pass, as they are now; they stay so until the transaction ends.

    Args:
        connection: the transaction in which they act.
        member: as they were when they signed in.
        roles: those that may.

    Returns:
        The member as they are now.

    Raises:
        AccessChanged: they were kept out, or have another role or password, since.
        NotAllowed: their role is another.
    """
    return check(await Staff(connection).standing(member.id), member, roles)


def check(now: StaffMember | None, member: StaffMember, roles: tuple[str, ...]) -> StaffMember:
    """The same of a member as they are `now`, where nothing is written.

    Raises:
        AccessChanged, NotAllowed: as `require`.
    """
    if now is None or not now.active or now.session_version != member.session_version:
        raise AccessChanged(member)
    if now.role not in roles:
        raise NotAllowed(now)
    return now


def permitted(
    member: StaffMember, roles: tuple[str, ...], work: Callable[[AsyncConnection], Awaitable[T]]
) -> Callable[[AsyncConnection], Awaitable[T]]:
    """A unit of work of a member's, which begins with `require` in its own transaction."""

    async def checked(connection: AsyncConnection) -> T:
        await require(connection, member, roles)
        return await work(connection)

    return checked
