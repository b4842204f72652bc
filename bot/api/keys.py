"""The key with which the shop's own systems speak to the API. Only its hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.settings import SettingStore

_SETTING = "api.key_hash"
_PREFIX = "liuke_"


class ApiKeys:
    """One key at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def exists(self) -> bool:
        """Whether a key was made."""
        return await self._hash() is not None

    async def make(self) -> str:
        """Make a key; the one before stops working. It can't be shown again."""
        key = _PREFIX + secrets.token_urlsafe(32)

        async def keep(connection: AsyncConnection) -> None:
            await SettingStore(connection).put(_SETTING, _hash_of(key))

        await self._store.write(keep)
        return key

    async def is_valid(self, key: str) -> bool:
        """Whether this is the key; takes as long for a wrong one."""
        known = await self._hash()
        return hmac.compare_digest(_hash_of(key), known or "-" * 64) and known is not None

    async def _hash(self) -> str | None:
        async with self._store.read() as connection:
            known = await SettingStore(connection).get(_SETTING)
        return None if known is None else str(known)


def _hash_of(key: str) -> str:
    # The key is 256 random bits: a slow hash, which protects what can be guessed, would add nothing.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
