"""Where the line lies between a stop that is obeyed at once and what only resembles one, with the shipped model."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversation.skills.stopping import says_stop
from nlu.types import DialogueContext, Language
from storage.schema import consent
from tests.bot.conversation.chat import Chat
from tests.bot.conversation.test_with_the_model import real_model

CASES = Path(__file__).with_name("stopping.tsv")


def texts(language: str, means: str) -> list[str]:
    with CASES.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["text"] for row in rows if (row["language"], row["means"]) == (language, means)]


@pytest.mark.parametrize("means", ["stop", "other"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plain_stop_is_told_from_what_resembles_one(language: Language, means: str) -> None:
    understander, _ = real_model()
    said = texts(language, means)
    read = understander.understand(
        said, DialogueContext(language=language, now=datetime(2026, 11, 25, tzinfo=UTC))
    )
    heard = {text for text, one in zip(said, read, strict=True) if says_stop(text, one, busy=False)}
    assert len(said) > 100
    assert heard == (set(said) if means == "stop" else set())


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("别再给我发广告了", True),
        ("请不要再给我发促销短信了，谢谢", True),
        ("I was polite the first two times. Stop mailing me.", True),
        ("Please stop the daily promo texts, order updates are fine. And how many points do I have?", True),
        ("晚上有人回复吗", False),
        ("你们怎么不给我发通知了", False),
        ("别发货了", False),
        ("别再发错了", False),
        ("no more emails about order 1024?", False),
        ("stop sending me reminders about the delivery", False),
        ("can you email me when its in", False),
        ("id like the same cat food again as i always get", False),
        ("also my email changed to anna@example.com", False),
    ],
)
async def test_only_a_plain_stop_is_stored(new_chat: Callable[..., Chat], text: str, stored: bool) -> None:
    understander, pages = real_model()
    chat = new_chat(understander=understander, pages=pages)
    await chat.says(text)
    async with chat.store.read() as connection:
        words = await connection.execute(
            select(consent.c.granted).where(consent.c.source.startswith("conversation"))
        )
        assert [row.granted for row in words] == ([False] if stored else [])
