"""What the channels declare of themselves."""

from __future__ import annotations

from bot.channels.registry import CHANNELS, WRITING_FIRST
from bot.settings import Settings


def test_each_channel_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in CHANNELS}) == len(CHANNELS)


def test_telegram_is_paced_and_may_write_first_and_the_web_chat_must_serve() -> None:
    kinds = {kind.name: kind for kind in CHANNELS}
    telegram, web = kinds["telegram"], kinds["web"]
    assert telegram.rate is not None
    assert telegram.rate(Settings(telegram_rate=20)) == 20
    assert "telegram" in WRITING_FIRST
    assert web.rate is None
    assert "web" not in WRITING_FIRST
    assert (web.essential, telegram.essential) == (True, False)
