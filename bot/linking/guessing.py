"""Wrong proofs of orders, counted by client and in all: nobody finds an order's four digits by trying.

An account and an order have limits of their own (`bot.linking.linker`), but a guesser makes accounts at will and goes
from order to order. So do those who guess from one address: a client may be wrong as often as the people of an
office or a mobile network are in good faith, and no more. Who guesses from very many addresses is held by the
limit in all. Only wrong attempts count there, far more than all customers of a shop get wrong by mistake, so it
is reached under an attack alone; then no proof is looked at, right or wrong, because each look would tell the
guesser something. Everybody is offered a person meanwhile, and who is known already, by a link, the shop's site
or an earlier proof, notices nothing. Staff see an alarm before it is reached.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.limits import Demand, Limit, RateLimits, Reservation
from storage.warnings import Alarms

WRONG_OF_A_CLIENT, WRONG_OF_A_CLIENT_EVERY = 20, timedelta(minutes=5)
WRONG_IN_ALL, WRONG_IN_ALL_EVERY = 200, timedelta(seconds=30)
NEAR = 140
"""So many wrong ones of `WRONG_IN_ALL` are an alarm."""
ALARM = "guessing"

_IN_ALL = Limit(key="proof", interval=WRONG_IN_ALL_EVERY, burst=WRONG_IN_ALL)


class Verdict(StrEnum):
    """Whether an attempt is looked at."""

    GO_ON = "go_on"
    CLIENT_TOO_MANY = "client_too_many"
    ALL_TOO_MANY = "all_too_many"


class Guesses:
    """One attempt of a client: `take` it before it is looked at, then say whether it was wrong or right.

    It is counted before, so that attempts side by side are counted one by one, and taken back if it was right.
    """

    def __init__(self, connection: AsyncConnection, client: str, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._limits = RateLimits(connection)
        self._of_client = (
            (Limit(key=f"proof:{client}", interval=WRONG_OF_A_CLIENT_EVERY, burst=WRONG_OF_A_CLIENT),)
            if client
            else ()
        )
        self._near = False

    async def take(self) -> Verdict:
        """Count the attempt, if it may be looked at."""
        early = await self._reserve(replace(_IN_ALL, burst=NEAR))
        if early.granted:
            return Verdict.GO_ON
        if early.by == _IN_ALL.key:
            self._near = True
            taken = await self._reserve(_IN_ALL)
            if taken.granted:
                return Verdict.GO_ON
            if taken.by == _IN_ALL.key:
                await self._alarm("reached")
                return Verdict.ALL_TOO_MANY
        return Verdict.CLIENT_TOO_MANY

    async def was_wrong(self) -> None:
        """It stays counted."""
        if self._near:
            await self._alarm("near")

    async def was_right(self) -> None:
        """It is counted no more."""
        await self._limits.give_back((*self._of_client, _IN_ALL))

    async def _reserve(self, in_all: Limit) -> Reservation:
        demand = Demand(limits=(*self._of_client, in_all))
        (reservation,) = await self._limits.reserve([demand], self._now)
        return reservation

    async def _alarm(self, limit: str) -> None:
        await Alarms(self._connection).sound(ALARM, self._now, {"limit": limit})
