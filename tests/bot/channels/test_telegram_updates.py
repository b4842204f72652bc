"""Whatever Telegram sends becomes what a customer did, and nothing stops it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.updates import clean, parse_update
from bot.messages import Incoming, IncomingKind, Media

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
PERSON = {"id": 7, "is_bot": False, "first_name": "林", "last_name": "晓", "language_code": "zh-hans"}
CHAT = {"id": 7, "type": "private", "first_name": "林"}


def message(**content: Any) -> dict[str, Any]:
    about = {"message_id": 5, "date": 1_777_000_000, "chat": CHAT, "from": PERSON}
    return {"update_id": 100, "message": {**about, **content}}


def parsed(update: Any) -> Incoming:
    incoming = parse_update(update, NOW)
    assert incoming is not None
    return incoming


def test_a_text_with_everything_around_it() -> None:
    assert parsed(message(text="订单 1024 到哪了?")) == Incoming(
        channel="telegram",
        address="7",
        update_id="100",
        kind=IncomingKind.TEXT,
        at=datetime.fromtimestamp(1_777_000_000, UTC),
        text="订单 1024 到哪了?",
        message_ref="5",
        sender_name="林 晓",
        language="zh-hans",
    )


@pytest.mark.parametrize(
    ("text", "kind", "payload"),
    [
        ("/start", IncomingKind.START, ""),
        ("/start link-abc_DEF", IncomingKind.START, "link-abc_DEF"),
        ("/start@liuke_bot x", IncomingKind.START, "x"),
        ("/stop", IncomingKind.COMMAND, "stop"),
        ("/Menu please", IncomingKind.COMMAND, "menu"),
        ("/ what", IncomingKind.TEXT, ""),
        ("/你好", IncomingKind.TEXT, ""),
        ("1/2", IncomingKind.TEXT, ""),
    ],
)
def test_commands(text: str, kind: IncomingKind, payload: str) -> None:
    incoming = parsed(message(text=text))
    assert (incoming.kind, incoming.payload) == (kind, payload)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        ({"photo": [{"file_id": "s"}, {"file_id": "l"}]}, Media(kind="photo", reference="l")),
        ({"sticker": {"file_id": "s", "emoji": "😀"}}, Media(kind="sticker", reference="s", emoji="😀")),
        ({"sticker": {"file_id": "s"}}, Media(kind="sticker", reference="s")),
        ({"voice": {"file_id": "v"}}, Media(kind="voice", reference="v")),
        ({"video_note": {"file_id": "v"}}, Media(kind="video", reference="v")),
        ({"animation": {"file_id": "a"}, "document": {"file_id": "a"}}, Media(kind="video", reference="a")),
        ({"document": {"file_id": "d"}}, Media(kind="document", reference="d")),
        ({"location": {"latitude": 1.5, "longitude": 2}}, Media(kind="location", reference="1.5,2")),
        ({"contact": {"phone_number": "+86138"}}, Media(kind="contact", reference="+86138")),
        ({"photo": [{}]}, Media(kind="photo", reference="")),
    ],
)
def test_media(content: dict[str, Any], media: Media) -> None:
    incoming = parsed(message(caption="see", **content))
    assert (incoming.kind, incoming.media, incoming.text) == (IncomingKind.MEDIA, media, "see")


def test_parts_of_an_album_share_its_name() -> None:
    assert parsed(message(photo=[{"file_id": "a"}], media_group_id="9")).album == "9"


def test_an_edit_names_the_message_and_its_new_words() -> None:
    update = message(text="new", edit_date=1_777_000_100)
    update["edited_message"] = update.pop("message")
    incoming = parsed(update)
    assert (incoming.kind, incoming.text, incoming.message_ref) == (IncomingKind.EDIT, "new", "5")
    assert incoming.at == datetime.fromtimestamp(1_777_000_100, UTC)


def test_a_live_place_that_moves_is_no_news() -> None:
    update = message(location={"latitude": 1, "longitude": 2})
    update["edited_message"] = update.pop("message")
    assert parse_update(update, NOW) is None


def test_a_pressed_button() -> None:
    query = {"id": "q1", "from": PERSON, "data": "order:1", "message": {"message_id": 4, "chat": CHAT}}
    incoming = parsed({"update_id": 1, "callback_query": query})
    assert (incoming.kind, incoming.payload, incoming.message_ref) == (IncomingKind.BUTTON, "order:1", "4")
    assert (incoming.callback_ref, incoming.address, incoming.at) == ("q1", "7", NOW)


def test_a_button_of_a_message_that_is_gone() -> None:
    incoming = parsed({"update_id": 1, "callback_query": {"id": "q", "from": PERSON, "data": "x"}})
    assert (incoming.kind, incoming.address, incoming.message_ref) == (IncomingKind.BUTTON, "7", None)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("member", "kicked", IncomingKind.BLOCKED),
        ("kicked", "member", IncomingKind.UNBLOCKED),
        ("left", "member", None),
    ],
)
def test_blocking(before: str, after: str, kind: IncomingKind | None) -> None:
    change = {
        "chat": CHAT,
        "from": PERSON,
        "date": 1_777_000_000,
        "old_chat_member": {"status": before},
        "new_chat_member": {"status": after},
    }
    incoming = parse_update({"update_id": 1, "my_chat_member": change}, NOW)
    assert (incoming and incoming.kind) == kind


@pytest.mark.parametrize("content", [{}, {"dice": {"value": 3}}, {"poll": {}}, {"story": {}}, {"text": ""}])
def test_what_has_no_words_is_kept_all_the_same(content: dict[str, Any]) -> None:
    assert parsed(message(**content)).kind is IncomingKind.OTHER


def test_a_kind_of_update_from_the_future_is_kept() -> None:
    incoming = parsed({"update_id": 3, "mind_read": {"user": PERSON, "thought": "hm"}})
    assert (incoming.kind, incoming.address) == (IncomingKind.OTHER, "7")


@pytest.mark.parametrize(
    "update",
    [
        message(pinned_message={"message_id": 2}),
        message(text="hi") | {"message": {"message_id": 1, "chat": {"id": -5, "type": "group"}, "text": "x"}},
        {"update_id": 1, "channel_post": {"chat": {"id": -5, "type": "channel"}, "text": "x"}},
        {"update_id": 1, "message": {"chat": CHAT, "from": {"id": 9, "is_bot": True}, "text": "x"}},
        {"update_id": 1, "poll": {"id": "1"}},
        {"update_id": "1", "message": {}},
        {"message": {}},
        {},
        [],
        None,
        "x",
    ],
)
def test_what_is_no_private_conversation(update: Any) -> None:
    assert parse_update(update, NOW) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("\u202eמחיר\u200b", "\u202eמחיר\u200b"),
        ("<b>Tom</b> & *Jerry*", "<b>Tom</b> & *Jerry*"),
        ("a\0b", "ab"),
        ("half \ud83d emoji", "half \ufffd emoji"),
        ("\ud83d\ude00", "😀"),
        (None, ""),
        (5, ""),
    ],
)
def test_text_that_every_database_takes(given: Any, kept: str) -> None:
    assert clean(given) == kept


def test_fields_of_the_wrong_type() -> None:
    update = message(text=["x"], photo={"file_id": 1}, sticker="x", media_group_id=4)
    update["message"] |= {"from": {"id": "x", "first_name": 3}, "date": "soon", "message_id": None}
    incoming = parsed(update)
    assert (incoming.kind, incoming.at, incoming.sender_name) == (IncomingKind.OTHER, NOW, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["text", "photo", "sticker", "chat", "from", "date", "message", "caption", "contact"]
)


@given(
    kind=st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "other"]),
    content=st.dictionaries(FIELDS, JSON, max_size=5),
    keep=st.booleans(),
)
def test_nothing_stops_it(kind: str, content: dict[str, Any], keep: bool) -> None:
    base = {"chat": CHAT, "from": PERSON} if keep else {}
    incoming = parse_update({"update_id": 1, kind: {**content, **base}}, NOW)
    if incoming is not None:
        json.dumps(incoming.text).encode()
        incoming.text.encode()
    if keep and kind in ("message", "callback_query"):
        assert incoming is not None
