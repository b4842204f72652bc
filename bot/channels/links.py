"""What makes deep links into the channels that are served."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bot.channels.telegram import bot_username
from bot.linking.deep_links import DeepLinks
from bot.linking.linker import Linker
from bot.settings import Settings
from storage import Store


def deep_links(settings: Settings, store: Store, linker: Linker) -> DeepLinks:
    """Makes links as the settings say."""
    return DeepLinks(
        store,
        linker,
        site=settings.base_url,
        telegram=partial(bot_username, settings, store),
        lifetime=timedelta(hours=settings.link_hours),
    )
