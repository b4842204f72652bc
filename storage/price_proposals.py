"""List prices that were proposed: approved by people or the shop's written rule, declined, undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType
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
RULE = "rule"
"""Who approved what the shop's written rule covers."""
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

    async def put(
        self, new: Sequence[NewProposal], now: datetime, *, round_began: datetime | None = None
    ) -> list[StoredProposal]:
        """Keep proposals; open ones of the same products are replaced. Returns what now stands of these products.

        One that is open already stays as it is, and so does one that was left alone since the round began.
        """
        products = [one.product_id for one in new]
        standing = {one.product_id: one for one in await self._standing(products, round_began or now)}
        rows = [
            {**asdict(one), "reasons": list(one.reasons), "created_at": now}
            for one in new
            if (known := standing.get(one.product_id)) is None or not _same(one, known)
        ]
        if rows:
            await self._connection.execute(
                update(price_proposal)
                .where(price_proposal.c.state == PROPOSED)
                .where(self._in(price_proposal.c.product_id, [row["product_id"] for row in rows]))
                .values(state=REPLACED, decided_at=now)
            )
            await self._connection.execute(insert(price_proposal), rows)
        return await self._standing(products, round_began or now)

    async def _standing(self, products: Sequence[str], since: datetime) -> list[StoredProposal]:
        """Open ones of some products, and those left alone since a moment; the newest first."""
        alone = (price_proposal.c.state == LEFT_ALONE) & (price_proposal.c.created_at >= since)
        return await self._list(
            StoredProposal,
            select(*_COLUMNS)
            .where(self._in(price_proposal.c.product_id, products))
            .where((price_proposal.c.state == PROPOSED) | alone)
            .order_by(price_proposal.c.id.desc()),
        )

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

    async def refused(self, since: datetime) -> set[str]:
        """Products of which somebody declined a price, or undid one, since a moment."""
        moment = func.coalesce(price_proposal.c.undone_at, price_proposal.c.decided_at)
        said_no = price_proposal.c.state.in_((DECLINED, UNDONE)) & (moment >= since)
        return set(await self._connection.scalars(select(price_proposal.c.product_id).where(said_no)))

    async def approve(
        self, proposal_id: int, by: str, now: datetime, *, rule: Mapping[str, Any] | None = None
    ) -> StoredProposal:
        """Make it the list price.

        Args:
            proposal_id: its number.
            by: who approves: staff:<id>, terminal, or `RULE`.
            now: the time.
            rule: what the rule says that approves it.

        Raises:
            NotFound: there is no such proposal.
            Conflict: it is decided already, or the product's price, currency or sale has changed since. Nothing is
                changed.
        """
        found = await self._decided(proposal_id, (PROPOSED,), APPROVED, by, now)
        await self._change(found.product_id, found.old_price, found.new_price, found.currency, now)
        await self._note(found, "list_price_approved", by, now, {} if rule is None else {"rule": dict(rule)})
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

    async def _note(
        self,
        found: StoredProposal,
        action: str,
        by: str,
        now: datetime,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        details = {
            **more,
            "proposal": found.id,
            "old_price": found.old_price,
            "new_price": found.new_price,
            "currency": found.currency,
        }
        await Audit(self._connection).add(by, action, f"product:{found.product_id}", details, now)


def _same(new: NewProposal, known: StoredProposal) -> bool:
    """Whether it says what is known already; what is left alone has no price to change."""
    if new.state == known.state == LEFT_ALONE:
        return True
    return (new.state, new.old_price, new.new_price, new.currency) == (
        known.state, known.old_price, known.new_price, known.currency,
    )  # fmt: skip


def _on_sale(item: Product, now: datetime) -> bool:
    return item.sale_price is not None and (item.sale_until is None or item.sale_until > now)
