"""Words that always mean the same, as tables."""

from __future__ import annotations

import pytest

from bot.conversation.phrases import asks_for_a_person, asks_for_hours, word_test


@pytest.mark.parametrize(
    ("table", "text", "has"),
    [
        ("别发", "请别发了", True),
        ("stop", "please STOP", True),
        ("stop", "nonstop", False),
        ("advertis*", "no more advertising", True),
        ("opt_out", "let me opt out", True),
        ("turn…off", "turn those mails off", True),
        ("turn…off", "turn. It is off", False),
        ("^how", "how do I", True),
        ("^how", "tell me how", False),
        ("客服$", "几点有客服？", True),
        ("客服$", "客服几点来", False),
        ("don't", "I don't", True),
        ("co…", "Smith & Co", True),
    ],
)
def test_a_table_knows_its_words(table: str, text: str, has: bool) -> None:
    assert word_test(table)(text) is has


@pytest.mark.parametrize("text", ["转人工", "I want a human", "叫你们经理来", "get me a person"])
def test_a_person_is_named(text: str) -> None:
    assert asks_for_a_person(text)


@pytest.mark.parametrize("text", ["个人", "for me personally", "太差了"])
def test_nobody_is_named(text: str) -> None:
    assert not asks_for_a_person(text)


@pytest.mark.parametrize(
    ("text", "asks"),
    [("客服几点上班", True), ("support hours?", True), ("几点能转人工", False), ("叫客服", False)],
)
def test_who_asks_for_hours_is_known(text: str, asks: bool) -> None:
    assert asks_for_hours(text) is asks
