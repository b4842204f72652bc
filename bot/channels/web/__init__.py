"""The web chat on the shop's site: its pages, and a WebSocket that speaks JSON."""

from __future__ import annotations

from bot.channels.kind import ChannelKind
from bot.channels.web.channel import WebChannel
from bot.channels.web.talk import CHANNEL

KIND = ChannelKind(
    name=CHANNEL,
    make=lambda given: WebChannel(
        given.key,
        given.store,
        given.customer_of_token,
        greeting=given.greeting,
        shop_names=given.shop_names,
        demo=given.demo,
    ),
    essential=True,
)
