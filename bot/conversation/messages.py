"""What goes into the conversation and what comes out of it, without a word of any channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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
    """Customer id that the shop's own site vouches for; the channel has checked the signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press below a message."""

    label: str
    action: str = ""
    """What comes back as `Incoming.payload`; at most 64 bytes, nothing secret in it."""
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
    parts_sent: tuple[str, ...] = field(default=())
    """Channel ids of the parts an earlier attempt is known to have delivered; not sent again."""


class DeliveryStatus(StrEnum):
    """How an attempt to deliver ended."""

    SENT = "sent"
    RETRY = "retry"
    """Known not to be delivered; try again after `retry_after` seconds."""
    REFUSED = "refused"
    """For good: blocked, chat gone, content that can't be delivered in any form."""
    UNKNOWN = "unknown"
    """The answer was lost: it may or may not have arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The outcome of one attempt."""

    status: DeliveryStatus
    message_refs: tuple[str, ...] = ()
    """Channel ids of every part that is known to have arrived, in order, earlier attempts included."""
    retry_after: float | None = None
    """Seconds, for RETRY."""
    reason: str = ""
    """For people and logs: a short code such as `blocked`; never the text of a message."""
    blocked: bool = False
    """REFUSED because the customer blocked the shop; counts as opt-out."""
