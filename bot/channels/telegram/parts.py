"""A reply as the messages that Telegram shows: what goes into each, within Telegram's sizes.

Text is sent plain, with bold set by position, so nothing in it can be taken for markup. The same reply always
falls into the same parts: an attempt that follows another one skips what has arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot.channels.telegram.updates import clean
from bot.messages import ACTION_BYTES, Button, Card, Outgoing

MAX_TEXT: Final = 4096
MAX_CAPTION: Final = 1024
_MAX_ROW: Final = 8
_MAX_BUTTONS: Final = 100
_NOT_A_PERSON: Final = ("", "bot", "system")
_BREAKS: Final = ("\n\n", "\n", "。", ". ", " ")
_URL_SCHEMES: Final = ("http://", "https://", "tg://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message to be sent."""

    text: str
    bold: int = 0
    """So many characters at its beginning are set in bold."""
    buttons: tuple[tuple[Button, ...], ...] = ()
    picture: str | None = None

    def caption(self) -> Part:
        """The same with as much of the text as fits below a picture."""
        return replace(self, text=shorten(self.text, MAX_CAPTION))

    def words(self) -> Part:
        """The same without its picture."""
        return replace(self, text=shorten(self.text, MAX_TEXT), picture=None)

    def entities(self) -> list[MessageEntity] | None:
        """What is bold, counted as Telegram counts."""
        length = utf16_length(self.text[: self.bold])
        return [MessageEntity(type="bold", offset=0, length=length)] if length else None

    def markup(self) -> InlineKeyboardMarkup | None:
        """The buttons that Telegram would take."""
        rows = []
        left = _MAX_BUTTONS
        for row in self.buttons:
            shown = [button for each in row[:_MAX_ROW] if (button := _button(each)) is not None][:left]
            left -= len(shown)
            if shown:
                rows.append(shown)
        return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def parts_of(message: Outgoing) -> list[Part]:
    """Every message of a reply, in order: the text, cut where it is too long, then the cards.

    Buttons of the reply stand below the last piece of its text, or below the last card where it has no text.
    """
    reply = message.reply
    text, bold = clean(reply.text).strip(), 0
    if text and message.author not in _NOT_A_PERSON:
        name = clean(message.author).strip()
        text, bold = f"{name}\n{text}", len(name)
    parts = [Part(text=piece) for piece in split(text)]
    if parts:
        parts[0] = replace(parts[0], bold=bold)
        parts[-1] = replace(parts[-1], buttons=reply.buttons)
    parts += [_card(card) for card in reply.cards]
    if parts and not text:
        parts[-1] = replace(parts[-1], buttons=parts[-1].buttons + reply.buttons)
    return parts


def _card(card: Card) -> Part:
    title = clean(card.title).strip()
    text = "\n".join(filter(None, (title, clean(card.text).strip())))
    rows = tuple((button,) for button in card.buttons)
    return Part(text=text or card.product_id, bold=len(title), buttons=rows, picture=card.picture)


def _button(button: Button) -> InlineKeyboardButton | None:
    label = clean(button.label).strip()
    if not label:
        return None
    if button.url is not None:
        taken = button.url.startswith(_URL_SCHEMES)
        return InlineKeyboardButton(text=label, url=button.url) if taken else None
    if not 1 <= len(button.action.encode()) <= ACTION_BYTES:
        return None
    return InlineKeyboardButton(text=label, callback_data=button.action)


def split(text: str, longest: int = MAX_TEXT) -> Sequence[str]:
    """A text in pieces of at most `longest` UTF-16 units, cut between paragraphs, lines or words."""
    pieces = []
    rest = text.strip()
    while utf16_length(rest) > longest:
        head = _head(rest, longest)
        cut = next((at for each in _BREAKS if (at := _last_end(head, each)) >= len(head) // 2), len(head))
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [piece for piece in (*pieces, rest) if piece]


def shorten(text: str, longest: int) -> str:
    """A text of at most `longest` UTF-16 units, with an ellipsis where something is missing."""
    if utf16_length(text) <= longest:
        return text
    return _head(text, longest - 1).rstrip() + "…"


def utf16_length(text: str) -> int:
    """The length of a text as Telegram counts it: in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _last_end(text: str, what: str) -> int:
    at = text.rfind(what)
    return at + len(what) if at >= 0 else -1


def _head(text: str, units: int) -> str:
    """As many whole characters from the beginning as fit into so many UTF-16 units."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")
