"""Signing in as a member of staff: passwords by Argon2, few wrong attempts over all replicas."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from storage import Store
from storage.limits import Demand, Limit, RateLimits
from storage.staff import Staff, StaffMember

MIN_PASSWORD = 8
ATTEMPTS = 5
"""So many wrong passwords in a row are let pass …"""
WINDOW = timedelta(minutes=5)
"""… and then one in this time."""

_hasher = PasswordHasher()


class SignInRefused(Exception):
    """The login or the password is wrong, or there were too many attempts."""

    def __init__(self, *, too_many: bool) -> None:
        self.too_many = too_many
        super().__init__("too many attempts; wait five minutes" if too_many else "wrong login or password")


class StaffAccounts:
    """Members of staff and their passwords."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def first_admin(self, now: datetime) -> tuple[str, str] | None:
        """Make `admin` with a random password when there is nobody yet; return both, to be shown once."""
        async with self._store.read() as connection:
            if await Staff(connection).count():
                return None
        password = secrets.token_urlsafe(9)
        await self.add("admin", "Admin", "admin", password, "zh", now)
        return "admin", password

    async def add(self, login: str, name: str, role: str, password: str, language: str, now: datetime) -> int:
        """Add a member.

        Raises:
            ValueError: the password is too short.
            storage.Conflict: the login is taken.
        """
        hashed = await asyncio.to_thread(hash_password, password)
        return await self._store.write(
            lambda connection: Staff(connection).add(
                login=login, name=name, role=role, password_hash=hashed, language=language, now=now
            )
        )

    async def set_password(self, login: str, password: str) -> None:
        """Replace a password.

        Raises:
            ValueError: the password is too short.
            storage.NotFound: there is no such login.
        """
        hashed = await asyncio.to_thread(hash_password, password)
        await self._store.write(lambda connection: Staff(connection).set_password(login, hashed))

    async def sign_in(self, login: str, password: str, now: datetime) -> StaffMember:
        """Check a password.

        Raises:
            SignInRefused: wrong, or too many attempts with this login.
        """
        attempts = _attempts(login)
        # Taken before the password is looked at: guesses sent side by side are counted one by one.
        (taken,) = await self._store.write(
            lambda connection: RateLimits(connection).reserve([Demand(limits=(attempts,))], now)
        )
        if not taken.granted:
            raise SignInRefused(too_many=True)
        async with self._store.read() as connection:
            # No database is asked for what it can't hold, such as a zero character.
            found = await Staff(connection).by_login(login) if login.isprintable() else None
        correct = await asyncio.to_thread(_matches, found[1] if found else None, password)
        if found is None or not correct:
            raise SignInRefused(too_many=False)
        await self._store.write(lambda connection: RateLimits(connection).forget(attempts))
        return found[0]

    async def active(self, staff_id: int) -> StaffMember | None:
        """The member, unless they may no longer sign in."""
        async with self._store.read() as connection:
            member = await Staff(connection).get(staff_id)
        return member if member is not None and member.active else None


def _attempts(login: str) -> Limit:
    """The limit of one login, in the store, so that all replicas count together.

    What is typed there may be a password by mistake: its hash is kept.
    """
    digest = hashlib.sha256(login.encode("utf-8", "replace")).hexdigest()
    return Limit(key=f"sign_in:{digest}", interval=WINDOW, burst=ATTEMPTS)


def hash_password(password: str) -> str:
    """The Argon2 hash of a password.

    Raises:
        ValueError: it is shorter than eight characters.
    """
    if len(password) < MIN_PASSWORD:
        raise ValueError(f"a password has at least {MIN_PASSWORD} characters")
    return _hasher.hash(password.encode("utf-8", "replace"))


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))


def _matches(known_hash: str | None, password: str) -> bool:
    """Takes as long when the login is unknown, so that the time says nothing about which logins exist."""
    try:
        given = password.encode("utf-8", "replace")
        return _hasher.verify(known_hash or _nobodys_hash(), given) and known_hash is not None
    except (VerificationError, InvalidHashError):
        return False
