"""The web chat on the shop's site: its pages, and a WebSocket that speaks JSON."""

from __future__ import annotations

import logging

from bot.channels.kind import ChannelKind, Surroundings
from bot.channels.web.channel import WebChannel
from bot.channels.web.look import Look
from bot.channels.web.shopfront import Shopfront
from bot.channels.web.talk import CHANNEL
from bot.conversation.texts import LANGUAGES

log = logging.getLogger(__name__)


def _make(given: Surroundings) -> WebChannel:
    settings = given.settings
    look = Look(colour=settings.chat_color, logo=settings.chat_logo)
    if look.picture.startswith("media/") and not (settings.home / look.picture).is_file():
        log.warning(
            "LIUKE_CHAT_LOGO: the folder media of LIUKE_HOME has no such picture; the chat shows its own"
        )
    return WebChannel(
        given.key,
        given.store,
        given.customer_of_token,
        greeting=given.greeting,
        texts=given.texts,
        front=Shopfront(
            names=given.shop_names,
            bot_names={"zh": settings.bot_name_zh, "en": settings.bot_name_en},
            look=look,
            questions={language: given.texts.questions(language) for language in LANGUAGES},
            is_demo=given.is_demo,
        ),
    )


KIND = ChannelKind(name=CHANNEL, make=_make, essential=True)
