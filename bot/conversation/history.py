"""How what was said is kept and how a reply is queued."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.codec import dump_reply
from bot.conversation.messages import Incoming, IncomingKind, Reply
from bot.conversation.turn import Turn
from nlu.types import Understanding
from storage.conversations import Conversations, Message, NewMessage
from storage.outbox import Outbox


async def queue(connection: AsyncConnection, turn: Turn, reply: Reply, message_id: int | None) -> None:
    """Let a reply leave; an empty one only stops the waiting sign on the button that was pressed."""
    await Outbox(connection).put(
        channel=turn.incoming.channel,
        address=turn.incoming.address,
        kind="reply",
        policy="retry",
        reply=dump_reply(reply),
        now=turn.now,
        callback_ref=turn.incoming.callback_ref,
        message_id=message_id,
        customer_id=turn.customer_id,
    )


async def keep_incoming(
    connection: AsyncConnection,
    turn: Turn,
    understanding: Understanding | None,
    skill: str | None,
    edited: Message | None,
) -> int:
    """Append what came, or give the message it changes its new words; return the message's id."""
    incoming = turn.incoming
    if edited is not None:
        await Conversations(connection).edit(edited, incoming.text, turn.now)
        return edited.id
    return await Conversations(connection).append(
        NewMessage(
            conversation_id=turn.contact.conversation.id,
            direction="in",
            author="customer",
            kind=incoming.kind.value,
            text=incoming.text,
            payload=_payload(incoming),
            understanding=None if understanding is None else summary_of(understanding),
            skill=skill,
            channel_ref=incoming.message_ref if incoming.kind is not IncomingKind.BUTTON else None,
            at=incoming.at,
        )
    )


def _payload(incoming: Incoming) -> dict[str, Any]:
    media = incoming.media
    values: dict[str, Any] = {
        # A deep link's token is as good as a password for a day: it stays out of the history.
        "payload": "" if incoming.kind is IncomingKind.START else incoming.payload,
        # A press has no message of its own by which the channel could know it again.
        "update": incoming.update_id if incoming.kind is IncomingKind.BUTTON else None,
        "album": incoming.album,
        "media": None
        if media is None
        else {"kind": media.kind, "reference": media.reference, "emoji": media.emoji},
    }
    return {key: value for key, value in values.items() if value}


def summary_of(understanding: Understanding) -> dict[str, Any]:
    """What staff and reports need of an understanding."""
    return {
        "intents": [
            [score.intent, round(float(score.probability), 4)] for score in understanding.intents[:3]
        ],
        "sentiment": understanding.sentiment.value,
        "strength": round(float(understanding.sentiment_strength), 3),
        "urgent": bool(understanding.urgent),
        "understood": bool(understanding.understood),
        "language": understanding.language,
        "words": [
            [word.word, round(float(word.contribution), 3)] for word in understanding.deciding_words[:5]
        ],
    }
