"""Deep links for many customers at once, as addresses and as QR codes.

Each channel gets a link of its own, since a link works once: whoever opens the web chat first can still open Telegram.
A link is made when it is given out and is nowhere to be looked up afterwards, so it is handed over at once.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.linking.linker import Linker
from storage import Store
from storage.customers import Customers

QrFormat = Literal["svg", "png"]
MAX_LIFETIME = timedelta(days=366)
_MODULE = 6
"""Pixels of a QR code's smallest square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLinks:
    """A customer's links, one for each channel that is served, by its name; each works once."""

    customer_id: str
    expires_at: datetime
    addresses: Mapping[str, str]


class DeepLinks:
    """Makes links for customers."""

    def __init__(
        self,
        store: Store,
        linker: Linker,
        *,
        site: str,
        telegram: Callable[[], Awaitable[str | None]],
        lifetime: timedelta,
    ) -> None:
        """Wire it up.

        Args:
            site: how a browser reaches the web chat's server.
            telegram: the bot's name there, or None where it is not served or can't be asked for now.
            lifetime: of links for which nothing else is said.
        """
        self._store = store
        self._linker = linker
        self._site = site
        self._telegram = telegram
        self.lifetime = lifetime

    async def give(
        self,
        customer_ids: Sequence[str],
        now: datetime,
        lifetime: timedelta | None = None,
        request: str | None = None,
    ) -> list[GivenLinks]:
        """Links for those of the customers who are here and were not erased; in their order.

        Args:
            request: the same again gets the same links, see `Linker.deep_link_tokens`.
        """
        begins = {"web": f"{self._site}/chat?start="}
        if (bot := await self._telegram()) is not None:
            begins = {"telegram": f"https://t.me/{bot}?start=", **begins}

        async def work(connection: AsyncConnection) -> list[GivenLinks]:
            here = await Customers(connection).present(customer_ids)
            wanted = [one for one in dict.fromkeys(customer_ids) if one in here]
            # Each needs one for each channel.
            places = [(one, channel) for one in wanted for channel in begins]
            tokens = await self._linker.deep_link_tokens(
                connection, places, now, lifetime or self.lifetime, request
            )
            given = dict(zip(places, tokens, strict=True))
            return [
                GivenLinks(
                    customer_id=one,
                    expires_at=min(given[one, channel][1] for channel in begins),
                    addresses={channel: begin + given[one, channel][0] for channel, begin in begins.items()},
                )
                for one in wanted
            ]

        return await self._store.write(work)


def qr_svg(address: str) -> bytes:
    """An address as a QR code, a drawing that can be printed at any size."""
    # It is needed by a few commands and requests alone.
    import segno

    with io.BytesIO() as drawn:
        segno.make(address, micro=False).save(drawn, kind="svg", scale=_MODULE)
        return drawn.getvalue()


async def qr_data_uri(address: str, kind: QrFormat) -> str:
    """An address as a QR code that can be the `src` of a picture; made in a thread."""
    return await asyncio.to_thread(_data_uri, address, kind)


def _data_uri(address: str, kind: QrFormat) -> str:
    import segno

    code = segno.make(address, micro=False)
    return code.svg_data_uri(scale=_MODULE) if kind == "svg" else code.png_data_uri(scale=_MODULE)
