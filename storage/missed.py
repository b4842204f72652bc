"""Messages that may not have been understood, with what was said around them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update

from storage.repository import Repository, portions
from storage.schema import account, conversation, correction, customer, message

WHY = ("unclear", "asked_back", "repeated", "handed_over")
"""Not understood; asked back about; given the same answer again; followed by a person."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A message said around another."""

    text: str
    understanding: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedTurn:
    """A customer's message, what was read of it, and what was said around it."""

    message_id: int
    conversation_id: int
    text: str
    understanding: Mapping[str, Any] | None
    """As `bot.conversation.unit_of_work` keeps it."""
    why: str
    """One of `WHY`."""
    at: datetime
    language: str
    names: tuple[str, ...]
    """What the customer is called."""
    bot_said: str
    """What the bot had said last; empty at the beginning."""
    before: tuple[Words, ...]
    """The customer's last two messages before it, the latest last."""
    answered: str
    """What the bot answered."""
    intent: str
    """What staff said that it means; empty: nothing, or an act."""
    act: str | None


class MissedTurns(Repository):
    """Marks messages, and finds those that are marked."""

    async def before_hand_over(
        self, conversation_id: int, message_id: int, *, since: datetime, passing_over: Collection[str]
    ) -> None:
        """Mark what the customer wrote before the message that led to a person, unless it is marked or too long ago.

        Args:
            conversation_id: whose it is.
            message_id: the message that led to a person.
            since: what was written earlier has nothing to do with it.
            passing_over: skills whose answers leave nothing to be understood, such as a greeting's.
        """
        last = (
            select(func.max(message.c.id))
            .where(
                message.c.conversation_id == conversation_id,
                message.c.id < message_id,
                message.c.direction == "in",
                message.c.text != "",
            )
            .scalar_subquery()
        )
        await self._connection.execute(
            update(message)
            .where(
                message.c.id == last,
                message.c.at >= since,
                message.c.kind == "text",
                message.c.missed.is_(None),
                message.c.skill.not_in(list(passing_over)),
            )
            .values(missed="handed_over")
        )

    async def find(
        self, since: datetime, *, limit: int, language: str | None = None, taught: bool | None = None
    ) -> list[MissedTurn]:
        """Marked messages since a moment, newest first.

        Args:
            since: none that are older.
            limit: at most so many, the newest.
            language: of the conversation; None for all.
            taught: only those of which staff have said what they mean, or only the others.
        """
        query = _FOUND.where(message.c.missed.is_not(None), message.c.at >= since)
        if language is not None:
            query = query.where(conversation.c.language == language)
        if taught is not None:
            said = correction.c.id.is_not(None)
            query = query.where(said if taught else ~said)
        return await self._turns(query.order_by(message.c.at.desc(), message.c.id.desc()).limit(limit))

    async def taught(self) -> list[MissedTurn]:
        """All messages of which staff have said what they mean, marked or not, oldest first."""
        return await self._turns(_FOUND.where(correction.c.id.is_not(None)).order_by(message.c.id))

    async def _turns(self, query: Select[Any]) -> list[MissedTurn]:
        rows = (await self._connection.execute(query)).all()
        wanted = {number for row in rows for number in row[-4:] if number is not None}
        words: dict[int, Words] = {}
        # In portions, between which whoever else waits has their turn.
        for part in portions(wanted, _AT_ONCE):
            near = select(message.c.id, message.c.text, message.c.understanding)
            for number, text, read in await self._connection.execute(
                near.where(self._in(message.c.id, part))
            ):
                words[number] = Words(text=text, understanding=read)
        return [_turn(row, words) for row in rows]


def _turn(row: Any, words: Mapping[int, Words]) -> MissedTurn:
    said, answered, *before = row[-4:]
    around = [words[number] for number in reversed(before) if number in words]
    names = (row.account_name, row.customer_name)
    return MissedTurn(
        message_id=row.id,
        conversation_id=row.conversation_id,
        text=row.text,
        understanding=row.understanding,
        why=row.missed or "",
        at=row.at,
        language=row.language,
        names=tuple(dict.fromkeys(name for name in names if name)),
        bot_said=words[said].text if said in words else "",
        before=tuple(around),
        answered=words[answered].text if answered in words else "",
        intent=row.label or "",
        act=row.act,
    )


def _near(*conditions: ColumnElement[bool], latest: bool = True, skipping: int = 0) -> Any:
    """The id of a message beside another of its conversation, by the index of conversations."""
    near = _NEAR
    order = near.c.id.desc() if latest else near.c.id
    found = select(near.c.id).where(near.c.conversation_id == message.c.conversation_id, *conditions)
    return found.order_by(order).limit(1).offset(skipping).correlate(message).scalar_subquery()


_NEAR = message.alias("near")
_EARLIER, _LATER = _NEAR.c.id < message.c.id, _NEAR.c.id > message.c.id
_OURS = _NEAR.c.direction == "out"
_THEIRS = and_(_NEAR.c.direction == "in", _NEAR.c.text != "")
_FOUND: Select[Any] = (
    select(
        message.c.id,
        message.c.conversation_id,
        message.c.text,
        message.c.understanding,
        message.c.missed,
        message.c.at,
        conversation.c.language,
        account.c.name.label("account_name"),
        customer.c.name.label("customer_name"),
        correction.c.label,
        correction.c.act,
        _near(_EARLIER, _OURS).label("bot_said"),
        # It is written in the transaction that keeps the message.
        _near(_LATER, _OURS, latest=False).label("answered"),
        _near(_EARLIER, _THEIRS).label("before"),
        _near(_EARLIER, _THEIRS, skipping=1).label("long_before"),
    )
    .join(conversation, conversation.c.id == message.c.conversation_id)
    .join(account, account.c.id == conversation.c.account_id)
    .outerjoin(customer, customer.c.id == account.c.customer_id)
    .outerjoin(correction, correction.c.message_id == message.c.id)
    .where(message.c.direction == "in", message.c.text != "")
)
