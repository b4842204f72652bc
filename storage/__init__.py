"""What is kept: the schema, its migrations, and one repository per aggregate."""

from storage.errors import Conflict, NotFound, StorageError, StoreClosed, StoreNewer, StoreUnavailable
from storage.migrate import migrate
from storage.store import Store

__all__ = [
    "Conflict",
    "NotFound",
    "StorageError",
    "Store",
    "StoreClosed",
    "StoreNewer",
    "StoreUnavailable",
    "migrate",
]
