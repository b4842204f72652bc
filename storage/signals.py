"""What customers' conversations and campaigns say of them, in the form of events: moods and no words.

One statement serves both readers: the nightly fit takes all of it, a decision takes one customer's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Float,
    Integer,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import UtcMicros
from storage.events import StoredEvent
from storage.repository import Repository
from storage.schema import account, campaign_contact, conversation, event, message, outbox

ANSWERED_WITHIN = timedelta(days=7)
"""A message or a purchase so soon after a campaign's message counts as a response to it."""
_MICROSECONDS = ANSWERED_WITHIN // timedelta(microseconds=1)
_COMPLAINT = "complaint"


class Signals(Repository):
    """Messages with their mood, complaints, campaign contacts and responses."""

    async def by_customer(self, customer_id: str) -> list[StoredEvent]:
        """One customer's, oldest first."""
        rows = signals().subquery()
        columns = [type_coerce(one, UtcMicros) if one.name == "at" else one for one in rows.c]
        return await self._list(
            StoredEvent,
            select(*columns).where(rows.c.customer_id == customer_id).order_by(rows.c.at, rows.c.id),
        )


def signals_sql(backend: str, until_micros: int) -> str:
    """The statement as text for a reader of its own: columns as in `event`, times as integers.

    Args:
        backend: `sqlite` or `postgresql`.
        until_micros: later signals are left out.
    """
    rows = signals().subquery()
    statement = select(rows).where(rows.c.at <= until_micros)
    kind: Any = sqlite if backend == "sqlite" else postgresql
    return str(statement.compile(dialect=kind.dialect(), compile_kwargs={"literal_binds": True}))


def signals() -> CompoundSelect[Any]:
    """Every signal, in the columns of `event`.

    A message counts once it was understood. Its value is the strength of its sentiment, below 0 for a negative
    one; what it says stays where it is.
    """
    return union_all(_messages(), _complaints(), _contacts(), _responses())


def _messages() -> Select[Any]:
    sentiment = message.c.understanding["sentiment"].as_string()
    strength = message.c.understanding["strength"].as_float()
    value = case((sentiment == "negative", -strength), (sentiment == "positive", strength), else_=0.0)
    return _said("message", value).where(sentiment.is_not(None))


def _complaints() -> Select[Any]:
    return _said("complaint", cast(null(), Float)).where(
        message.c.understanding[("intents", 0, 0)].as_string() == _COMPLAINT
    )


def _said(kind: str, value: Any) -> Select[Any]:
    rows = _event(kind, message.c.id, account.c.customer_id, message.c.at, value, conversation.c.channel)
    return (
        rows.select_from(
            message.join(conversation, conversation.c.id == message.c.conversation_id).join(
                account, account.c.id == conversation.c.account_id
            )
        )
        .where(message.c.direction == "in", message.c.author == "customer")
        .where(account.c.customer_id.is_not(None))
    )


def _contacts() -> Select[Any]:
    return _sent("contact", outbox.c.finished_at)


def _responses() -> Select[Any]:
    """The first sign of life after a campaign's message."""
    answer = first_answer_after(outbox.c.finished_at)
    return _sent("response", answer).where(answer.is_not(None))


def _sent(kind: str, at: Any) -> Select[Any]:
    rows = _event(
        kind, campaign_contact.c.id, campaign_contact.c.customer_id, at, cast(null(), Float), outbox.c.channel
    )
    return rows.select_from(campaign_contact.join(outbox, outbox.c.id == campaign_contact.c.outbox_id)).where(
        outbox.c.state == "sent", outbox.c.finished_at.is_not(None)
    )


def first_answer_after(moment: Any) -> Any:
    """The first message or purchase of a contact's customer so soon after a moment; integer microseconds.

    An expression for statements over `campaign_contact` and `outbox`.
    """
    own = account.alias("answering")
    sent = type_coerce(moment, BigInteger)

    def soon(at: Any) -> Any:
        return type_coerce(at, BigInteger).between(sent + 1, sent + _MICROSECONDS)

    wrote = (
        select(type_coerce(message.c.at, BigInteger).label("at"))
        .join(conversation, conversation.c.id == message.c.conversation_id)
        .join(own, own.c.id == conversation.c.account_id)
        .where(own.c.customer_id == campaign_contact.c.customer_id)
        .where(message.c.direction == "in", soon(message.c.at))
        .correlate(campaign_contact, outbox)
    )
    bought = (
        select(type_coerce(event.c.at, BigInteger).label("at"))
        .where(event.c.customer_id == campaign_contact.c.customer_id, event.c.kind == "purchase")
        .where(soon(event.c.at))
        .correlate(campaign_contact, outbox)
    )
    either = union_all(wrote, bought).subquery()
    return select(func.min(either.c.at)).scalar_subquery()


def _event(kind: str, key: Any, customer_id: Any, at: Any, value: Any, channel: Any) -> Select[Any]:
    nothing = cast(null(), String)
    return select(
        (literal(f"{kind}:") + cast(key, String)).label("id"),
        literal(kind).label("kind"),
        customer_id.label("customer_id"),
        nothing.label("product_id"),
        nothing.label("order_id"),
        type_coerce(at, BigInteger).label("at"),
        literal(1, Integer).label("quantity"),
        cast(null(), BigInteger).label("amount"),
        nothing.label("currency"),
        cast(value, Float).label("value"),
        nothing.label("text"),
        channel.label("channel"),
    )
