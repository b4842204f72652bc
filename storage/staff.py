"""The people who answer, and where they have signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.errors import Conflict, NotFound
from storage.repository import Repository, columns_of
from storage.schema import staff, staff_session

ROLES = ("viewer", "agent", "campaigner", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A member of staff, without the password's hash."""

    id: int
    login: str
    name: str
    role: str
    language: str
    active: bool
    session_version: int = 0
    """Goes up with a new password, another role, and when they are let in or kept out."""


_FIELDS = columns_of(staff, StaffMember)


class LoginTaken(Conflict):
    """Another member of staff has this login; choose another."""


class Staff(Repository):
    """Members of staff and their sign-in."""

    async def add(
        self, *, login: str, name: str, role: str, password_hash: str, language: str, now: datetime
    ) -> int:
        """Add a member and return the id.

        Raises:
            LoginTaken: another member has the login.
        """
        try:
            async with self._connection.begin_nested():
                return await self._add(
                    staff,
                    login=login,
                    name=name,
                    role=role,
                    password_hash=password_hash,
                    language=language,
                    active=True,
                    created_at=now,
                )
        except IntegrityError:
            raise LoginTaken(f"the login {login!r} is taken; choose another") from None

    async def count(self) -> int:
        """How many members there are, active or not."""
        return await self._count(staff)

    async def all(self) -> list[StaffMember]:
        """Everybody, by login."""
        return await self._list(StaffMember, select(*_FIELDS).order_by(staff.c.login))

    async def get(self, staff_id: int) -> StaffMember | None:
        """A member by id."""
        return await self._one(StaffMember, select(*_FIELDS).where(staff.c.id == staff_id))

    async def by_login(self, login: str) -> tuple[StaffMember, str] | None:
        """An active member and the password's hash."""
        known = select(*_FIELDS, staff.c.password_hash).where(staff.c.login == login)
        return await self._one(
            lambda password_hash, **values: (StaffMember(**values), str(password_hash)),
            known.where(staff.c.active.is_(True)),
        )

    async def standing(self, staff_id: int) -> StaffMember | None:
        """One member, who stays as they are until the transaction ends; only for writing transactions."""
        return await self._one(
            StaffMember, select(*_FIELDS).where(staff.c.id == staff_id).with_for_update(read=True)
        )

    async def hold(self) -> list[StaffMember]:
        """All members, whom nobody else changes until the transaction ends; always locked in the same order."""
        return await self._list(
            StaffMember, select(*_FIELDS).order_by(staff.c.id).with_for_update(key_share=True)
        )

    async def change(
        self,
        staff_id: int,
        *,
        password_hash: str | None = None,
        role: str | None = None,
        active: bool | None = None,
    ) -> None:
        """Give a member another password or role, let them in or keep them out; their sessions end.

        Raises:
            NotFound: there is no such member.
        """
        given = {"password_hash": password_hash, "role": role, "active": active}
        if not await self._changed(
            update(staff)
            .where(staff.c.id == staff_id)
            .values(
                session_version=staff.c.session_version + 1,
                **{name: value for name, value in given.items() if value is not None},
            )
        ):
            raise NotFound(f"there is no member of staff {staff_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSession:
    """A member of staff in one browser."""

    key: str
    staff_id: int
    version: int
    """The member's `session_version` when they signed in; the session is over when theirs is another."""
    used_at: datetime


class StaffSessions(Repository):
    """Sessions by a key that only a hash is kept of."""

    async def add(self, key: str, *, staff_id: int, version: int, now: datetime) -> None:
        """Begin a session."""
        await self._connection.execute(
            insert(staff_session).values(key=key, staff_id=staff_id, version=version, used_at=now)
        )

    async def get(self, key: str) -> StaffSession | None:
        """The session with this key, also one that is over."""
        return await self._one(StaffSession, select(staff_session).where(staff_session.c.key == key))

    async def rekey(self, key: str, new_key: str, *, used_since: datetime) -> bool:
        """Give a session another key, if it was used since then; of several who try one succeeds."""
        return await self._changed(
            update(staff_session)
            .where(staff_session.c.key == key, staff_session.c.used_at >= used_since)
            .values(key=new_key)
        )

    async def used(self, key: str, now: datetime) -> None:
        """Note that it was used."""
        await self._connection.execute(
            update(staff_session).where(staff_session.c.key == key).values(used_at=now)
        )

    async def end(self, key: str) -> None:
        """Forget a session; one that is not there is no error."""
        await self._connection.execute(delete(staff_session).where(staff_session.c.key == key))
