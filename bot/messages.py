"""Messages as every channel and the conversation know them, and their JSON for the inbox, the outbox and the history.

In JSON fields at their default are left out: rows stay small, and a field added later reads from an old row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints


class IncomingKind(StrEnum):
    """What the customer did."""

    TEXT = "text"
    BUTTON = "button"
    COMMAND = "command"
    MEDIA = "media"
    """A picture, sticker, voice note, file or place; `text` holds its caption."""
    EDIT = "edit"
    """A message changed after it was sent; `message_ref` names it, `text` is the new text."""
    START = "start"
    """The conversation was opened, perhaps with a deep-link parameter in `payload`."""
    BLOCKED = "blocked"
    """The customer blocked the shop: the channel's own way of saying stop."""
    UNBLOCKED = "unblocked"
    OTHER = "other"
    """Something the channel can't put into words; `text` is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file the customer sent, by reference."""

    kind: str
    """photo, sticker, voice, audio, video, document, location, contact."""
    reference: str
    """The channel's own handle on it."""
    emoji: str | None = None
    """What a sticker stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing a customer did in one conversation."""

    channel: str
    """telegram, web, console."""
    address: str
    """Where the conversation is in that channel: a chat id, a visitor id."""
    update_id: str
    """Unique within the channel: the same update delivered twice carries the same id."""
    kind: IncomingKind
    at: datetime
    """Aware, UTC."""
    text: str = ""
    payload: str = ""
    """Button: its action. Command: its name without the slash. Start: the deep-link parameter. Untrusted."""
    media: Media | None = None
    album: str | None = None
    """Parts of one album share it, each in an update of its own."""
    message_ref: str | None = None
    """The channel's id of the message (or of the message that carries the pressed button)."""
    callback_ref: str | None = None
    """Set where the channel wants a pressed button acknowledged."""
    sender_name: str = ""
    language: str | None = None
    """The language the channel knows of the user, a BCP 47 tag."""
    signed_in_as: str | None = None
    """Customer id that the shop's own site vouches for at this moment; the channel has checked the token."""
    client: str = ""
    """A keyed hash of the network address it came from, by which guesses are counted; empty where the channel
    knows none, as where every account is a person's own."""


ACTION_BYTES = 64
"""The longest action of a button that every channel takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press below a message."""

    label: str
    action: str = ""
    """What comes back as `Incoming.payload`; at most `ACTION_BYTES` when it leaves, nothing secret in it."""
    url: str | None = None
    """A link instead of an action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A product to look at."""

    product_id: str
    title: str
    text: str
    picture: str | None = None
    """Path below the media folder or an https address; None: text alone."""
    more_pictures: tuple[str, ...] = ()
    """Others of the product, for channels that can show several."""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One message to a customer. Plain text: a channel escapes what its wire needs escaped."""

    text: str = ""
    buttons: tuple[tuple[Button, ...], ...] = ()
    """Rows of buttons."""
    cards: tuple[Card, ...] = ()
    """Shown after the text."""
    language: str = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A reply on its way: what a channel delivers."""

    outbox_id: int
    channel: str
    address: str
    reply: Reply
    callback_ref: str | None = None
    """The pressed button this answers, to be acknowledged once."""
    author: str = "bot"
    """bot, system, or the display name of a member of staff."""
    message_id: int | None = None
    """The row in the conversation's history, where there is one."""
    parts_sent: tuple[str, ...] = ()
    """Channel ids of the parts an earlier attempt is known to have delivered; not sent again."""


class DeliveryStatus(StrEnum):
    """How an attempt to deliver ended."""

    SENT = "sent"
    RETRY = "retry"
    """Known not to be delivered: tried again for a day, after `retry_after` seconds or ever more rarely."""
    REFUSED = "refused"
    """For good: blocked, chat gone, content that can't be delivered in any form."""
    UNKNOWN = "unknown"
    """The answer was lost: it may or may not have arrived. A reply is sent again, a campaign's message never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The outcome of one attempt."""

    status: DeliveryStatus
    message_refs: tuple[str, ...] = ()
    """Channel ids of every part that is known to have arrived, in order, earlier attempts included."""
    retry_after: float | None = None
    """Seconds, for RETRY, where the other side asks to be written to less: a channel that hears it from several
    customers rests as a whole. None where it can't be reached."""
    reason: str = ""
    """For people and logs: a short code such as `blocked`; never the text of a message."""
    blocked: bool = False
    """REFUSED because the customer blocked the shop; counts as opt-out."""


def dump_incoming(incoming: Incoming) -> dict[str, Any]:
    """A JSON-able dict that `load_incoming` turns back into the same value."""
    return dict(to_json(incoming))


def load_incoming(dumped: Mapping[str, Any]) -> Incoming:
    """The message of `dump_incoming`. Raises KeyError, TypeError or ValueError for anything else."""
    incoming: Incoming = from_json(Incoming, dumped)
    return incoming


def dump_reply(reply: Reply) -> dict[str, Any]:
    """A JSON-able dict that `load_reply` turns back into the same value."""
    return dict(to_json(reply))


def load_reply(dumped: Mapping[str, Any]) -> Reply:
    """The reply of `dump_reply`. Raises KeyError, TypeError or ValueError for anything else."""
    reply: Reply = from_json(Reply, dumped)
    return reply


def to_json(value: Any) -> Any:
    """A frozen value as what JSON can hold; fields at their default are left out."""
    match value:
        case tuple():
            return [to_json(item) for item in value]
        case datetime():
            return value.astimezone(UTC).isoformat()
        case StrEnum():
            return value.value
        case _ if is_dataclass(value):
            given = ((field, getattr(value, field.name)) for field in fields(value))
            return {field.name: to_json(item) for field, item in given if item != _default(field)}
    return value


def from_json(kind: Any, raw: Any) -> Any:
    """A value of a type from what `to_json` made of it; fields that a newer version wrote are passed over.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: from_json(of, raw[name]) for name, of in _types(kind).items() if name in raw})
    if get_origin(kind) is tuple:
        return tuple(from_json(get_args(kind)[0], item) for item in raw)
    if get_origin(kind) is UnionType:
        return None if raw is None else from_json(get_args(kind)[0], raw)
    if kind is datetime:
        return datetime.fromisoformat(raw)
    return kind(raw) if isinstance(kind, type) and issubclass(kind, StrEnum) else raw


@cache
def _types(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
