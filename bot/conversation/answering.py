"""The work of a turn: what an answer writes, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import state, wording
from bot.conversation.case import CaseFacts
from bot.conversation.codec import dump_reply
from bot.conversation.dialogue import Decision
from bot.conversation.history import keep_incoming, queue
from bot.conversation.messages import Reply
from bot.conversation.routing import Reading
from bot.conversation.turn import Answer, Turn
from storage.conversations import Conversations, Message, NewMessage
from storage.drafts import Drafts


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredTurn:
    """The work of a turn that the bot answers."""

    turn: Turn
    reading: Reading
    decisions: tuple[Decision, ...]
    edited: Message | None

    async def __call__(self, connection: AsyncConnection) -> None:
        turn, conversation = self.turn, self.turn.contact.conversation
        sent: list[Answer] = []
        drafted: list[tuple[str, Answer]] = []
        for decision in self.decisions:
            if decision.shadow:
                drafted.append((decision.skill, await _rehearse(connection, decision.answer)))
            else:
                sent.append(await _settle(connection, decision.answer))
        answer = _announced(combine(sent), turn)
        language = answer.language or turn.language
        memory = answer.memory or turn.memory
        if answer.hand_over is not None:
            memory = memory.handed_over()
        conversations = Conversations(connection)
        await conversations.advance(
            conversation, memory=memory.dump(turn.now), language=language, now=turn.now
        )
        skills = "+".join(decision.skill for decision in self.decisions)[:60]
        message_id = await keep_incoming(connection, turn, self.reading.whole, skills, self.edited)
        for effect in answer.effects:
            await effect(connection)
        for skill, draft in drafted:
            await Drafts(connection).add(
                conversation.id, message_id, skill, dump_reply(_reply(draft, turn.language)), turn.now
            )
        await self._own(connection, answer)
        await self._send(connection, answer, language, skills)

    async def _own(self, connection: AsyncConnection, answer: Answer) -> None:
        turn, conversation = self.turn, self.turn.contact.conversation
        if answer.hand_over is not None:
            await state.escalate(
                connection,
                conversation.id,
                reason=answer.hand_over.reason,
                priority=answer.hand_over.priority,
                summary=CaseFacts.of(turn, self.reading.whole).written(),
                now=turn.now,
                hours=turn.services.shop.hours,
            )
        elif conversation.owner == "closed":
            await state.reopen(connection, conversation.id, turn.now)

    async def _send(self, connection: AsyncConnection, answer: Answer, language: str, skills: str) -> None:
        turn, conversation = self.turn, self.turn.contact.conversation
        reply = _reply(answer, language)
        if not reply.text and not reply.cards:
            return
        message_id = await Conversations(connection).append(
            NewMessage(
                conversation_id=conversation.id,
                direction="out",
                author="bot",
                kind="reply",
                text=reply.text,
                payload=dump_reply(reply),
                skill=skills,
                at=turn.now,
            )
        )
        await queue(connection, turn, reply, message_id)


async def _settle(connection: AsyncConnection, answer: Answer) -> Answer:
    while answer.then is not None:
        answer = await answer.then(connection)
    return answer


async def _rehearse(connection: AsyncConnection, answer: Answer) -> Answer:
    """What an answer would be, with nothing of it done: for a skill in shadow mode."""
    if answer.then is None:
        return answer
    savepoint = await connection.begin_nested()
    try:
        return await _settle(connection, answer)
    finally:
        await savepoint.rollback()


def combine(answers: list[Answer]) -> Answer:
    """Several answers as one message, in order."""
    if len(answers) == 1:
        return answers[0]
    combined = Answer(
        text="\n\n".join(answer.text for answer in answers if answer.text),
        buttons=tuple(line for answer in answers for line in answer.buttons),
        cards=tuple(card for answer in answers for card in answer.cards),
        effects=tuple(effect for answer in answers for effect in answer.effects),
    )
    for answer in answers:
        combined = replace(
            combined,
            memory=answer.memory or combined.memory,
            language=answer.language or combined.language,
            hand_over=answer.hand_over or combined.hand_over,
        )
    return combined


def _announced(answer: Answer, turn: Turn) -> Answer:
    """A hand-over is said once, with when to expect an answer; after it the bot is silent."""
    if answer.hand_over is None:
        return answer
    told = _promise(turn, state.FIRST_ANSWER[answer.hand_over.priority])
    return replace(answer, text=f"{answer.text}\n\n{told}".strip())


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
