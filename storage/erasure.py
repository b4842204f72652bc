"""Erasing a person wherever they are, in one transaction.

What was bought stays, under ids that lead to nobody: not in this database, and not in the shop's own either. Places in
messengers become nameless, so that whoever writes from there again is a stranger. What is left to know the person by
are hashes (`storage.erased`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    String,
    Table,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.customers import Account, Customer
from storage.erased import PURPOSES, SOURCE, Erased, email_identities, phone_identities
from storage.offers import Offers
from storage.person import Person
from storage.repository import references
from storage.schema import (
    account,
    audit,
    campaign_contact,
    campaign_run,
    churn_warning,
    consent,
    conversation,
    conversation_lease,
    correction,
    coupon,
    customer,
    draft,
    escalation,
    event,
    guest_contact,
    import_change,
    inbox,
    link_attempt,
    link_given,
    link_token,
    message,
    message_edit,
    offer,
    order,
    outbox,
    parcel,
    parcel_scan,
    point_change,
    rate_bucket,
    refund,
    request,
    score,
    shown,
)
from storage.upsert import default_of


async def erase(connection: AsyncConnection, person: Person, now: datetime) -> int:
    """Erase everything that names a person or that they said; return how many messages were blanked."""
    erased = Erased(connection)
    await erased.remember(person.identities, now)
    steps = _Erasing(connection, now)
    blanked = 0
    for one in person.accounts:
        blanked += await steps.account(one)
    nameless = None if person.customer is None else await steps.customer(person.customer.id)
    await steps.refuse(nameless, person.accounts)
    if person.customer is not None:
        await _refuse_namesakes(connection, person.customer)
    return blanked


async def _refuse_namesakes(connection: AsyncConnection, known: Customer) -> None:
    """Other customers with the same e-mail or phone may be the same person: they aren't written to, either."""
    same = [
        column == value
        for column, value in ((customer.c.email, known.email), (customer.c.phone, known.phone))
        if value
    ]
    if same:
        rows = await connection.execute(
            select(customer.c.id, customer.c.email, customer.c.phone).where(or_(*same))
        )
        contacts = {row.id: email_identities(row.email) + phone_identities(row.phone) for row in rows}
        await Erased(connection).refuse(contacts)


_KEPT_OF_A_CUSTOMER = frozenset({"id", "language", "time_zone", "tier", "demo", "created_at"})
"""They name nobody. All else, and so each column that is added, goes back to its default."""
_NAMELESS = "erased-"
_UNDECIDED = ("asked", "accepted")
_UNDECLARED: dict[Table, tuple[Column[Any], ...]] = {
    customer: (event.c.customer_id,),
    order: (event.c.order_id,),
}
"""References that no foreign key tells of: the shop's log names what may not be here (yet)."""


class _Erasing:
    """The statements, table by table, at one moment."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection, self._run = connection, connection.execute
        self._now = now

    async def customer(self, customer_id: str) -> str:
        """Take the name off all that a customer left behind; return the id that it has now."""
        await self._withdraw(customer_id)
        await self._imports(customer_id)
        await self._run(delete(coupon).where(coupon.c.customer_id == customer_id))
        await self._run(delete(guest_contact).where(guest_contact.c.customer_id == customer_id))
        await self._run(delete(link_token).where(link_token.c.customer_id == customer_id))
        await self._run(delete(link_given).where(link_given.c.customer_id == customer_id))
        await self._run(delete(score).where(score.c.customer_id == customer_id))
        await self._run(delete(point_change).where(point_change.c.customer_id == customer_id))
        await self._orders(customer_id)
        # The shop's ids of what they did, or ids made of it, would lead to them.
        await self._renumber(event, event.c.customer_id == customer_id, text=None)
        for table in (shown, campaign_contact, churn_warning):
            await self._run(update(table).where(table.c.customer_id == customer_id).values(reasons=[]))
        await self._run(update(consent).where(consent.c.customer_id == customer_id).values(wording=None))
        await self._requests(request.c.customer_id == customer_id)
        await self._outbox(outbox.c.customer_id == customer_id, _NAMELESS)
        unsent = select(outbox.c.id).where(
            outbox.c.customer_id == customer_id, outbox.c.state == "cancelled", outbox.c.error == "erased"
        )
        await self._run(
            update(campaign_contact).where(campaign_contact.c.outbox_id.in_(unsent)).values(dropped="erased")
        )
        await self._run(
            update(campaign_run)
            .where(campaign_run.c.cursor.endswith(f":{customer_id}", autoescape=True))
            .values(cursor="")
        )
        nameless = _nameless()
        await self._run(
            update(audit)
            .where(audit.c.subject == f"customer:{customer_id}")
            .values(subject=f"customer:{nameless}")
        )
        blank = {
            column.name: default_of(column)
            for column in customer.columns
            if column.name not in _KEPT_OF_A_CUSTOMER
        }
        changes = blank | {"personal_prices": False, "erased_at": self._now}
        await self._rename(customer, customer_id, nameless, changes)
        return nameless

    async def account(self, known: Account) -> int:
        """Take the name and the words off a place in a messenger; return how many messages there were."""
        place = f"{_NAMELESS}{known.id}"
        await self._deliveries(known, place)
        blanked = await self._conversations(known.id, place)
        await self._run(delete(link_attempt).where(link_attempt.c.account_id == known.id))
        await self._run(delete(link_token).where(link_token.c.account_id == known.id))
        await self._run(update(shown).where(shown.c.account_id == known.id).values(reasons=[]))
        await self._run(update(consent).where(consent.c.account_id == known.id).values(wording=None))
        await self._run(
            update(account)
            .where(account.c.id == known.id)
            .values(address=place, name="", language=None, customer_id=None, link_method=None, linked_at=None)
        )
        return blanked

    async def refuse(self, customer_id: str | None, accounts: tuple[Account, ...]) -> None:
        """Nobody under these ids is written to or profiled any more."""
        named: list[dict[str, Any]] = [{"customer_id": None, "account_id": one.id} for one in accounts]
        if customer_id is not None:
            named.append({"customer_id": customer_id, "account_id": None})
        await self._run(
            insert(consent),
            [
                {**who, "purpose": purpose, "granted": False, "source": SOURCE, "at": self._now}
                for who in named
                for purpose in PURPOSES
            ],
        )

    async def _withdraw(self, customer_id: str) -> None:
        """End personal prices, and give what they would have cost back to the budget."""
        await Offers(self._connection).end("withdrawn", self._now, offer.c.customer_id == customer_id)
        await self._run(
            update(offer)
            .where(offer.c.customer_id == customer_id)
            .values(code=_numbered(offer.c.id), reasons=[], changed_at=self._now)
        )

    async def _imports(self, customer_id: str) -> None:
        """Nothing of theirs is brought back by undoing an import: it keeps how they and their orders were before."""
        orders = select(order.c.id).where(order.c.customer_id == customer_id)
        points = select(point_change.c.id).where(point_change.c.customer_id == customer_id)
        for kind, theirs in (("customers", [customer_id]), ("orders", orders), ("points", points)):
            await self._run(
                delete(import_change).where(import_change.c.kind == kind, import_change.c.key.in_(theirs))
            )

    async def _orders(self, customer_id: str) -> None:
        """What was bought, when, and for how much stays; who it went to, and by which parcel, does not."""
        theirs = select(order.c.id).where(order.c.customer_id == customer_id)
        parcels = select(parcel.c.id).where(parcel.c.order_id.in_(theirs))
        await self._run(delete(parcel_scan).where(parcel_scan.c.parcel_id.in_(parcels)))
        await self._run(delete(parcel).where(parcel.c.order_id.in_(theirs)))
        await self._renumber(refund, refund.c.order_id.in_(theirs), reason="", decision_reason="", paid_to="")
        blank: dict[str, Any] = {
            "ship_to": {},
            "coupon_code": None,
            "payment_method": "",
            # It names parcels and refunds by the shop's ids.
            "field_times": None,
            "updated_at": self._now,
        }
        for row in (await self._run(theirs)).all():
            nameless = _nameless()
            await self._rename(order, row.id, nameless, {**blank, "number": nameless})

    async def _renumber(self, table: Table, theirs: ColumnElement[bool], **values: Any) -> None:
        """Give rows that nothing refers to other keys."""
        ids = (await self._run(select(table.c.id).where(theirs))).scalars().all()
        if ids:
            change = update(table).where(table.c.id == bindparam("old")).values(id=bindparam("new"), **values)
            await self._run(change, [{"old": one, "new": _nameless()} for one in ids])

    async def _rename(self, table: Table, old: str, new: str, values: Mapping[str, Any]) -> None:
        """Give a row another key: a copy under the new one, then what refers to it, then the row's end."""
        row = (await self._run(select(table).where(table.c.id == old))).one()
        await self._run(insert(table).values({**row._mapping, **values, "id": new}))
        for column in (*references(table), *_UNDECLARED[table]):
            await self._run(update(column.table).where(column == old).values({column.name: new}))
        await self._run(delete(table).where(table.c.id == old))

    async def _conversations(self, account_id: int, place: str) -> int:
        """Blank all that was said: that they wrote, when, and who answered stays."""
        theirs = select(conversation.c.id).where(conversation.c.account_id == account_id)
        # First, so that a turn that is just being decided is decided anew, for a stranger.
        await self._run(
            update(conversation)
            .where(conversation.c.account_id == account_id)
            .values(address=place, memory={}, version=conversation.c.version + 1)
        )
        messages = select(message.c.id).where(message.c.conversation_id.in_(theirs))
        await self._run(delete(message_edit).where(message_edit.c.message_id.in_(messages)))
        await self._run(delete(correction).where(correction.c.message_id.in_(messages)))
        await self._run(update(draft).where(draft.c.conversation_id.in_(theirs)).values(reply={}))
        await self._run(
            update(escalation)
            .where(escalation.c.conversation_id.in_(theirs))
            .values(summary="", reply_email=None, reply_wording=None)
        )
        await self._requests(request.c.conversation_id.in_(theirs))
        blanked = await self._run(
            update(message)
            .where(message.c.conversation_id.in_(theirs))
            .values(text="", payload={}, understanding=None, channel_ref=None, missed=None, trace=None)
        )
        return blanked.rowcount

    async def _requests(self, theirs: ColumnElement[bool]) -> None:
        """What they asked for can't be done any more: nobody would know for whom."""
        undecided = request.c.state.in_(_UNDECIDED)
        await self._run(
            update(request)
            .where(theirs)
            .values(
                number=_numbered(request.c.id),
                details={},
                note="",
                state=case((undecided, "declined"), else_=request.c.state),
                decided_at=func.coalesce(request.c.decided_at, literal(self._now, request.c.decided_at.type)),
            )
        )

    async def _deliveries(self, known: Account, place: str) -> None:
        """What arrived and isn't handled is not handled, and what has not left does not leave."""
        at = (inbox.c.channel == known.channel, inbox.c.address == known.address)
        named = inbox.c.update_id.contains(known.address, autoescape=True)
        await self._run(
            update(inbox)
            .where(*at)
            .values(
                address=place,
                payload={},
                state=case((inbox.c.state == "new", "done"), else_=inbox.c.state),
                handled_at=func.coalesce(inbox.c.handled_at, literal(self._now, inbox.c.handled_at.type)),
                # A messenger's own number stays: what it delivers again is known by it.
                update_id=case((named, _numbered(inbox.c.id)), else_=inbox.c.update_id),
            )
        )
        await self._outbox((outbox.c.channel == known.channel) & (outbox.c.address == known.address), place)
        await self._run(
            delete(conversation_lease).where(
                conversation_lease.c.channel == known.channel, conversation_lease.c.address == known.address
            )
        )
        await self._run(
            delete(rate_bucket).where(rate_bucket.c.key.endswith(f":{known.address}", autoescape=True))
        )

    async def _outbox(self, theirs: ColumnElement[bool], place: str) -> None:
        waits = outbox.c.state.in_(("ready", "claimed"))
        leaves = outbox.c.state == "sending"
        await self._run(
            update(outbox)
            .where(theirs)
            .values(
                address=place,
                payload={},
                callback_ref=None,
                dedupe_key=None,
                message_refs=[],
                # Without an owner: whoever has it in hand records nothing any more, and nothing brings it back.
                owner=None,
                lease_until=None,
                state=case((waits, "cancelled"), (leaves, "unknown"), else_=outbox.c.state),
                error=case((waits | leaves, "erased"), else_=outbox.c.error),
                finished_at=func.coalesce(
                    outbox.c.finished_at, literal(self._now, outbox.c.finished_at.type)
                ),
            )
        )


def _nameless() -> str:
    return _NAMELESS + secrets.token_hex(12)


def _numbered(key: ColumnElement[Any]) -> ColumnElement[str]:
    """What takes the place of a unique text: made of the row's own number."""
    return literal(_NAMELESS).concat(cast(key, String))
