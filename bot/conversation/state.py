"""Who owns a conversation: the bot, the queue, a named person, or nobody any more.

Every hand-over in the program goes through this file. Each is a compare-and-set in the caller's transaction,
has a recorded reason, and has a way back:

    bot ──escalate──> queue ──take──> person
     ^                  │  <─release──  │
     └────give_back─────┴───────────────┤
     └────reopen──── closed <──close────┘

`answer` is how a person speaks: it holds the same check, so that two people never answer at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.codec import dump_reply
from bot.conversation.hours import ALWAYS, OpeningHours
from bot.conversation.messages import Reply
from storage.audit import Audit
from storage.conversations import Conversation, Conversations, NewMessage
from storage.errors import Conflict
from storage.escalations import Escalation, Escalations
from storage.outbox import Outbox

FIRST_ANSWER = {0: timedelta(minutes=5), 1: timedelta(minutes=30), 2: timedelta(hours=4)}
"""How soon a person is promised to answer, by priority, while people are there."""

BOT = "bot"


async def escalate(
    connection: AsyncConnection,
    conversation_id: int,
    *,
    reason: str,
    now: datetime,
    priority: int = 1,
    summary: str = "",
    actor: str = BOT,
    hours: OpeningHours = ALWAYS,
) -> int:
    """Hand a conversation to the queue and return the case's id.

    One that people have already keeps its case, which becomes more urgent if it must. The time in which it is to
    be answered runs in the shop's hours alone.
    """
    due_at = hours.after(now, FIRST_ANSWER[priority])
    escalations = Escalations(connection)
    known = await escalations.open_of(conversation_id)
    if known is not None:
        await escalations.raise_priority(known.id, priority, due_at)
        return known.id
    await Conversations(connection).set_owner(
        conversation_id, expected=("bot", "closed"), owner="queue", staff_id=None, now=now
    )
    case = await escalations.add(
        conversation_id, reason=reason, priority=priority, summary=summary, due_at=due_at, now=now
    )
    await _record(connection, actor, "escalate", conversation_id, now, reason=reason, case=case)
    return case


async def take(connection: AsyncConnection, escalation_id: int, staff_id: int, now: datetime) -> Escalation:
    """Make one person the owner of a waiting case; taking one's own again changes nothing.

    Raises:
        Conflict: somebody else took it first, or it has ended.
        NotFound: there is no such case.
    """
    escalations = Escalations(connection)
    seen = await escalations.get(escalation_id)
    if seen.state == "taken" and seen.staff_id == staff_id:
        return seen
    await escalations.take(escalation_id, staff_id, now)
    await Conversations(connection).set_owner(
        seen.conversation_id, expected=("queue",), owner="person", staff_id=staff_id, now=now
    )
    await _record(connection, _staff(staff_id), "take", seen.conversation_id, now, case=escalation_id)
    return await escalations.get(escalation_id)


async def release(
    connection: AsyncConnection, escalation_id: int, staff_id: int, now: datetime, reason: str = "released"
) -> Escalation:
    """Put one's own case back into the queue for somebody else; its promise stays.

    Raises:
        Conflict: the person does not hold it.
    """
    escalations = Escalations(connection)
    await escalations.release(escalation_id, staff_id)
    seen = await escalations.get(escalation_id)
    await Conversations(connection).set_owner(
        seen.conversation_id, expected=("person",), owner="queue", staff_id=None, now=now, held_by=staff_id
    )
    await _record(
        connection, _staff(staff_id), "release", seen.conversation_id, now, case=escalation_id, reason=reason
    )
    return seen


async def give_back(
    connection: AsyncConnection,
    escalation_id: int,
    staff_id: int,
    now: datetime,
    reason: str = "given_back",
    *,
    force: bool = False,
) -> Escalation:
    """Let the bot answer again. `force` (an admin's) works on a case that somebody else holds.

    Raises:
        Conflict: another person holds the case, or it has ended.
    """
    return await _end(connection, escalation_id, staff_id, now, reason, "back", "bot", force)


async def close(
    connection: AsyncConnection,
    escalation_id: int,
    staff_id: int,
    now: datetime,
    reason: str = "solved",
    *,
    force: bool = False,
) -> Escalation:
    """End a case; the customer's next message opens the conversation anew, with the bot.

    Raises:
        Conflict: another person holds the case, or it has ended.
    """
    return await _end(connection, escalation_id, staff_id, now, reason, "closed", "closed", force)


async def reopen(
    connection: AsyncConnection, conversation_id: int, now: datetime, reason: str = "customer_wrote"
) -> None:
    """Give a closed conversation back to the bot.

    Raises:
        Conflict: it is not closed.
    """
    await Conversations(connection).set_owner(
        conversation_id, expected=("closed",), owner="bot", staff_id=None, now=now
    )
    await _record(connection, BOT, "reopen", conversation_id, now, reason=reason)


async def answer(
    connection: AsyncConnection,
    escalation_id: int,
    staff_id: int,
    staff_name: str,
    text: str,
    now: datetime,
    *,
    whole: Reply | None = None,
) -> int:
    """Send a person's words to the customer; return the message's id.

    A waiting case is taken by answering it. `whole` is sent instead of the bare words where a drafted reply
    has cards or buttons.

    Raises:
        Conflict: another person holds the case, or it has ended.
    """
    seen = await take(connection, escalation_id, staff_id, now)
    said = dump_reply(whole or Reply(text=text, language=seen.language))
    message_id = await Conversations(connection).append(
        NewMessage(
            conversation_id=seen.conversation_id,
            direction="out",
            author=_staff(staff_id),
            kind="staff",
            text=text,
            payload=said,
            at=now,
        )
    )
    await Outbox(connection).put(
        channel=seen.channel,
        address=seen.address,
        kind="staff",
        policy="retry",
        reply=said,
        now=now,
        author=staff_name,
        message_id=message_id,
        customer_id=seen.customer_id,
    )
    await Escalations(connection).answered(escalation_id, now)
    return message_id


def speaks(conversation: Conversation) -> bool:
    """Whether the bot may say anything in a conversation: the one place that decides it."""
    return conversation.owner in ("bot", "closed")


async def _end(
    connection: AsyncConnection,
    escalation_id: int,
    staff_id: int,
    now: datetime,
    reason: str,
    state: str,
    owner: str,
    force: bool,
) -> Escalation:
    escalations = Escalations(connection)
    seen = await escalations.get(escalation_id)
    if seen.state not in ("waiting", "taken"):
        raise Conflict("this case has ended already")
    if seen.state == "taken" and seen.staff_id != staff_id and not force:
        raise Conflict("somebody else holds this case")
    await escalations.end(escalation_id, seen_state=seen.state, state=state, now=now)
    await Conversations(connection).set_owner(
        seen.conversation_id,
        expected=("queue", "person"),
        owner=owner,
        staff_id=None,
        now=now,
        held_by=seen.staff_id,
    )
    action = "give_back" if state == "back" else "close"
    await _record(
        connection, _staff(staff_id), action, seen.conversation_id, now, case=escalation_id, reason=reason
    )
    return await escalations.get(escalation_id)


async def _record(
    connection: AsyncConnection,
    actor: str,
    action: str,
    conversation_id: int,
    now: datetime,
    **details: str | int,
) -> None:
    await Audit(connection).add(actor, action, f"conversation:{conversation_id}", details, now)


def _staff(staff_id: int) -> str:
    return f"staff:{staff_id}"
