"""Telegram's updates as what a customer did.

Reads the JSON as it comes, field by field, and trusts none of it: a field that is absent, new or of another
type than documented never stops an update from being kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.channels.telegram import NAME
from bot.messages import Incoming, IncomingKind, Media

ALLOWED_UPDATES: Final = ["message", "edited_message", "callback_query", "my_chat_member"]
"""The kinds of update that mean something here; Telegram keeps the others to itself."""

_MEDIA: Final = (
    # An animation is a document as well, so it comes before.
    ("animation", "video"),
    ("video_note", "video"),
    ("video", "video"),
    ("voice", "voice"),
    ("audio", "audio"),
    ("sticker", "sticker"),
    ("document", "document"),
)
_NOTICES: Final = frozenset(
    {
        "pinned_message",
        "message_auto_delete_timer_changed",
        "write_access_allowed",
        "chat_background_set",
        "boost_added",
        "proximity_alert_triggered",
        "successful_payment",
        "refunded_payment",
    }
)
"""Messages that Telegram writes by itself: nobody waits for an answer to them."""

_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_LONGEST_NAME: Final = 200


def parse_update(update: Any, now: datetime) -> Incoming | None:
    """What the customer did, or None where it is no private conversation or nothing that a person did.

    Args:
        update: one element of `getUpdates`, or the body of a webhook call.
        now: the time of what carries none itself.
    """
    if not isinstance(update, Mapping) or not isinstance(update.get("update_id"), int):
        return None
    if (message := _mapping(update, "message")) is not None:
        return _message(update, message, now)
    if (query := _mapping(update, "callback_query")) is not None:
        return _button(update, query, now)
    if (message := _mapping(update, "edited_message")) is not None:
        return _edit(update, message, now)
    if (change := _mapping(update, "my_chat_member")) is not None:
        return _membership(update, change, now)
    return _unknown(update, now)


def _message(update: Mapping[str, Any], message: Mapping[str, Any], now: datetime) -> Incoming | None:
    about = _private(update, message, now)
    if about is None:
        return None
    about["message_ref"] = _reference(message)
    text = clean(message.get("text"))
    if text:
        return _text(text, about)
    if (media := _media(message)) is not None:
        album = message.get("media_group_id")
        return Incoming(
            kind=IncomingKind.MEDIA,
            text=clean(message.get("caption")),
            media=media,
            album=None if album is None else str(album),
            **about,
        )
    if not _NOTICES.isdisjoint(message):
        return None
    return Incoming(kind=IncomingKind.OTHER, **about)


def _text(text: str, about: dict[str, Any]) -> Incoming:
    command = _COMMAND.fullmatch(text) if text.startswith("/") else None
    if command is None:
        return Incoming(kind=IncomingKind.TEXT, text=text, **about)
    name = command[1].lower()
    if name == "start":
        return Incoming(kind=IncomingKind.START, payload=(command[2] or "").strip(), **about)
    return Incoming(kind=IncomingKind.COMMAND, text=text, payload=name, **about)


def _edit(update: Mapping[str, Any], message: Mapping[str, Any], now: datetime) -> Incoming | None:
    about = _private(update, message, now)
    # A live place changes every few seconds: only new words are news.
    if about is None or ("text" not in message and "caption" not in message):
        return None
    text = clean(message.get("text") or message.get("caption"))
    return Incoming(kind=IncomingKind.EDIT, text=text, message_ref=_reference(message), **about)


def _button(update: Mapping[str, Any], query: Mapping[str, Any], now: datetime) -> Incoming | None:
    message = _mapping(query, "message") or {}
    chat = _mapping(message, "chat")
    if chat is not None and chat.get("type", "private") != "private":
        return None
    person = _mapping(query, "from") or {}
    address = (chat or person).get("id")
    if not isinstance(address, int):
        return None
    return Incoming(
        kind=IncomingKind.BUTTON,
        payload=clean(query.get("data")),
        message_ref=_reference(message),
        callback_ref=clean(query.get("id")) or None,
        **_about(update, address, person, now),
    )


def _membership(update: Mapping[str, Any], change: Mapping[str, Any], now: datetime) -> Incoming | None:
    about = _private(update, change, now)
    if about is None:
        return None
    before = (_mapping(change, "old_chat_member") or {}).get("status")
    after = (_mapping(change, "new_chat_member") or {}).get("status")
    if after == "kicked":
        return Incoming(kind=IncomingKind.BLOCKED, **about)
    if after == "member" and before == "kicked":
        return Incoming(kind=IncomingKind.UNBLOCKED, **about)
    return None


def _unknown(update: Mapping[str, Any], now: datetime) -> Incoming | None:
    """A kind of update that came without being asked for: kept if it tells whose it is."""
    for content in update.values():
        if not isinstance(content, Mapping):
            continue
        person = _mapping(content, "from") or _mapping(content, "user")
        chat = _mapping(content, "chat")
        if person is None or (chat is not None and chat.get("type") != "private"):
            continue
        if isinstance(address := person.get("id"), int):
            return Incoming(kind=IncomingKind.OTHER, **_about(update, address, person, now))
    return None


def _private(update: Mapping[str, Any], content: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """What every kind shares, if this happened in a private chat."""
    chat = _mapping(content, "chat")
    if chat is None or chat.get("type", "private") != "private" or not isinstance(chat.get("id"), int):
        return None
    person = _mapping(content, "from") or chat
    if person.get("is_bot") is True:
        return None
    return _about(update, chat["id"], person, _moment(content, now))


def _about(
    update: Mapping[str, Any], address: int, person: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    names = (clean(person.get("first_name")), clean(person.get("last_name")))
    return {
        "channel": NAME,
        "address": str(address),
        "update_id": str(update["update_id"]),
        "at": at,
        "sender_name": " ".join(filter(None, names))[:_LONGEST_NAME],
        "language": clean(person.get("language_code"))[:35] or None,
    }


def _media(message: Mapping[str, Any]) -> Media | None:
    photo = message.get("photo")
    if isinstance(photo, list) and photo and isinstance(photo[-1], Mapping):
        return Media(kind="photo", reference=clean(photo[-1].get("file_id")))
    for field, kind in _MEDIA:
        if (found := _mapping(message, field)) is not None:
            emoji = clean(found.get("emoji")) or None
            return Media(kind=kind, reference=clean(found.get("file_id")), emoji=emoji)
    if (place := _mapping(message, "location")) is not None:
        return Media(kind="location", reference=f"{place.get('latitude')},{place.get('longitude')}")
    if (contact := _mapping(message, "contact")) is not None:
        return Media(kind="contact", reference=clean(contact.get("phone_number")))
    return None


def _moment(content: Mapping[str, Any], now: datetime) -> datetime:
    seconds = content.get("edit_date") or content.get("date")
    if not isinstance(seconds, int) or not 0 < seconds < 2**33:
        return now
    return datetime.fromtimestamp(seconds, UTC)


def _reference(message: Mapping[str, Any]) -> str | None:
    message_id = message.get("message_id")
    return None if message_id is None else str(message_id)


def _mapping(content: Mapping[str, Any], field: str) -> Mapping[str, Any] | None:
    found = content.get(field)
    return found if isinstance(found, Mapping) else None


def clean(value: Any) -> str:
    """A text that every database and wire takes: no NUL, no half of a surrogate pair; else ""."""
    if not isinstance(value, str):
        return ""
    text: str = value.replace("\0", "") if "\0" in value else value
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
