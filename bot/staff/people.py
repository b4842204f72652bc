"""Who works here: adding members of staff, their roles and passwords, and keeping them out.

Every change is seen by all replicas at once: sessions of the member begun before it are over, and what they do in a
page that is still open is refused, since each action reads them anew (`bot.staff.roles.require`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from bot.staff.accounts import hash_password, new_password
from bot.staff.roles import ANSWERING, MANAGING, require
from kernel.times import utc_now
from storage import Conflict, NotFound, Store
from storage.audit import TERMINAL, Audit
from storage.escalations import Escalations
from storage.staff import ROLES, Staff, StaffMember

T = TypeVar("T")

LANGUAGES = ("zh", "en")
MAX_LOGIN, MAX_NAME = 60, 100


class LoginInvalid(ValueError):
    """A login has 1 to 60 characters without spaces."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


class LastAdmin(Conflict):
    """This is the only active admin; make another one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change of a member came to."""

    member: StaffMember
    """As they were before."""
    changed: bool
    """Whether it was not so already."""
    released: int = 0
    """How many of their cases went back to the queue."""


class People:
    """Members of staff, for the console and the command line alike.

    Whoever acts is named by `by`: a member, who must be an admin, or None for whoever runs commands on the server.
    """

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def everybody(self) -> Sequence[StaffMember]:
        """All members: the active first, by login."""
        async with self._store.read() as connection:
            members = await Staff(connection).all()
        return sorted(members, key=lambda member: (not member.active, member.login))

    async def add(
        self, by: StaffMember | None, login: str, name: str = "", role: str = "agent", language: str = "zh"
    ) -> str:
        """Add a member; return their password, which nobody can look up later.

        Raises:
            NotAllowed: whoever acts is no admin.
            LoginInvalid: the login can't be one.
            ValueError: there is no such role or language, or the name is too long.
            storage.staff.LoginTaken: another member has the login.
        """
        _check(login, name, role, language)
        password = new_password()
        hashed = await asyncio.to_thread(hash_password, password)

        async def work(connection: AsyncConnection) -> None:
            added = await Staff(connection).add(
                login=login, name=name or login, role=role, password_hash=hashed, language=language,
                now=self._clock(),
            )  # fmt: skip
            await self._note(connection, by, "member_added", added, login, role=role)

        await self._act(by, work)
        return password

    async def give_password(self, by: StaffMember | None, login: str) -> str:
        """Give a member a new password, and return it; whoever used the old one is signed out.

        Raises:
            NotAllowed: whoever acts is no admin.
            storage.NotFound: there is no such login.
        """
        password = new_password()
        hashed = await asyncio.to_thread(hash_password, password)

        async def work(connection: AsyncConnection) -> None:
            member = _one(await Staff(connection).hold(), login)
            await Staff(connection).change(member.id, password_hash=hashed)
            await self._note(connection, by, "member_password", member.id, login)

        await self._act(by, work)
        return password

    async def set_role(self, by: StaffMember | None, login: str, role: str) -> Change:
        """Give a member another role; cases that they may not answer any more go back to the queue.

        Raises:
            NotAllowed: whoever acts is no admin.
            ValueError: there is no such role.
            storage.NotFound: there is no such login.
            LastAdmin: nobody else could manage the staff.
        """
        if role not in ROLES:
            raise ValueError(f"a role is one of {', '.join(ROLES)}, not {role!r}")
        return await self._change(by, login, "member_role", role=role)

    async def deactivate(self, by: StaffMember | None, login: str) -> Change:
        """Keep a member out, at once and everywhere; their cases go back to the queue.

        Raises:
            NotAllowed: whoever acts is no admin.
            storage.NotFound: there is no such login.
            LastAdmin: nobody else could manage the staff.
        """
        return await self._change(by, login, "member_deactivated", active=False)

    async def activate(self, by: StaffMember | None, login: str) -> Change:
        """Let a member in again, with the password that they had.

        Raises:
            NotAllowed: whoever acts is no admin.
            storage.NotFound: there is no such login.
        """
        return await self._change(by, login, "member_activated", active=True)

    async def _change(
        self,
        by: StaffMember | None,
        login: str,
        action: str,
        *,
        role: str | None = None,
        active: bool | None = None,
    ) -> Change:
        async def work(connection: AsyncConnection) -> Change:
            members = await Staff(connection).hold()
            before = _one(members, login)
            will_be = (role or before.role, before.active if active is None else active)
            if will_be == (before.role, before.active):
                return Change(member=before, changed=False)
            if will_be != ("admin", True) and _admins(members) == [before]:
                raise LastAdmin
            await Staff(connection).change(before.id, role=role, active=active)
            details = {} if role is None else {"was": before.role, "role": role}
            await self._note(connection, by, action, before.id, login, **details)
            may_answer = will_be[1] and will_be[0] in ANSWERING
            released = 0 if may_answer else await self._release(connection, by, before.id, action)
            return Change(member=before, changed=True, released=released)

        return await self._act(by, work)

    async def _release(
        self, connection: AsyncConnection, by: StaffMember | None, staff_id: int, reason: str
    ) -> int:
        """Put all cases of a member back into the queue; how many."""
        count = 0
        while cases := await Escalations(connection).find(("taken",), staff_id):
            for case in cases:
                await ownership.release(
                    connection, case.id, staff_id, self._clock(), reason=reason, actor=_actor(by)
                )
            count += len(cases)
        return count

    async def _act(self, by: StaffMember | None, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def checked(connection: AsyncConnection) -> T:
            if by is not None:
                # All are locked in one order before one's own row is looked at: two admins who change each other
                # at once wait for each other, and the second is refused.
                await Staff(connection).hold()
                await require(connection, by, MANAGING)
            return await work(connection)

        return await self._store.write(checked)

    async def _note(
        self,
        connection: AsyncConnection,
        by: StaffMember | None,
        action: str,
        staff_id: int,
        login: str,
        **details: str,
    ) -> None:
        await Audit(connection).add(
            _actor(by), action, f"staff:{staff_id}", {"login": login, **details}, self._clock()
        )


def _actor(by: StaffMember | None) -> str:
    return TERMINAL if by is None else f"staff:{by.id}"


def _admins(members: Sequence[StaffMember]) -> list[StaffMember]:
    return [member for member in members if member.role == "admin" and member.active]


def _one(members: Sequence[StaffMember], login: str) -> StaffMember:
    for member in members:
        if member.login == login:
            return member
    raise NotFound(f"there is no member of staff with the login {login!r}; `liuke staff members` shows them")


def _check(login: str, name: str, role: str, language: str) -> None:
    if not (0 < len(login) <= MAX_LOGIN and login.isprintable() and not any(map(str.isspace, login))):
        raise LoginInvalid
    if len(name) > MAX_NAME or not name.isprintable():
        raise ValueError(f"a name has {MAX_NAME} characters at most, in one line")
    if role not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}, not {role!r}")
    if language not in LANGUAGES:
        raise ValueError(f"a language is one of {', '.join(LANGUAGES)}, not {language!r}")
