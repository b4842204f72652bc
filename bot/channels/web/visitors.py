"""Visitors of the web chat: who they are, how fast they may write, and how many new ones there may be."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.kind import CustomerOfToken
from bot.channels.web.browser import Browser
from bot.http.clients import Meter
from bot.linking.site_tokens import SiteSession
from storage import Store
from storage.limits import Demand, Limit, RateLimits
from storage.warnings import Alarms

VISITOR_BURST, VISITOR_PER_SECOND = 20, 1.0
"""Messages of one visitor, over all windows."""
CLIENT_BURST, CLIENT_PER_SECOND = 40, 5.0
"""Messages of one client: all the people of an office or of a mobile network."""
LONG, LONGEST_COST = 250, 5
"""A message counts once more for each so many characters, as it takes longer to read; so often at most."""
NEW_OF_A_CLIENT, NEW_OF_A_CLIENT_EVERY = 30, timedelta(seconds=10)
NEW_IN_ALL, NEW_IN_ALL_EVERY = 600, timedelta(seconds=0.2)
ALARM = "flood"

_IN_ALL = Limit(key="visitor", interval=NEW_IN_ALL_EVERY, burst=NEW_IN_ALL)


# A signed-in visitor (`s-…`) has no key: only a token shows who they are, and only until it ends.
_STRANGER = re.compile(r"v-[A-Za-z0-9_-]{14,38}")


class WebLimits:
    """Messages are counted in this process, new visitors in the store for all replicas together.

    A client is `Incoming.client`. The empty one is nobody's own: only the limits of a visitor and in all hold.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._visitors = Meter(burst=VISITOR_BURST, per_second=VISITOR_PER_SECOND)
        self._clients = Meter(burst=CLIENT_BURST, per_second=CLIENT_PER_SECOND)

    def count_message(self, visitor: str, client: str, text: str) -> float:
        """Count a message and return 0, or the seconds until one may come."""
        now = asyncio.get_running_loop().time()
        cost = min(1 + len(text) // LONG, LONGEST_COST)
        wait = self._visitors.take(visitor, now, cost)
        return wait or (self._clients.take(client, now, cost) if client else 0.0)

    async def count_visitor(self, client: str, now: datetime) -> float:
        """Count somebody who writes for the first time and return 0, or the seconds until one may come."""
        own = Limit(key=f"visitor:{client}", interval=NEW_OF_A_CLIENT_EVERY, burst=NEW_OF_A_CLIENT)
        limits = (own, _IN_ALL) if client else (_IN_ALL,)

        async def count(connection: AsyncConnection) -> float:
            (taken,) = await RateLimits(connection).reserve([Demand(limits=limits)], now)
            if not taken.granted and taken.by == _IN_ALL.key:
                await Alarms(connection).sound(ALARM, now, {"limit": "new visitors"})
            return 0.0 if taken.granted else (taken.at - now).total_seconds()

        return await self._store.write(count)


class Visitors:
    """Tells visitors apart."""

    def __init__(self, key: bytes, customer_of_token: CustomerOfToken) -> None:
        """Wire it up.

        Args:
            key: signs visitor ids.
            customer_of_token: checks a token of the shop's site.
        """
        self._key = key
        self._customer_of_token = customer_of_token

    async def session(self, frame: Mapping[str, Any], now: datetime) -> SiteSession | None:
        """The session that a hello's token opens; None without a good one."""
        token = frame.get("token")
        return await self._customer_of_token(token, now) if isinstance(token, str) and token else None

    def signed_in(self, session: SiteSession) -> str:
        """The visitor that a customer is in every browser."""
        return "s-" + self._mac(b"customer", session.customer_id)

    def stranger(self, browser: Browser, frame: Mapping[str, Any]) -> tuple[str, bool]:
        """The visitor that a hello without a session comes from, and whether there was one before.

        A socket stays the stranger it was: it can't make another by saying hello again.
        """
        if browser.stranger is not None:
            return browser.stranger, True
        visitor, key = frame.get("visitor"), frame.get("key")
        known = (
            isinstance(visitor, str)
            and isinstance(key, str)
            and key.isascii()
            and _STRANGER.fullmatch(visitor) is not None
            and hmac.compare_digest(key, self.key(visitor))
        )
        browser.stranger = visitor if known and isinstance(visitor, str) else "v-" + secrets.token_hex(16)
        return browser.stranger, known

    def key(self, visitor: str) -> str:
        """What a stranger's browser keeps to be known again."""
        return self._mac(b"visitor", visitor)

    def _mac(self, purpose: bytes, what: str) -> str:
        return hmac.digest(self._key, purpose + b"\0" + what.encode(), "sha256").hex()[:32]
