"""`liuke demo` and `liuke import`."""

from bot.shop.commands import demo, import_

__all__ = ["demo", "import_"]
