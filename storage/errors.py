"""What can go wrong in storage. An error's message is its docstring unless it is given one."""

from __future__ import annotations


class StorageError(Exception):
    """Something in storage failed."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class StoreClosed(StorageError):
    """The store is closed; the program is stopping."""


class StoreUnavailable(StorageError):
    """The database can't be used now.

    Nothing was done of what was asked, unless the answer to a COMMIT is what was lost.
    """


class StoreNewer(StorageError):
    """The database was made by a newer version of the program; update this one."""


class Conflict(StorageError):
    """Somebody else changed this first; look again and decide again."""


class NotFound(StorageError):
    """There is no such row."""


class StoreNotEmpty(StorageError):
    """There is something in the database already; name one that is empty."""


class StoreInUse(StorageError):
    """Liuke, or a command of it, uses the database: stop it first, or what it writes next would be left behind."""


class CopyFailed(StorageError):
    """The rows can't be taken from one database to the other."""


class DumpFailed(StorageError):
    """A back-up of the database can't be made, or can't be read."""
