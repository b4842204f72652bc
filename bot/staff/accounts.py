"""Signing in as a member of staff: passwords by Argon2, few wrong attempts over all replicas."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, Self

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.times import utc_now
from storage import Store
from storage.audit import Audit
from storage.limits import Demand, Limit, RateLimits
from storage.staff import LoginTaken, Staff, StaffMember, StaffSessions

MIN_PASSWORD = 8
ATTEMPTS = 5
"""So many wrong passwords for a login, from one client, are let pass …"""
WINDOW = timedelta(minutes=5)
"""… and then one in this time."""
ATTEMPTS_OF_A_CLIENT, CLIENT_WINDOW = 20, timedelta(minutes=1)
"""For all logins together; an office behind one address has many people."""
ATTEMPTS_FOR_A_LOGIN, LOGIN_WINDOW = 50, timedelta(minutes=1)
"""From all clients together. Beyond it a client has one attempt in `WINDOW` instead of `ATTEMPTS` at once: many
that guess together are slowed, and whoever has not guessed gets in."""

_hasher = PasswordHasher()

IDLE = timedelta(hours=12)
"""A session ends when it was not used for so long."""
ENTER_WITHIN = timedelta(minutes=1)
"""So long a ticket is good."""
_NOTED_AGAIN = timedelta(minutes=1)
"""A use so soon after the last one that was noted is not written down."""

Over = Literal["", "changed", "idle"]


class SignInRefused(Exception):
    """The login or the password is wrong, or there were too many attempts."""

    def __init__(self, *, too_many: bool) -> None:
        self.too_many = too_many
        super().__init__("too many attempts; wait five minutes" if too_many else "wrong login or password")


class StaffAccounts:
    """The way in: the first member, and the check of a password."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def first_admin(self, now: datetime) -> tuple[str, str] | None:
        """Make `admin` with a random password when there is nobody yet; return both, to be shown once."""
        async with self._store.read() as connection:
            if await Staff(connection).count():
                return None
        password = new_password()
        hashed = await asyncio.to_thread(hash_password, password)

        async def work(connection: AsyncConnection) -> None:
            added = await Staff(connection).add(
                login="admin", name="Admin", role="admin", password_hash=hashed, language="zh", now=now
            )
            await Audit(connection).add(
                "system", "member_added", f"staff:{added}", {"login": "admin", "role": "admin"}, now
            )

        try:
            await self._store.write(work)
        except LoginTaken:
            return None  # another process made it at the same moment, and shows its password
        return "admin", password

    async def sign_in(self, login: str, password: str, now: datetime, client: str = "") -> StaffMember:
        """Check a password.

        Args:
            login: as typed.
            password: as typed.
            now: the time.
            client: a keyed hash of the network address; empty where it can't be told from others'. There only the
                limit of all clients together holds: else anybody could keep a colleague out.

        Raises:
            SignInRefused: wrong, or too many attempts with this login or by this client.
        """
        attempts = _Attempts.of(login, client)
        # Taken before the password is looked at: guesses sent side by side are counted one by one.
        taken = await self._store.write(lambda connection: attempts.take(RateLimits(connection), now))
        if not taken:
            raise SignInRefused(too_many=True)
        async with self._store.read() as connection:
            # No database is asked for what it can't hold, such as a zero character.
            found = await Staff(connection).by_login(login) if login.isprintable() else None
        correct = await asyncio.to_thread(_matches, found[1] if found else None, password)
        if found is None or not correct:
            raise SignInRefused(too_many=False)
        await self._store.write(lambda connection: attempts.were_right(RateLimits(connection), taken))
        return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempts:
    """The limits an attempt falls under, in the store, so that all replicas count together."""

    own: tuple[Limit, ...]
    """Of the login and the client together; none where the client is not known."""
    shared: tuple[Limit, ...]
    """Of the client with any login, and of the login with any client."""

    @classmethod
    def of(cls, login: str, client: str) -> Self:
        # What is typed there may be a password by mistake: its hash is kept.
        name = hashlib.sha256(login.encode("utf-8", "replace")).hexdigest()
        login_limit = Limit(key=f"sign_in:{name}", interval=LOGIN_WINDOW, burst=ATTEMPTS_FOR_A_LOGIN)
        if not client:
            return cls(own=(), shared=(login_limit,))
        return cls(
            own=(Limit(key=f"sign_in:{name}:{client}", interval=WINDOW, burst=ATTEMPTS),),
            shared=(
                Limit(key=f"sign_in_from:{client}", interval=CLIENT_WINDOW, burst=ATTEMPTS_OF_A_CLIENT),
                login_limit,
            ),
        )

    async def take(self, limits: RateLimits, now: datetime) -> tuple[Limit, ...]:
        """Count one and return where; nothing where it must not be looked at."""
        counted = (*self.own, *self.shared)
        (taken,) = await limits.reserve([Demand(limits=counted)], now)
        if not taken.granted and self.own:
            # The login is tried from many sides: one attempt of a client that has not been wrong is let pass.
            counted = (*(replace(limit, burst=1) for limit in self.own), self.shared[0])
            (taken,) = await limits.reserve([Demand(limits=counted)], now)
        return counted if taken.granted else ()

    async def were_right(self, limits: RateLimits, taken: tuple[Limit, ...]) -> None:
        """The right password does not count, and makes good for the wrong ones of this client before it."""
        await limits.give_back(taken)
        for limit in self.own:
            await limits.forget(limit)


def new_password() -> str:
    """A random one, to be shown once."""
    return secrets.token_urlsafe(9)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a session stands."""

    member: StaffMember | None
    """Whose it is; None when it is over, or there never was one."""
    over: Over = ""
    """Why it ended: the member's access was `changed`, or it was `idle` for too long; empty where nothing is known."""


class Sessions:
    """Begins, looks at and ends sessions."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, member: StaffMember, browser: str) -> str:
        """Begin a session for somebody whose password was right; return a ticket.

        The ticket is good once, soon, and in this browser: it is seen in an address, the token of a session never.
        """
        ticket = secrets.token_urlsafe(32)
        await self._store.write(
            lambda connection: StaffSessions(connection).add(
                _hash(browser, ticket), staff_id=member.id, version=member.session_version, now=self._clock()
            )
        )
        return ticket

    async def enter(self, ticket: str, browser: str, before: str) -> str | None:
        """Change a ticket for the token of its session; None where it is not good. What was `before` ends."""
        token = secrets.token_urlsafe(32)

        async def work(connection: AsyncConnection) -> bool:
            sessions = StaffSessions(connection)
            since = self._clock() - ENTER_WITHIN
            if not await sessions.rekey(_hash(browser, ticket), _hash(token), used_since=since):
                return False
            await sessions.end(_hash(before))
            return True

        return token if await self._store.write(work) else None

    async def look(self, token: str) -> Standing:
        """How a session stands, without using it."""
        if not token:
            return Standing(member=None)
        async with self._store.read() as connection:
            standing, _ = await self._standing(connection, token)
        return standing

    async def use(self, token: str) -> Standing:
        """How a session stands; one that is not over begins its time without use anew."""
        if not token:
            return Standing(member=None)
        async with self._store.read() as connection:
            standing, used_at = await self._standing(connection, token)
        now = self._clock()
        if standing.member is not None and used_at is not None and now - used_at >= _NOTED_AGAIN:
            await self._store.write(lambda connection: StaffSessions(connection).used(_hash(token), now))
        return standing

    async def end(self, token: str) -> None:
        """Sign out, in every page of the browser."""
        await self._store.write(lambda connection: StaffSessions(connection).end(_hash(token)))

    async def _standing(self, connection: AsyncConnection, token: str) -> tuple[Standing, datetime | None]:
        found = await StaffSessions(connection).get(_hash(token))
        if found is None:
            return Standing(member=None), None
        member = await Staff(connection).get(found.staff_id)
        if member is None or not member.active or member.session_version != found.version:
            return Standing(member=None, over="changed"), found.used_at
        if self._clock() - found.used_at >= IDLE:
            return Standing(member=None, over="idle"), found.used_at
        return Standing(member=member), found.used_at


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
