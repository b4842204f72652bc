"""List prices that were proposed: approved, declined or undone by people; nothing changes a price by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, func, insert, select, type_coerce, update

from storage.audit import Audit
from storage.catalogue import Catalogue, Product
from storage.errors import Conflict, NotFound
from storage.repository import Repository, columns_of
from storage.schema import event, price_proposal, product

PROPOSED, LEFT_ALONE, APPROVED, DECLINED, REPLACED, UNDONE = (
    "proposed", "left_alone", "approved", "declined", "replaced", "undone",
)  # fmt: skip
_DAY = 86_400_000_000
_BOUGHT = ("purchase",)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProposal:
    """A list price to be decided about; money in minor units."""

    product_id: str
    old_price: int
    new_price: int
    currency: str
    state: str = PROPOSED
    """Or left_alone: it is only there to be compared with."""
    gain: float
    low: float
    high: float
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProposal(NewProposal):
    """A proposal, and what became of it."""

    id: int
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    undone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySold:
    """What was sold of a product in so many days, from a moment that days are counted by."""

    product_id: str
    period: int
    """Number of the period since 1970."""
    quantity: int
    amount: int
    """Minor units."""


_COLUMNS = columns_of(price_proposal, StoredProposal)


class PriceProposals(Repository):
    """One open proposal a product; a decision is kept with who made it, in the log of decisions, too."""

    async def put(self, new: Sequence[NewProposal], now: datetime) -> int:
        """Keep proposals; open ones of the same products are replaced. Returns how many are open now of these."""
        if not new:
            return 0
        products = [one.product_id for one in new]
        await self._connection.execute(
            update(price_proposal)
            .where(price_proposal.c.state == PROPOSED, self._in(price_proposal.c.product_id, products))
            .values(state=REPLACED, decided_at=now)
        )
        rows = [{**asdict(one), "reasons": list(one.reasons), "created_at": now} for one in new]
        await self._connection.execute(insert(price_proposal), rows)
        return sum(one.state == PROPOSED for one in new)

    async def get(self, proposal_id: int) -> StoredProposal:
        """One of them.

        Raises:
            NotFound: there is none of this number.
        """
        return await self._found(
            StoredProposal,
            select(*_COLUMNS).where(price_proposal.c.id == proposal_id),
            f"proposal {proposal_id}; `liuke prices report` shows them",
        )

    async def latest(self, state: str | None = None, limit: int = 1_000) -> list[StoredProposal]:
        """The newest first."""
        statement = select(*_COLUMNS).order_by(price_proposal.c.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(price_proposal.c.state == state)
        return await self._list(StoredProposal, statement)

    async def approve(self, proposal_id: int, by: str, now: datetime) -> StoredProposal:
        """Make it the list price.

        Raises:
            NotFound: there is no such proposal.
            Conflict: it is decided already, or the product's price, currency or sale has changed since. Nothing is
                changed.
        """
        found = await self._decided(proposal_id, (PROPOSED,), APPROVED, by, now)
        await self._change(found.product_id, found.old_price, found.new_price, found.currency, now)
        await self._note(found, "list_price_approved", by, now)
        return replace(found, state=APPROVED, decided_at=now, decided_by=by)

    async def decline(self, proposal_id: int, by: str, now: datetime) -> StoredProposal:
        """Leave the price as it is."""
        found = await self._decided(proposal_id, (PROPOSED,), DECLINED, by, now)
        await self._note(found, "list_price_declined", by, now)
        return replace(found, state=DECLINED, decided_at=now, decided_by=by)

    async def undo(self, proposal_id: int, by: str, now: datetime) -> StoredProposal:
        """Bring the list price back to what it was before the approval.

        Raises:
            Conflict: it isn't approved, or the price was changed again since: nothing is changed.
        """
        found = await self.get(proposal_id)
        if not await self._changed(
            update(price_proposal)
            .where(price_proposal.c.id == proposal_id, price_proposal.c.state == APPROVED)
            .values(state=UNDONE, undone_at=now)
        ):
            raise Conflict(f"proposal {proposal_id} is {found.state}: only an approved one can be undone")
        await self._change(found.product_id, found.new_price, found.old_price, found.currency, now)
        await self._note(found, "list_price_undone", by, now)
        return replace(found, state=UNDONE, undone_at=now)

    async def sold(self, since: datetime, until: datetime, days: int = 1) -> list[DaySold]:
        """What was bought of each product, in periods of so many days."""
        number = (type_coerce(event.c.at, BigInteger) // (days * _DAY)).label("period")
        statement = (
            select(
                event.c.product_id,
                number,
                func.sum(event.c.quantity).label("quantity"),
                func.coalesce(func.sum(event.c.amount), 0).label("amount"),
            )
            .where(event.c.kind.in_(_BOUGHT), event.c.at >= since, event.c.at < until)
            .where(event.c.product_id.is_not(None))
            .group_by(event.c.product_id, number)
        )
        rows = await self._connection.execute(statement)
        return [
            DaySold(product_id=row[0], period=int(row[1]), quantity=int(row[2]), amount=int(row[3]))
            for row in rows
        ]

    async def _decided(
        self, proposal_id: int, states: Sequence[str], state: str, by: str, now: datetime
    ) -> StoredProposal:
        found = await self.get(proposal_id)
        if not await self._changed(
            update(price_proposal)
            .where(price_proposal.c.id == proposal_id, price_proposal.c.state.in_(states))
            .values(state=state, decided_at=now, decided_by=by)
        ):
            raise Conflict(f"proposal {proposal_id} is {found.state}: it waits for no decision")
        return found

    async def _change(self, product_id: str, old: int, new: int, currency: str, now: datetime) -> None:
        # Held, so that of two who change it at the same moment one waits and sees the other's price.
        await self._connection.execute(
            select(product.c.id).where(product.c.id == product_id).with_for_update()
        )
        catalogue = Catalogue(self._connection)
        before = await catalogue.get(product_id)
        if before is None:
            raise NotFound(f"there is no product {product_id!r}")
        if (before.list_price, before.currency) != (old, currency):
            raise Conflict(
                f"{product_id} costs {before.list_price} {before.currency} by now, and not {old} {currency}: "
                "somebody has changed it; nothing was done"
            )
        if _on_sale(before, now):
            raise Conflict(
                f"{product_id} has a sale announced or under way: its list price stays until it is over"
            )
        after = replace(before, list_price=new, updated_at=now)
        await catalogue.keep_price_changes([(before, after)], now)
        await catalogue.put_many([after])

    async def _note(self, found: StoredProposal, action: str, by: str, now: datetime) -> None:
        details = {
            "proposal": found.id,
            "old_price": found.old_price,
            "new_price": found.new_price,
            "currency": found.currency,
        }
        await Audit(self._connection).add(by, action, f"product:{found.product_id}", details, now)


def _on_sale(item: Product, now: datetime) -> bool:
    return item.sale_price is not None and (item.sale_until is None or item.sale_until > now)
