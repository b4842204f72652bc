"""The people who answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict, NotFound
from storage.schema import staff

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


_FIELDS = (staff.c.id, staff.c.login, staff.c.name, staff.c.role, staff.c.language, staff.c.active)


class Staff:
    """Members of staff and their sign-in."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self, *, login: str, name: str, role: str, password_hash: str, language: str, now: datetime
    ) -> int:
        """Add a member and return the id.

        Raises:
            Conflict: the login is taken.
        """
        try:
            async with self._connection.begin_nested():
                row = await self._connection.execute(
                    insert(staff)
                    .values(
                        login=login,
                        name=name,
                        role=role,
                        password_hash=password_hash,
                        language=language,
                        active=True,
                        created_at=now,
                    )
                    .returning(staff.c.id)
                )
        except IntegrityError:
            raise Conflict(f"the login {login!r} is taken") from None
        return int(row.scalar_one())

    async def count(self) -> int:
        """How many members there are, active or not."""
        return int(await self._connection.scalar(select(func.count()).select_from(staff)) or 0)

    async def all(self) -> list[StaffMember]:
        """Everybody, by login."""
        rows = await self._connection.execute(select(*_FIELDS).order_by(staff.c.login))
        return [StaffMember(**row._mapping) for row in rows]

    async def get(self, staff_id: int) -> StaffMember | None:
        """A member by id."""
        row = (await self._connection.execute(select(*_FIELDS).where(staff.c.id == staff_id))).one_or_none()
        return None if row is None else StaffMember(**row._mapping)

    async def by_login(self, login: str) -> tuple[StaffMember, str] | None:
        """An active member and the password's hash."""
        row = (
            await self._connection.execute(
                select(*_FIELDS, staff.c.password_hash).where(
                    staff.c.login == login, staff.c.active.is_(True)
                )
            )
        ).one_or_none()
        if row is None:
            return None
        values = dict(row._mapping)
        password_hash = str(values.pop("password_hash"))
        return StaffMember(**values), password_hash

    async def set_password(self, login: str, password_hash: str) -> None:
        """Replace a password.

        Raises:
            NotFound: there is no such login.
        """
        changed = await self._connection.execute(
            update(staff).where(staff.c.login == login).values(password_hash=password_hash)
        )
        if changed.rowcount != 1:
            raise NotFound(f"there is no member of staff with the login {login!r}")

    async def set_active(self, login: str, active: bool) -> None:
        """Let a member sign in or not.

        Raises:
            NotFound: there is no such login.
        """
        changed = await self._connection.execute(
            update(staff).where(staff.c.login == login).values(active=active)
        )
        if changed.rowcount != 1:
            raise NotFound(f"there is no member of staff with the login {login!r}")
