"""What a message really meant, as staff say it: the one way in which corrections are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from nlu.acts import Act
from nlu.intents import can_be_intent
from nlu.normalise import model_text, normalise
from nlu.redaction import redact
from storage.audit import Audit
from storage.drafts import Corrections
from storage.staff import StaffMember

_NAME = ("姓名:", "my name is ")
_ADDRESS = ("地址是", "my address is: ")
_CUES = {
    "name": _NAME,
    "contact": _NAME,
    "recipient": _NAME,
    "invoice_title": ("抬头:", "my name is "),
    "address": _ADDRESS,
    "address_part": _ADDRESS,
}
"""What would tell, before a bare answer, what it holds: in Chinese and in English."""
_SHORTEST_NAME = 3
"""Latin letters; less may be any word."""


async def correct(
    connection: AsyncConnection,
    member: StaffMember,
    message_id: int,
    conversation_id: int,
    *,
    text: str,
    label: str = "",
    act: Act | None = None,
    now: datetime,
) -> None:
    """Keep what a message meant and who said so; without a label and an act an earlier word of it is taken back.

    Args:
        connection: of a transaction in which the member may do it.
        member: who says so.
        message_id: the customer's message.
        conversation_id: where it was said.
        text: what is kept of it, without personal data.
        label: the intent that was meant.
        act: what it does to what the bot had asked; then there is no label.
        now: when.

    Raises:
        ValueError: the label can't be an intent's name, or there is an act beside it.
        storage.NotFound: the message is gone, or has no words.
    """
    if label and (act is not None or not can_be_intent(label)):
        raise ValueError(f"{label!r} can't be an intent's name, or stands beside an act")
    meant = label or (act.value if act is not None else "")
    if meant:
        await Corrections(connection).put(message_id, label, act=act, text=text, staff_id=member.id, now=now)
    else:
        await Corrections(connection).drop(message_id)
    await Audit(connection).add(
        f"staff:{member.id}",
        "corrected" if meant else "correction_gone",
        f"conversation:{conversation_id}",
        {"message": message_id, "meant": meant},
        now,
    )


def asked_before(understanding: Mapping[str, Any] | None) -> str:
    """What the bot had asked before a message, as `bot.conversation.missed` keeps it; empty: nothing."""
    return str(((understanding or {}).get("where") or {}).get("asked", ""))


def without_personal_data(text: str, asked: str = "", names: Sequence[str] = ()) -> str:
    """As `nlu.redaction.redact`, and a name or an address where one was asked for, and names that are known."""
    cues = _CUES.get(asked.rpartition(".")[2] if "." in asked else asked)
    clean = redact(text) if cues is None else _answer(text, cues[1 if text.isascii() else 0])
    for name in sorted(_parts(names), key=len, reverse=True):
        clean = _without(clean, name)
    return clean


def _answer(text: str, cue: str) -> str:
    told, alone = redact(f"{cue}{text}"), redact(text)
    head = normalise(cue).text
    # Where the cue itself became part of something, or tells nothing, the answer stays what it is by itself.
    return told[len(head) :].strip() if told.startswith(head) else alone


def _parts(names: Sequence[str]) -> set[str]:
    """Names and the words of each, as they are compared."""
    known = [model_text(normalise(name).text) for name in names]
    parts = {part for name in known for part in (name, *name.split())}
    return {part for part in parts if len(part) >= (_SHORTEST_NAME if part.isascii() else 2)}


def _without(text: str, name: str) -> str:
    """A text without a name where that stands as a word."""
    compared = model_text(text)
    pieces, at = [], 0
    while (start := compared.find(name, at)) >= 0:
        end = start + len(name)
        inside = name.isascii() and (_is_letter(compared, start - 1) or _is_letter(compared, end))
        pieces += [text[at:start], text[start:end] if inside else "[name]"]
        at = end
    return "".join([*pieces, text[at:]])


def _is_letter(text: str, place: int) -> bool:
    return 0 <= place < len(text) and text[place].isascii() and text[place].isalnum()
