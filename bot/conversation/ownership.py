"""Who owns a conversation: the bot, the queue, a named person, or nobody any more; and how its owner speaks.

Every hand-over in the program goes through this file. Each is a compare-and-set in the caller's transaction,
has a recorded reason, and has a way back:

    bot ──escalate──> queue ──take──> person
     ^                  │  <─release──  │
     ├──── withdraw ────┤               │
     └─────── end ──────┴───────────────┤
     └────reopen──── closed <── end ────┘

It is the customer who leaves the queue (`withdraw`) and who, by writing, opens again what was closed. While a
conversation waits in the queue, the bot goes on answering what takes nothing out of people's hands; once a person has
it, the bot is silent (`speaks`), save for danger.

`answer` is how a person speaks: it holds the same check, so that two people never answer at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.hours import ALWAYS, OpeningHours
from bot.messages import Reply, dump_reply
from storage.audit import Audit
from storage.conversations import Conversation, Conversations, NewMessage
from storage.errors import Conflict
from storage.escalations import Escalation, Escalations
from storage.outbox import Outbox, OutboxKind

DANGER = -1
"""The priority of danger: such a case stands above all others, however long they have waited."""
FIRST_ANSWER = {
    DANGER: timedelta(minutes=5),
    0: timedelta(minutes=5),
    1: timedelta(minutes=30),
    2: timedelta(hours=4),
}
"""How soon a person is promised to answer, by priority, while people are there."""

_CASE = "C-"
_APART = re.compile(r"[^A-Z0-9-]+")
_MOST_DIGITS = 12

BOT = "bot"
CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """The first things a colleague should see of a conversation that was handed over."""

    wish: str = ""
    """An intent's name."""
    mood: str = ""
    """negative, neutral, positive."""
    urgent: bool = False
    danger: str = ""
    """What kind of danger was read in the words."""
    order: str = ""
    words: str = ""
    """The customer's last words."""

    @classmethod
    def read(cls, text: str) -> CaseFacts:
        """What `written` wrote; anything else is taken for the customer's words."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return cls(words=text)

    def written(self) -> str:
        """For the case's `summary` in the store."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, ensure_ascii=False)


def case_number(case_id: int) -> str:
    """What a case is called for customers and staff alike."""
    return f"{_CASE}{case_id}"


def case_named(text: str) -> int | None:
    """The id of the case whose number stands in a text; None where none does."""
    for word in _APART.split(text.upper()):
        digits = word.removeprefix(_CASE)
        if digits != word and digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS:
            return int(digits)
    return None


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

    One that people have already keeps its case, which becomes more urgent if it must, and then for this reason. The
    time in which it is to be answered runs in the shop's hours alone.
    """
    due_at = hours.after(now, FIRST_ANSWER[priority])
    escalations = Escalations(connection)
    known = await escalations.open_of(conversation_id)
    if known is not None:
        raised = await escalations.raise_priority(known.id, priority, due_at, reason=reason, summary=summary)
        if raised:
            details = {"reason": reason, "case": known.id}
            await Audit(connection).add(actor, "raise", f"conversation:{conversation_id}", details, now)
        return known.id
    await Conversations(connection).set_owner(
        conversation_id, expected=("bot", "closed"), owner="queue", staff_id=None, now=now
    )
    case = await escalations.add(
        conversation_id, reason=reason, priority=priority, summary=summary, due_at=due_at, now=now
    )
    details = {"reason": reason, "case": case}
    await Audit(connection).add(actor, "escalate", f"conversation:{conversation_id}", details, now)
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
    await _pass_on(
        connection, seen.conversation_id, ("queue",), "person", now, _staff(staff_id), "take",
        staff_id=staff_id, case=escalation_id,
    )  # fmt: skip
    return await escalations.get(escalation_id)


async def release(
    connection: AsyncConnection,
    escalation_id: int,
    staff_id: int,
    now: datetime,
    reason: str = "released",
    *,
    actor: str = "",
) -> None:
    """Put a person's case back into the queue for somebody else; its promise stays.

    `actor` is who decided it, where that is not the person who held it.

    Raises:
        Conflict: the person does not hold it.
    """
    escalations = Escalations(connection)
    await escalations.release(escalation_id, staff_id)
    seen = await escalations.get(escalation_id)
    await _pass_on(
        connection, seen.conversation_id, ("person",), "queue", now, actor or _staff(staff_id), "release",
        held_by=staff_id, case=escalation_id, reason=reason,
    )  # fmt: skip


async def end(
    connection: AsyncConnection,
    escalation_id: int,
    staff_id: int,
    now: datetime,
    *,
    owner: Literal["bot", "closed"],
    force: bool = False,
) -> None:
    """End a case: the bot answers again, or the conversation is closed until the customer writes again.

    `force` (an admin's) works on a case that somebody else holds.

    Raises:
        Conflict: another person holds the case, or it has ended.
    """
    escalations = Escalations(connection)
    seen = await escalations.get(escalation_id)
    if seen.state not in ("waiting", "taken"):
        raise Conflict("this case has ended already")
    if seen.state == "taken" and seen.staff_id != staff_id and not force:
        raise Conflict("somebody else holds this case")
    state, action, reason = (
        ("back", "give_back", "given_back") if owner == "bot" else ("closed", "close", "solved")
    )
    await escalations.end(escalation_id, seen_state=seen.state, state=state, now=now)
    await _pass_on(
        connection, seen.conversation_id, ("queue", "person"), owner, now, _staff(staff_id), action,
        held_by=seen.staff_id, case=escalation_id, reason=reason,
    )  # fmt: skip


async def withdraw(connection: AsyncConnection, conversation_id: int, now: datetime) -> None:
    """The customer doesn't want to wait for a person any more: end the waiting case and let the bot answer.

    Raises:
        Conflict: somebody took it at the same moment, or nothing waits.
    """
    escalations = Escalations(connection)
    seen = await escalations.open_of(conversation_id)
    if seen is None:
        raise Conflict("nothing waits here")
    await escalations.end(seen.id, seen_state="waiting", state="back", now=now)
    await _pass_on(
        connection, conversation_id, ("queue",), "bot", now, CUSTOMER, "withdraw",
        case=seen.id, reason="customer_withdrew",
    )  # fmt: skip


async def reopen(connection: AsyncConnection, conversation_id: int, now: datetime) -> None:
    """Give a closed conversation, to which the customer has written, back to the bot.

    Raises:
        Conflict: it is not closed.
    """
    await _pass_on(
        connection, conversation_id, ("closed",), "bot", now, BOT, "reopen", reason="customer_wrote"
    )


async def end_for_good(
    connection: AsyncConnection, conversation_id: int, now: datetime, *, actor: str
) -> None:
    """Whoever wrote here was erased: end an open case, whoever holds it, and close the conversation.

    Raises:
        Conflict: somebody did something here at the same moment.
    """
    escalations = Escalations(connection)
    seen = await escalations.open_of(conversation_id)
    if seen is not None:
        await escalations.end(seen.id, seen_state=seen.state, state="closed", now=now)
    anyone = ("bot", "queue", "person", "closed")
    await _pass_on(connection, conversation_id, anyone, "closed", now, actor, "close", reason="erased")


async def answer(
    connection: AsyncConnection,
    escalation_id: int,
    staff_id: int,
    staff_name: str,
    text: str,
    now: datetime,
    *,
    whole: Reply | None = None,
    dedupe_key: str | None = None,
) -> int:
    """Send a person's words to the customer; return the message's id.

    A waiting case is taken by answering it. `whole` is sent instead of the bare words where a drafted reply
    has cards or buttons. What has a `dedupe_key` is sent once.

    Raises:
        Conflict: another person holds the case, it has ended, or this was sent before.
    """
    seen = await take(connection, escalation_id, staff_id, now)
    message_id = await send(
        connection,
        seen.conversation_id,
        (seen.channel, seen.address),
        whole or Reply(text=text, language=seen.language),
        now,
        message_kind="staff",
        outbox_kind="staff",
        author=_staff(staff_id),
        author_name=staff_name,
        customer_id=seen.customer_id,
        dedupe_key=dedupe_key,
    )
    await Escalations(connection).answered(escalation_id, now)
    return message_id


async def send(
    connection: AsyncConnection,
    conversation_id: int,
    place: tuple[str, str],
    reply: Reply,
    now: datetime,
    *,
    message_kind: str = "text",
    outbox_kind: OutboxKind = "reply",
    author: str = BOT,
    author_name: str = BOT,
    skill: str | None = None,
    callback_ref: str | None = None,
    customer_id: str | None = None,
    dedupe_key: str | None = None,
    trace: Mapping[str, Any] | None = None,
) -> int:
    """Append a reply to the conversation and queue it for its channel and address; return the message's id.

    Raises:
        Conflict: what has this `dedupe_key` was sent before.
    """
    dumped = dump_reply(reply)
    message_id = await Conversations(connection).append(
        NewMessage(
            conversation_id=conversation_id,
            direction="out",
            author=author,
            kind=message_kind,
            text=reply.text,
            payload=dumped,
            skill=skill,
            trace=trace,
            at=now,
        )
    )
    channel, address = place
    put = await Outbox(connection).put(
        channel=channel,
        address=address,
        kind=outbox_kind,
        policy="retry",
        reply=dumped,
        now=now,
        author=author_name,
        callback_ref=callback_ref,
        message_id=message_id,
        customer_id=customer_id,
        dedupe_key=dedupe_key,
    )
    if put is None:
        raise Conflict("this answer was sent before")
    return message_id


def speaks(conversation: Conversation) -> bool:
    """Whether the bot may say anything in a conversation: the one place that decides it, but for danger."""
    return conversation.owner != "person"


async def _pass_on(
    connection: AsyncConnection,
    conversation_id: int,
    expected: tuple[str, ...],
    owner: str,
    now: datetime,
    actor: str,
    action: str,
    *,
    staff_id: int | None = None,
    held_by: int | None = None,
    **details: str | int,
) -> None:
    """Change the owner, where it is one of those expected, and write down by whom; raises Conflict where it isn't."""
    await Conversations(connection).set_owner(
        conversation_id, expected=expected, owner=owner, staff_id=staff_id, now=now, held_by=held_by
    )
    await Audit(connection).add(actor, action, f"conversation:{conversation_id}", details, now)


def _staff(staff_id: int) -> str:
    return f"staff:{staff_id}"
