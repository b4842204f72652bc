"""What a channel declares of itself, what it is made with, and what it can't mend by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.delivery.ports import Channel

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from bot.conversation.texts import Texts
    from bot.linking.site_tokens import SiteSession
    from bot.messages import Incoming, Reply
    from bot.settings import Settings
    from storage import Store

FindPicture = Callable[[str], Awaitable[Path | None]]
"""The file of a picture's path, made if it must be; None when there is none."""
CustomerOfToken = Callable[[str, datetime], Awaitable["SiteSession | None"]]
"""Whom the shop's site vouches for by a token, and until when; None where it vouches for nobody now."""


class ChannelError(Exception):
    """A channel can't go on until a person has mended something; the others can."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class ServedChannel(Channel, Protocol):
    """A channel as the program runs it."""

    def routes(self) -> list[BaseRoute]:
        """What the web server serves for it."""
        ...

    async def close(self) -> None:
        """Close its connections, after `run` has ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What channels are made with."""

    settings: Settings
    store: Store
    texts: Texts
    owner: str
    """This process."""
    key: bytes = field(repr=False)
    """Of this installation; signs what a channel gives out."""
    find_picture: FindPicture
    customer_of_token: CustomerOfToken
    greeting: Callable[[Incoming], Reply]
    """What the bot says to a stranger who opens a chat."""
    shop_names: Mapping[str, str]
    """By language."""
    is_demo: Callable[[], bool]
    """The shop is a demonstration now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """A channel's entry in `bot.channels.registry`."""

    name: str
    """As in `Incoming.channel`."""
    make: Callable[[Surroundings], ServedChannel | None]
    """None where the settings say nothing of it."""
    rate: Callable[[Settings], float] | None = None
    """Messages a second that it lets through in all, 0 for no limits; without it there are none. With it go Telegram's
    other limits, too: one message a second for a chat, twenty a minute for a group (`delivery.pacing`)."""
    writes_first: bool = False
    """Customers may be written to who have not just written: campaigns use it."""
    essential: bool = False
    """Without it the process counts as not ready."""
    routes_first: bool = False
    """Its routes are looked at before all others and pass no middleware."""
