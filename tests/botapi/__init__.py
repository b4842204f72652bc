"""A fake Telegram Bot API that behaves like the real one."""

from tests.botapi.people import Person, buttons_of
from tests.botapi.server import TOKEN, FakeBotApi
from tests.botapi.world import Chat, Message, texts

__all__ = ["TOKEN", "Chat", "FakeBotApi", "Message", "Person", "buttons_of", "texts"]
