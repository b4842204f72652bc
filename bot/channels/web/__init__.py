"""The web chat on the shop's site: its pages, and a WebSocket that speaks JSON."""

from __future__ import annotations

from bot.channels.kind import ChannelKind
from bot.channels.web.channel import WebChannel
from bot.channels.web.shopfront import Shopfront
from bot.channels.web.talk import CHANNEL
from bot.conversation.texts import LANGUAGES

KIND = ChannelKind(
    name=CHANNEL,
    make=lambda given: WebChannel(
        given.key,
        given.store,
        given.customer_of_token,
        greeting=given.greeting,
        front=Shopfront(
            names=given.shop_names,
            questions={language: given.texts.questions(language) for language in LANGUAGES},
            demo=given.demo,
        ),
    ),
    essential=True,
)
