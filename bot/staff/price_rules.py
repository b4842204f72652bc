"""The rules for personal prices as staff write them: read, checked, tried on the shop's products, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.values import STATE, product_state
from bot.shop.prices import FILE, RulesInvalid, WrittenPrices, parse_prices, preview, unknown_names
from bot.staff.roles import PRICING, require
from kernel.files import replacing
from kernel.times import utc_now
from retention.pricing.rules import policy_id
from retention.types import Offer
from retention.written import Problem
from storage import Store
from storage.audit import Audit
from storage.budgets import Budgets
from storage.schema import product
from storage.staff import StaffMember

_SHOWN = 5


class RulesChanged(Exception):
    """The file is another by now than the one that was edited; nothing was written."""


class RulesNotKept(Exception):
    """The file can't be written; the old one stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesFile:
    """The file as it is."""

    text: str
    """Empty where there is none."""
    version: str
    """Another one for another content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What rules would give."""

    written: WrittenPrices
    names: Mapping[str, Mapping[str, str]]
    """Of the products of the preview, by id and language."""
    offers: Mapping[str, Mapping[str, Offer]]
    """By product and example."""
    on_sale: int
    """Products that can be bought now."""
    without_cost: int
    """Those of them whose cost is not known."""
    unknown: Sequence[tuple[str, str]]
    """Categories and products' codes that the shop doesn't have, each with where it is named."""
    budget: bool
    """Whether one is set."""


async def tried(
    store: Store, written: WrittenPrices, now: datetime, *, margin: float | None, products: int = _SHOWN
) -> Tried:
    """Try rules on so many of the shop's products; `margin` as in the settings."""
    async with store.read(long=True) as connection:
        on_sale = STATE.where(product.c.active.is_(True), product.c.stock > 0)
        named = on_sale.add_columns(product.c.name_zh, product.c.name_en)
        rows = (await connection.execute(named.order_by(product.c.id))).all()
        budgets = Budgets(connection)
        currencies = {row.currency for row in rows}
        running = [one for code in currencies if (one := await budgets.running(code, now)) is not None]
    budget = bool(written.budget or running)
    policy = written.policy()
    states = [product_state(row, margin, now) for row in rows]
    return Tried(
        written=written,
        names={row.id: {"zh": row.name_zh, "en": row.name_en} for row in rows[:products]},
        offers={one.product: preview(policy, one, now, budget_set=budget) for one in states[:products]},
        on_sale=len(states),
        without_cost=sum(not one.cost_known for one in states),
        unknown=unknown_names(written, {one.category for one in states}, {row.code for row in rows}),
        budget=budget,
    )


class PriceRules:
    """`prices.toml` of a home; only admins write it."""

    def __init__(
        self,
        store: Store,
        home: Path,
        *,
        margin: float | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store, self._path, self._margin, self._clock = store, home / FILE, margin, clock

    def read(self) -> RulesFile:
        """The file as it is now."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            content = b""
        return RulesFile(text=content.decode("utf-8-sig", errors="replace"), version=_version(content))

    def problems(self, text: str) -> Sequence[Problem]:
        """Every mistake in a text; empty where it could be kept."""
        try:
            parse_prices(text)
        except RulesInvalid as invalid:
            return invalid.found
        return ()

    async def tried(self, text: str) -> Tried:
        """What a text would give.

        Raises:
            RulesInvalid: it has mistakes.
        """
        return await tried(self._store, parse_prices(text), self._clock(), margin=self._margin)

    async def keep(self, member: StaffMember, text: str, version: str) -> RulesFile:
        """Make a text the rules of the shop; a running Liuke takes them within seconds.

        Args:
            version: of the file that was edited.

        Raises:
            NotAllowed: the member's role is another.
            RulesInvalid: the text has mistakes.
            RulesChanged: somebody has written another file meanwhile.
            RulesNotKept: the folder can't be written.
        """
        written = parse_prices(text)
        content = (text.rstrip() + "\n").encode()
        details = {"policy": policy_id(written.policy()), "budget": bool(written.budget)}

        async def work(connection: AsyncConnection) -> None:
            acting = await require(connection, member, PRICING)
            await Audit(connection).add(
                f"staff:{acting.id}", "prices_saved", "prices:rules", details, self._clock()
            )
            # Last, and nothing else runs between the look and the writing: without the file there is no entry either.
            if self.read().version not in (version, _version(content)):
                raise RulesChanged
            self._write(content)

        await self._store.write(work)
        return self.read()

    def _write(self, content: bytes) -> None:
        try:
            # What a link points to, and not the link.
            with replacing(self._path.resolve()) as draft:
                draft.write_bytes(content)
        except OSError as error:
            raise RulesNotKept(str(error)) from error


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
