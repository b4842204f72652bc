"""Tells a database that can't be used from work that is wrong, whatever the driver calls it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StoreUnavailable

_UNREACHABLE = "the database can't be reached"
_REFUSED = "the database lets nobody in"
_LOCKED = "the database is locked by another program"
_FULL = "the database's disk is full"
_UNWRITABLE = "the database can't be written"
_READ_ONLY = "the database is read-only"
_DAMAGED = "the database file is damaged"

# SQLite's primary result codes: https://sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_IOERR: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNREACHABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
# PostgreSQL's codes by how they begin: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES = (
    ("53100", _FULL),
    ("53300", _REFUSED),
    ("53", _UNREACHABLE),
    ("08", _UNREACHABLE),
    ("57P", _UNREACHABLE),
    ("58", _UNWRITABLE),
    ("25006", _READ_ONLY),
    ("55000", _REFUSED),
    ("3D000", "there is no such database"),
    ("28", _REFUSED),
)


def outage(error: BaseException) -> StoreUnavailable | None:
    """The same, said as what keeps the database from being used; None where the work itself is wrong."""
    if isinstance(error, StoreUnavailable):
        return error
    if isinstance(error, NoConnectionFree):
        return StoreUnavailable("the database is too busy")
    if not isinstance(error, DBAPIError):
        # asyncpg leaves what the network says as it is.
        return StoreUnavailable(_UNREACHABLE) if isinstance(error, OSError) else None
    said = next(_reasons(error), None)
    return None if said is None else StoreUnavailable(said)


def sqlstate(error: BaseException | None) -> str:
    """PostgreSQL's code for an error; empty for what came from elsewhere."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _reasons(error: DBAPIError) -> Iterator[str]:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _SQLITE:
            yield _SQLITE[code]
        return
    state = sqlstate(error)
    yield from (said for begin, said in _POSTGRES if state.startswith(begin))
    if error.connection_invalidated:
        yield _UNREACHABLE


@contextmanager
def outages_told() -> Iterator[None]:
    """What keeps the database from being used within is raised as that: StoreUnavailable."""
    try:
        yield
    except Exception as error:
        _raise_outage(error)
        raise


class Reading:
    """A connection for as long as an `async with` lasts; a database that can't be used is said to be that."""

    __slots__ = ("_lent",)

    def __init__(self, lent: AbstractAsyncContextManager[AsyncConnection]) -> None:
        self._lent = lent

    async def __aenter__(self) -> AsyncConnection:
        try:
            return await self._lent.__aenter__()
        except Exception as error:
            _raise_outage(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._lent.__aexit__(kind, error, trace)
        except Exception as giving_back:
            _raise_outage(giving_back)
            raise
        # What else is done while a connection is held may fail by a network of its own; and a connection for
        # reading is read-only by itself.
        if isinstance(error, DBAPIError) and next(_reasons(error), _READ_ONLY) != _READ_ONLY:
            _raise_outage(error)


def _raise_outage(error: BaseException) -> None:
    if (away := outage(error)) is not None:
        raise away from error
