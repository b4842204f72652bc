"""Offers in every order: made, asked for again, used, given back, withdrawn, run out, while budgets, costs, cases and
consents change. What the law promises holds after each step, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.shop.prices import FILE, Prices
from retention.types import Offer
from storage import StorageError, Store
from storage.customers import Consents, Customers
from storage.offers import Offers, StoredOffer
from storage.redemptions import Redemptions
from storage.schema import budget, escalation, metadata, offer, offer_budget, product
from tests.bot.outreach.campaigns import open_case
from tests.factories import NOW, add_customer, add_product, add_purchase

PEOPLE = {"new": 1, "regular": 3, "loyal": 12}
"""Customers and the days on which they bought."""
PRODUCTS = ("p1", "p2")
people, products = st.sampled_from(sorted(PEOPLE)), st.sampled_from(PRODUCTS)
CUTS = {
    "capped_by_policy",
    "capped_by_margin",
    "capped_by_budget",
    "cooldown",
    "too_small",
    "too_many_offers",
}
"""Reasons for which a step is not given, or not whole."""
_numbers = itertools.count()


class OffersInAnyOrder(RuleBasedStateMachine):
    """A shop with a few customers and products, and hours that pass."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.home, self.now = home, NOW
        self.prices = {"day": 40, "total": 60, "month": 90, "customer": 30, "campaign": 25, "at_once": 2}
        self._write_rules()
        self.store = self.run(self._opened(url))
        self.decisions = Decisions(
            ServedRetention(self.store, home), prices=Prices(home, "Asia/Shanghai"), stock_age=0.0
        )
        self.refused: set[str] = set()
        self.complaints: set[str] = set()
        self.uses: dict[str, str] = {}

    def run(self, work: Awaitable[Any]) -> Any:
        async def done() -> Any:
            return await work

        return self.loop.run_until_complete(done())

    def write(self, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        return self.run(self.store.write(work))

    async def _opened(self, url: str) -> Store:
        store = Store.open(url)

        async def fill(connection: AsyncConnection) -> None:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
            for name in PRODUCTS:
                await add_product(connection, name, list_price=10_000, cost=6_000)
            await add_product(connection, "other")
            for number, (name, days) in enumerate(PEOPLE.items()):
                await add_customer(connection, name, telegram=str(number), risk=0.95)
                for back in range(days):
                    await add_purchase(connection, name, "other", NOW - timedelta(days=20 + back))

        await store.write(fill)
        return store

    def _write_rules(self) -> None:
        rules = self.prices
        (self.home / FILE).write_text(
            f"""
            endings = [".90"]
            caps = {{ at_once = {rules["at_once"]} }}
            [[budget]]
            currency = "CNY"
            each = "week"
            total = {rules["total"]}
            customer = {rules["customer"]}
            campaigns = {{ win-back = {rules["campaign"]} }}
            [[budget]]
            currency = "CNY"
            each = "day"
            total = {rules["day"]}
            [[budget]]
            currency = "CNY"
            each = "month"
            total = {rules["month"]}
            # {next(_numbers)}
            """,
            encoding="utf-8",
        )

    # --- what happens

    @rule(who=people, what=products, campaign=st.booleans())
    def gets_an_offer(self, who: str, what: str, campaign: bool) -> None:
        reason: Any = "win_back" if campaign else "asked"
        name = "win-back" if campaign else None

        async def work(connection: AsyncConnection) -> tuple[Offer, StoredOffer | None, list[StoredOffer]]:
            held = await self._live(connection)
            made = await self.decisions.offer(
                connection, customer_id=who, product_id=what, reason=reason, now=self.now, campaign=name
            )
            if not made.personal:
                return made, None, held
            kept = await self.decisions.reserve(connection, made, reason=reason, now=self.now, campaign=name)
            return made, kept, held

        made, kept, held = self.write(work)
        self._is_lawful(who, what, campaign, made, kept, held)

    @rule(hours=st.sampled_from([1, 5, 30, 80, 200]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def offers_run_out(self) -> None:
        self.write(lambda c: Offers(c).expire(self.now))

    @rule(number=st.integers(0, 9), order=st.sampled_from(["first", "second"]))
    def a_code_is_used(self, number: int, order: str) -> None:
        found = self._some(number)
        if found is None:
            return
        who, code = found.customer_id, found.code
        try:
            self.write(lambda c: Redemptions(c).use(code, customer_id=who, order_id=None, now=self.now))
        except StorageError:
            return
        assert code not in self.uses or self.uses[code] == who
        self.uses[code] = who

    @rule(number=st.integers(0, 9))
    def a_use_is_taken_back(self, number: int) -> None:
        found = self._some(number)
        if found is None:
            return
        with suppress(StorageError):
            give_back = partial(Redemptions.give_back, customer_id=found.customer_id, order_id=None)
            self.write(lambda c: give_back(Redemptions(c), found.code, now=self.now))
            self.uses.pop(found.code, None)

    @rule(number=st.integers(0, 9))
    def an_offer_is_withdrawn(self, number: int) -> None:
        found = self._some(number)
        if found is not None:
            self.write(lambda c: Offers(c).withdraw(found.id, self.now))

    @rule(
        key=st.sampled_from(["day", "total", "month", "customer", "campaign", "at_once"]),
        more=st.integers(0, 3),
    )
    def the_owner_changes_a_limit(self, key: str, more: int) -> None:
        self.prices[key] = (1, 2, 3, 4)[more] if key == "at_once" else (5, 15, 30, 90)[more]
        self._write_rules()

    @rule(what=products, cost=st.sampled_from([4_000, 8_800, 9_500, None]))
    def a_cost_changes(self, what: str, cost: int | None) -> None:
        self.write(lambda c: c.execute(update(product).where(product.c.id == what).values(cost=cost)))

    @rule(who=people)
    def a_complaint_is_opened(self, who: str) -> None:
        if who not in self.complaints:
            self.write(lambda c: open_case(c, str(list(PEOPLE).index(who))))
            self.complaints.add(who)

    @rule()
    def complaints_are_settled(self) -> None:
        self.write(lambda c: c.execute(update(escalation).values(state="closed")))
        self.complaints.clear()

    @rule(who=people, granted=st.booleans())
    def a_word_on_profiling_is_said(self, who: str, granted: bool) -> None:
        self.now += timedelta(seconds=1)
        self.write(
            lambda c: Consents(c).record("profiling", granted, source="t", now=self.now, customer_id=who)
        )
        (self.refused.discard if granted else self.refused.add)(f"profiling {who}")

    @rule(who=people, on=st.booleans())
    def personal_prices_are_switched(self, who: str, on: bool) -> None:
        self.write(lambda c: Customers(c).set_personal_prices(who, on))
        (self.refused.discard if on else self.refused.add)(f"off {who}")

    # --- what has to hold

    async def _live(self, connection: AsyncConnection) -> list[StoredOffer]:
        rows = await connection.execute(
            select(offer).where(offer.c.state == "live", offer.c.valid_until > self.now)
        )
        return [StoredOffer(**row._mapping) for row in rows]

    def _some(self, number: int) -> StoredOffer | None:
        async def all_(connection: AsyncConnection) -> list[StoredOffer]:
            rows = await connection.execute(select(offer).order_by(offer.c.id))
            return [StoredOffer(**row._mapping) for row in rows]

        found = self.write(all_)
        return found[number % len(found)] if found else None

    def _is_lawful(
        self,
        who: str,
        what: str,
        campaign: bool,
        made: Offer,
        kept: StoredOffer | None,
        held: list[StoredOffer],
    ) -> None:
        codes = {one.code for one in made.reasons}
        before = next((one for one in held if (one.customer_id, one.product_id) == (who, what)), None)
        if {f"profiling {who}", f"off {who}"} & self.refused:
            assert not made.personal
            return
        if before is not None:
            assert made.price.minor <= before.price
            assert kept is not None
            assert (kept.id, kept.valid_until) == (before.id, before.valid_until)
        if who in self.complaints:
            assert made.price.minor == (10_000 if before is None else before.price)
            return
        if kept is not None and (before is None or kept.price < before.price):
            self._is_within_limits(who, campaign, before, kept, held)
        steps = [one.price for one in held if one.product_id == what and one.tier <= made.tier]
        excused = CUTS | {"no_cost"}
        if not campaign and steps and not codes & excused and before is None:
            assert made.price.minor <= min(steps)

    def _is_within_limits(
        self, who: str, campaign: bool, before: StoredOffer | None, kept: StoredOffer, held: list[StoredOffer]
    ) -> None:
        """What is given now is inside what the shop allows now."""
        drawn = self._drawn(kept.id)
        assert all(row.reserved <= row.total for row in drawn)
        periods = {row.id.split()[1]: row for row in drawn if row.campaign is None}
        assert set(periods) == {"day", "week", "month"}
        if before is None:
            assert campaign == any(row.campaign is not None for row in drawn)
            totals = {"day": "day", "week": "total", "month": "month"}
            for name, row in periods.items():
                assert row.total == self.prices[totals[name]] * 100
                assert row.starts_at <= self.now < row.ends_at
            assert sum(one.customer_id == who for one in held) < self.prices["at_once"]
        # What the week of now allows one customer; a promise that gets better counts in the week that it is of.
        week = self.week_began()
        assert self._promised(who, week) <= self.prices["customer"] * 100
        cost = self.write(lambda c: c.scalar(select(product.c.cost).where(product.c.id == kept.product_id)))
        assert kept.price - cost >= kept.price * 0.1
        assert kept.list_price - kept.price <= 2_000

    def week_began(self) -> datetime:
        here = self.now.astimezone(ZoneInfo("Asia/Shanghai"))
        day = here.date() - timedelta(days=here.weekday())
        return datetime.combine(day, time(), here.tzinfo)

    def _budgets(self) -> dict[str, Any]:
        async def rows(connection: AsyncConnection) -> dict[str, Any]:
            return {row.id: row for row in await connection.execute(select(budget))}

        found: dict[str, Any] = self.write(rows)
        return found

    def _drawn(self, offer_id: int) -> list[Any]:
        """The budgets that an offer draws on."""

        async def rows(connection: AsyncConnection) -> list[Any]:
            of_offer = select(budget).join(offer_budget).where(offer_budget.c.offer_id == offer_id)
            return list(await connection.execute(of_offer))

        found: list[Any] = self.write(rows)
        return found

    def _promised(self, who: str, since: datetime) -> int:
        async def theirs(connection: AsyncConnection) -> int:
            rows = await connection.execute(
                select(offer).where(offer.c.customer_id == who, offer.c.created_at >= since)
            )
            return sum(
                row.list_price - row.price
                for row in rows
                if row.state == "used" or (row.state == "live" and row.valid_until > self.now)
            )

        return int(self.write(theirs))

    @invariant()
    def budgets_hold_what_was_promised_or_given(self) -> None:
        async def all_(connection: AsyncConnection) -> tuple[list[Any], set[tuple[int, str]]]:
            links = await connection.execute(select(offer_budget.c.offer_id, offer_budget.c.budget_id))
            found = {(one.offer_id, one.budget_id) for one in links}
            return list(await connection.execute(select(offer))), found

        (offers, links), rows = self.write(all_), self._budgets()
        for name, row in rows.items():
            drawn = [one for one in offers if (one.id, name) in links]
            held = [one.list_price - one.price for one in drawn if one.state in ("live", "used")]
            assert row.reserved == sum(held)
        live = [(one.customer_id, one.product_id) for one in offers if one.state == "live"]
        assert len(live) == len(set(live))
        assert all(one.floor <= one.price < one.list_price for one in offers)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()


def play(url: str, home: Path, examples: int) -> None:
    run_state_machine_as_test(
        partial(OffersInAnyOrder, url, home),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_law_holds_in_any_order(migrated_url: str, tmp_path: Path) -> None:
    play(migrated_url, tmp_path, 5)


@pytest.mark.slow
def test_the_law_holds_in_many_orders(migrated_url: str, tmp_path: Path) -> None:
    play(migrated_url, tmp_path, 100)
