"""What a channel can't mend by itself."""

from __future__ import annotations


class ChannelError(Exception):
    """A channel can't go on until a person has mended something; the others can."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class TokenRefused(ChannelError):
    """Telegram refused the bot token: ask @BotFather for the current one and set LIUKE_TELEGRAM_TOKEN."""
