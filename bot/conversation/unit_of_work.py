"""What a message writes: the units of work that the dispatcher commits together with "this message is handled"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import missed, ownership, wording
from bot.conversation.answer import Answer, HandOver
from bot.conversation.decisions import Decision
from bot.conversation.hours import ALWAYS, OpeningHours
from bot.conversation.long_actions import shortened
from bot.conversation.memory import QUESTION_HOLDS
from bot.conversation.ownership import CaseFacts
from bot.conversation.routing import Reading
from bot.conversation.texts import Texts
from bot.conversation.trace import ReadAs, dump_trace
from bot.conversation.turn import Turn
from bot.delivery.ports import Work
from bot.messages import Incoming, IncomingKind, Reply, dump_reply
from nlu.types import Understanding
from storage.consents import MARKETING
from storage.conversations import Conversations, Message, NewMessage
from storage.customers import Accounts, Consents
from storage.drafts import Drafts
from storage.missed import MissedTurns
from storage.outbox import Outbox

# Characters of the customer's last words in a case.
_WORDS = 300


def answering(
    turn: Turn,
    reading: Reading,
    decisions: Sequence[Decision],
    edited: Message | None,
    *,
    stop: bool = False,
) -> Work:
    """Keep what came, run what the skills put off, obey a plain "stop", and let the answer leave."""
    conversation = turn.contact.conversation
    skills = "+".join(decision.skill for decision in decisions)[:60]

    async def work(connection: AsyncConnection) -> None:
        sent, drafted = [], []
        answering_skills = [one.skill for one in decisions if not one.shadow]
        for decision in decisions:
            if decision.shadow:
                drafted.append((decision.skill, await _rehearsed(connection, decision.answer)))
            else:
                sent.append(await decision.answer.settled(connection))
        answer = _announced(combine(sent), turn)
        why = missed.why(turn, reading, [one.skill for one in decisions], answer)
        language = answer.language or turn.language
        memory = answer.memory or turn.memory
        if answer.hand_over is not None and conversation.owner in ("bot", "closed"):
            # After danger what was asked before is still open.
            pending = memory.pending if answer.hand_over.priority == ownership.DANGER else None
            memory = replace(memory.handed_over(), pending=pending)
        shown = [(one.label, one.action) for line in answer.buttons for one in line if one.action]
        reply, memory = shortened(_reply(answer, language), memory.offering(shown))
        await Conversations(connection).advance(
            conversation, memory=memory.dump(turn.now), language=language, now=turn.now
        )
        message_id = await _keep_incoming(connection, turn, reading, skills, edited, why)
        if missed.tells_of_before(answer.hand_over):
            await MissedTurns(connection).before_hand_over(
                conversation.id, message_id, since=turn.now - QUESTION_HOLDS, passing_over=missed.NO_WISH
            )
        for skill, draft in drafted:
            drafted_reply = dump_reply(_reply(draft, turn.language))
            await Drafts(connection).add(conversation.id, message_id, skill, drafted_reply, turn.now)
        if answer.hand_over is not None:
            reply = await _handed_over(connection, turn, reading, answer.hand_over, reply)
        elif answer.leaves_queue:
            await ownership.withdraw(connection, conversation.id, turn.now)
        elif conversation.owner == "closed":
            await ownership.reopen(connection, conversation.id, turn.now)
        if reply.text or reply.cards:
            await ownership.send(
                connection,
                conversation.id,
                (turn.incoming.channel, turn.incoming.address),
                reply,
                turn.now,
                message_kind="reply",
                skill=skills,
                callback_ref=turn.incoming.callback_ref,
                customer_id=turn.customer_id,
                trace=dump_trace(turn.sources.of(reply, _read_as(turn, reading), answering_skills)),
            )
        else:
            await _release_button(connection, turn)
        if stop:
            await _opt_out(connection, turn.customer_id, conversation.account_id, "conversation", turn.now)

    return work


async def _handed_over(
    connection: AsyncConnection, turn: Turn, reading: Reading, over: HandOver, reply: Reply
) -> Reply:
    """Give the conversation to people; the reply with its number there, where it is new or complained of."""
    case = await ownership.escalate(
        connection,
        turn.contact.conversation.id,
        reason=over.reason,
        priority=over.priority,
        summary=case_facts(turn, reading.whole).written(),
        now=turn.now,
        hours=turn.services.shop.hours,
    )
    # Nothing stands beside what is to be done in danger.
    if over.priority == ownership.DANGER or (turn.in_queue and over.reason != "complaint"):
        return reply
    number = turn.say("case-number", case=ownership.case_number(case))
    return replace(reply, text=f"{reply.text}\n{number}".strip())


def keeping(turn: Turn, reading: Reading, edited: Message | None, *, stop: bool = False) -> Work:
    """Keep what came, obey a plain "stop", and say nothing."""

    async def work(connection: AsyncConnection) -> None:
        await Conversations(connection).advance(
            turn.contact.conversation,
            memory=turn.memory.dump(turn.now),
            language=turn.contact.conversation.language,
            now=turn.now,
        )
        await _keep_incoming(connection, turn, reading, None, edited)
        await _release_button(connection, turn)
        if stop:
            account_id = turn.contact.conversation.account_id
            await _opt_out(connection, turn.customer_id, account_id, "conversation", turn.now)

    return work


async def _release_button(connection: AsyncConnection, turn: Turn) -> None:
    """An empty reply only stops the waiting sign on the button that was pressed."""
    if turn.incoming.callback_ref is None:
        return
    await Outbox(connection).put(
        channel=turn.incoming.channel,
        address=turn.incoming.address,
        kind="reply",
        policy="retry",
        reply=dump_reply(Reply(language=turn.language)),
        now=turn.now,
        callback_ref=turn.incoming.callback_ref,
        customer_id=turn.customer_id,
    )


async def note_block(connection: AsyncConnection, channel: str, address: str, now: datetime) -> None:
    """Blocking the shop is the channel's own way of saying stop."""
    account = await Accounts(connection).find(channel, address)
    if account is not None:
        await Accounts(connection).set_blocked(account.id, True)
        await _opt_out(connection, account.customer_id, account.id, "blocked", now)


async def nothing(_connection: AsyncConnection) -> None:
    """For an edit of a message that was never seen, or that changed nothing."""


def apology(
    texts: Texts, clock: Callable[[], datetime], hours: OpeningHours = ALWAYS
) -> Callable[[Incoming], Work]:
    """What the dispatcher commits about a message that can't be handled: the conversation goes to the queue, and the
    customer is told so; nothing where there is no conversation yet."""

    def apologising(incoming: Incoming) -> Work:
        async def work(connection: AsyncConnection) -> None:
            contact = await Conversations(connection).contact(incoming.channel, incoming.address)
            if contact is None:
                return
            now, conversation = clock(), contact.conversation
            bot_spoke = ownership.speaks(conversation)
            await ownership.escalate(connection, conversation.id, reason="failed", now=now, hours=hours)
            if bot_spoke:
                language = conversation.language
                await ownership.send(
                    connection,
                    conversation.id,
                    (incoming.channel, incoming.address),
                    Reply(text=texts.say(language, "failed"), language=language),
                    now,
                    callback_ref=incoming.callback_ref,
                )

        return work

    return apologising


def combine(answers: Sequence[Answer]) -> Answer:
    """Several settled answers as one message, in order."""
    combined = Answer()
    for answer in answers:
        memory = answer.memory or combined.memory
        if answer.memory is not None and combined.memory is not None:
            memory = answer.memory.following(combined.memory)
        combined = Answer(
            text="\n\n".join(text for text in (combined.text, answer.text) if text),
            buttons=(*combined.buttons, *answer.buttons),
            cards=(*combined.cards, *answer.cards),
            memory=memory,
            language=answer.language or combined.language,
            hand_over=answer.hand_over or combined.hand_over,
            again=answer.again or combined.again,
            leaves_queue=answer.leaves_queue or combined.leaves_queue,
        )
    return combined


def case_facts(turn: Turn, understanding: Understanding | None) -> CaseFacts:
    """The wish, the mood, the order, the last words of a turn."""
    words = turn.incoming.text.strip()[:_WORDS]
    order = turn.memory.order or ""
    if understanding is None or understanding.intent is None:
        earlier = turn.memory.intents[0] if turn.memory.intents else ""
        return CaseFacts(wish=earlier, order=order, words=words)
    danger = understanding.acts.danger
    return CaseFacts(
        wish=understanding.intent,
        mood=understanding.sentiment.value,
        urgent=understanding.urgent,
        danger=danger.value if danger is not None else "",
        order=order,
        words=words,
    )


def _read_as(turn: Turn, reading: Reading) -> ReadAs:
    """What the message was taken for, for whoever asks why this was answered."""
    whole = reading.whole
    if whole is None:
        first, _, rest = turn.incoming.payload.partition(":")
        known = turn.incoming.kind in (IncomingKind.BUTTON, IncomingKind.COMMAND)
        # What a button carries behind its verb may name somebody's things.
        return ReadAs(pressed=":".join(filter(None, (first, rest.partition(":")[0]))) if known else "")
    best = whole.intents[0] if whole.intents else None
    return ReadAs(
        intent=best.intent if best is not None else "",
        chance=round(float(best.probability), 3) if best is not None else 0.0,
        wishes=tuple(dict.fromkeys(wish.intent for wish, _ in reading.wishes)),
        acts=tuple(missed.likely(whole.acts)),
        danger=whole.acts.danger.value if whole.acts.danger is not None else "",
    )


async def _rehearsed(connection: AsyncConnection, answer: Answer) -> Answer:
    """What an answer would be, with nothing of it done: for a skill in shadow mode."""
    if not answer.effects:
        return answer
    savepoint = await connection.begin_nested()
    try:
        return await answer.settled(connection)
    finally:
        await savepoint.rollback()


def _announced(answer: Answer, turn: Turn) -> Answer:
    """A hand-over is said once, with when to expect an answer."""
    over = answer.hand_over
    waits = turn.in_queue and over is not None and over.priority != ownership.DANGER
    if over is None or over.told or waits:
        return answer
    promise = _promise(turn, ownership.FIRST_ANSWER[over.priority])
    return replace(answer, text=f"{answer.text}\n\n{promise}".strip())


def _promise(turn: Turn, within: timedelta) -> str:
    """When somebody answers: soon, when the shop opens, or one of both where it closes before."""
    hours = turn.services.shop.hours
    opens, closes = hours.next_open(turn.now), hours.closes(turn.now)
    if opens > turn.now:
        return turn.say("handed-over-closed", opens=turn.near_moment(opens))
    if hours.after(turn.now, within) <= closes:
        return turn.say("handed-over", within=wording.duration(within, turn.language))
    return turn.say(
        "handed-over-closing",
        closes=turn.near_moment(closes),
        opens=turn.near_moment(hours.next_open(closes)),
    )


def _reply(answer: Answer, language: str) -> Reply:
    return Reply(text=answer.text, buttons=answer.buttons, cards=answer.cards, language=language)


async def _opt_out(
    connection: AsyncConnection, customer_id: str | None, account_id: int, source: str, now: datetime
) -> None:
    await Consents(connection).record(
        MARKETING, False, source=source, now=now, customer_id=customer_id, account_id=account_id
    )


async def _keep_incoming(
    connection: AsyncConnection,
    turn: Turn,
    reading: Reading,
    skill: str | None,
    edited: Message | None,
    why: str | None = None,
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
            understanding=missed.summary(reading),
            skill=skill,
            channel_ref=incoming.message_ref if incoming.kind is not IncomingKind.BUTTON else None,
            missed=why,
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
