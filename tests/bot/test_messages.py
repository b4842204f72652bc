"""Messages survive the way through JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.messages import (
    Button,
    Card,
    Incoming,
    IncomingKind,
    Media,
    Reply,
    dump_incoming,
    dump_reply,
    load_incoming,
    load_reply,
)

text = st.text(max_size=20)
buttons = st.builds(Button, label=text, action=text, url=st.none() | text)
cards = st.builds(
    Card,
    product_id=text,
    title=text,
    text=text,
    picture=st.none() | text,
    buttons=st.lists(buttons, max_size=2).map(tuple),
)
replies = st.builds(
    Reply,
    text=text,
    buttons=st.lists(st.lists(buttons, max_size=2).map(tuple), max_size=2).map(tuple),
    cards=st.lists(cards, max_size=2).map(tuple),
    language=st.sampled_from(["zh", "en"]),
)
optional = st.none() | text
updates = st.builds(
    Incoming,
    channel=text,
    address=text,
    update_id=text,
    kind=st.sampled_from(IncomingKind),
    at=st.datetimes(timezones=st.just(UTC)),
    text=text,
    payload=text,
    media=st.none() | st.builds(Media, kind=text, reference=text, emoji=optional),
    album=optional,
    message_ref=optional,
    callback_ref=optional,
    sender_name=text,
    language=optional,
    signed_in_as=optional,
    client=text,
)


@given(replies)
def test_replies(reply: Reply) -> None:
    assert load_reply(json.loads(json.dumps(dump_reply(reply)))) == reply


@given(updates)
def test_updates(incoming: Incoming) -> None:
    assert load_incoming(json.loads(json.dumps(dump_incoming(incoming)))) == incoming


def test_what_a_newer_version_wrote_can_be_read() -> None:
    assert load_reply({"text": "x", "of_tomorrow": 1, "buttons": [[{"label": "a", "new": 2}]]}) == Reply(
        text="x", buttons=((Button(label="a"),),)
    )
    at = datetime(2026, 11, 1, tzinfo=UTC)
    dumped = {
        "channel": "web",
        "address": "1",
        "update_id": "1",
        "kind": "text",
        "at": at.isoformat(),
        "new": 3,
    }
    assert load_incoming(dumped).at == at
