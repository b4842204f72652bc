"""`liuke demo`."""

from bot.shop.commands import demo

__all__ = ["demo"]
