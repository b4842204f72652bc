"""What is held about a customer, to be handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.conversations import Conversations
from storage.customers import Account, Accounts, Customers
from storage.drafts import Corrections
from storage.errors import NotFound
from storage.events import Events
from storage.orders import Orders
from storage.requests import Requests
from storage.schema import (
    campaign_contact,
    churn_warning,
    consent,
    conversation,
    escalation,
    guest_contact,
    link_given,
    offer,
    point_change,
    shown,
)
from storage.scores import Scores

_EVERYTHING = 1_000_000


async def export_customer(connection: AsyncConnection, customer_id: str) -> dict[str, Any]:
    """Everything that is held about a customer, ready to be written as JSON.

    Raises:
        NotFound: there is no such customer.
    """
    customer = await Customers(connection).get(customer_id)
    if customer is None:
        raise NotFound(f"there is no customer {customer_id!r}")
    accounts = await Accounts(connection).by_customer(customer_id)
    score = await Scores(connection).get(customer_id, "churn")
    return {
        "customer": asdict(customer),
        "accounts": [asdict(account) for account in accounts],
        "consents": await _rows(
            connection,
            select(consent)
            .where(
                or_(
                    consent.c.customer_id == customer_id,
                    # Also what they said before anybody knew that the account was theirs.
                    consent.c.account_id.in_([account.id for account in accounts]),
                )
            )
            .order_by(consent.c.at, consent.c.id),
        ),
        "orders": [
            asdict(order) for order in await Orders(connection).by_customer(customer_id, limit=_EVERYTHING)
        ],
        "events": [
            asdict(event) for event in await Events(connection).by_customer(customer_id, limit=_EVERYTHING)
        ],
        "points": await _rows(
            connection,
            select(point_change)
            .where(point_change.c.customer_id == customer_id)
            .order_by(point_change.c.at, point_change.c.id),
        ),
        "offers": await _rows(connection, select(offer).where(offer.c.customer_id == customer_id)),
        "contacts": await _rows(
            connection, select(guest_contact).where(guest_contact.c.customer_id == customer_id)
        ),
        "shown": await _rows(connection, select(shown).where(shown.c.customer_id == customer_id)),
        "links_given": await _rows(
            connection, select(link_given).where(link_given.c.customer_id == customer_id)
        ),
        "campaigns": await _rows(
            connection, select(campaign_contact).where(campaign_contact.c.customer_id == customer_id)
        ),
        "requests": [
            asdict(one) for one in await Requests(connection).of_customer(customer_id, limit=_EVERYTHING)
        ],
        "churn_warnings": await _rows(
            connection, select(churn_warning).where(churn_warning.c.customer_id == customer_id)
        ),
        "churn_score": None if score is None else asdict(score),
        "conversations": [
            {
                "channel": account.channel,
                "messages": await _messages(connection, account),
                "reply_emails": await _reply_emails(connection, account),
                "corrections": [
                    {"at": one.at, "text": one.text, "meant": one.label or one.act}
                    for one in await Corrections(connection).of_account(account.id)
                ],
            }
            for account in accounts
        ],
    }


async def _messages(connection: AsyncConnection, account: Account) -> list[dict[str, Any]]:
    found = await connection.scalar(select(conversation.c.id).where(conversation.c.account_id == account.id))
    if found is None:
        return []
    history = await Conversations(connection).history(found, limit=_EVERYTHING)
    return [
        {"at": m.at, "from": m.author, "text": m.text, **({"comes_from": m.trace} if m.trace else {})}
        for m in history
    ]


async def _reply_emails(connection: AsyncConnection, account: Account) -> list[Mapping[str, Any]]:
    """Where they asked to be answered, before anybody knew whose the account was."""
    case = escalation.c
    return await _rows(
        connection,
        select(case.opened_at, case.reply_email, case.reply_wording)
        .join(conversation, conversation.c.id == case.conversation_id)
        .where(conversation.c.account_id == account.id, case.reply_email.is_not(None))
        .order_by(case.id),
    )


async def _rows(connection: AsyncConnection, statement: Any) -> list[Mapping[str, Any]]:
    return [dict(row._mapping) for row in await connection.execute(statement)]
