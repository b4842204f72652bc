"""Telegram: what the program needs to know of it before, or without, importing aiogram.

`updates`    what arrived, as `Incoming`      `receiving`  fetching it, or being told of it
`parts`      a reply as messages              `sending`    sending them, and uploading pictures
`api`        calling the Bot API, and what its errors mean
"""

from __future__ import annotations

import sys
from typing import Any, Final

from pydantic import BaseModel

from bot.channels.kind import ChannelError, ChannelKind, ServedChannel, Surroundings
from bot.settings import Settings
from storage import Store
from storage.settings import SettingStore

NAME: Final = "telegram"
PATH: Final = "/telegram/webhook"
_COMMANDS = ("orders", "offers", "human", "stop", "language", "help")
_TIMEOUT = 10.0


class TokenRefused(ChannelError):
    """Telegram refused the bot token: ask @BotFather for the current one and set LIUKE_TELEGRAM_TOKEN."""


def _make(given: Surroundings) -> ServedChannel | None:
    settings = given.settings
    if settings.telegram_token is None:
        return None
    import_aiogram()
    from bot.channels.telegram.channel import TelegramChannel, TelegramSettings

    def commands(language: str) -> list[tuple[str, str]]:
        return [(name, given.texts.say(language, f"command-{name}")) for name in _COMMANDS]

    return TelegramChannel(
        TelegramSettings(
            token=settings.telegram_token.get_secret_value(),
            api=settings.telegram_api,
            webhook=settings.telegram_webhook,
            commands={"zh": commands("zh"), "": commands("en")},
        ),
        given.store,
        find_picture=given.find_picture,
        owner=given.owner,
    )


KIND = ChannelKind(
    name=NAME,
    make=_make,
    rate=lambda settings: settings.telegram_rate,
    writes_first=True,
    routes_first=True,
)


def webhook_address(public_address: str) -> str:
    """Where Telegram delivers to, below the public address of this server."""
    return public_address.rstrip("/") + PATH


async def bot_username(settings: Settings, store: Store) -> str | None:
    """The name in `t.me/NAME`, asked of Telegram once and kept; None without a token or an answer."""
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
    import_aiogram()
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


def import_aiogram() -> None:
    """Import aiogram, before anything else does, without building all of its types.

    aiogram builds a validator for each of its four hundred types as soon as it is imported, which takes two seconds
    and a hundred megabytes; the bot uses two dozen. Imported here they are built when they are first used. What is
    imported already stays as it is.
    """
    if "aiogram" in sys.modules:
        return
    rebuild = BaseModel.__dict__["model_rebuild"]
    namespace: dict[str, Any] = {}

    def put_off(_model: type[BaseModel], /, *, _types_namespace: dict[str, Any]) -> None:
        namespace.update(_types_namespace)

    BaseModel.model_rebuild = classmethod(put_off)  # type: ignore[assignment, method-assign]
    try:
        import aiogram.methods
        import aiogram.types
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]

    def at_first_use(
        model: type[BaseModel], /, *, force: bool = False, raise_errors: bool = True, **_: Any
    ) -> bool | None:
        """What pydantic calls for a type that is not built yet, with the names that aiogram would have given."""
        built: bool | None = rebuild.__func__(
            model, force=force, raise_errors=raise_errors, _types_namespace=namespace
        )
        return built

    for base in (aiogram.types.TelegramObject, aiogram.methods.TelegramMethod, aiogram.methods.Response):
        base.model_rebuild = classmethod(at_first_use)  # type: ignore[assignment, method-assign]
