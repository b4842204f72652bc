"""The bot's own name, asked of Telegram once and kept."""

from __future__ import annotations

from bot.settings import Settings
from storage import Store
from storage.settings import SettingStore

_TIMEOUT = 10.0


async def bot_username(settings: Settings, store: Store) -> str | None:
    """The name in `t.me/NAME`; None without a token or an answer from Telegram."""
    if settings.telegram_token is None:
        return None
    token = settings.telegram_token.get_secret_value()
    # Another bot's token has another number before the colon.
    key = f"telegram.username.{token.split(':', 1)[0]}"
    async with store.read() as connection:
        known = await SettingStore(connection).get(key)
    if isinstance(known, str):
        return known
    username = await _ask(settings, token)
    if username:
        await store.write(lambda connection: SettingStore(connection).put(key, username))
    return username


async def _ask(settings: Settings, token: str) -> str | None:
    # Imported here: building its types takes a second, and most commands never ask.
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import AiogramError

    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api), timeout=_TIMEOUT)
    try:
        async with Bot(token, session=session) as bot:
            return (await bot.get_me()).username
    except (AiogramError, OSError, TimeoutError):
        return None
