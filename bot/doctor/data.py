"""Checks of the shop's data: what it lacks, and what doesn't work for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.doctor.finding import Finding, Place
from bot.shop.prices import FILE, RulesInvalid, read_prices
from storage.budgets import Budgets
from storage.gaps import Gap, Gaps
from storage.migrate import newest_revision

_QUIET = timedelta(days=14)
"""Without an event for so long, something no longer sends them."""

_GAPS: tuple[tuple[str, str, str, Callable[[Gaps], Awaitable[Gap]]], ...] = (
    ("customers", "have neither e-mail, phone nor messenger", "send one of them: else nobody can prove who they are",
     Gaps.unreachable_customers),
    ("products", "have one name for both languages", "send name_zh and name_en", Gaps.products_with_one_name),
    ("products", "have no cost below their price", "send cost: no personal price is offered without it",
     Gaps.products_without_cost),
    ("products", "have no picture", "send picture, a path or an https address", Gaps.products_without_picture),
    ("products", "are out of stock", "send stock, or active=false for what is gone", Gaps.products_out_of_stock),
    ("orders", "have no customer", "send the customer with the order", Gaps.orders_of_nobody),
    ("orders", "are shipped without a parcel", "send carrier and tracking number", Gaps.shipped_without_parcel),
)  # fmt: skip


async def gaps(place: Place) -> list[Finding]:
    """What is missing of customers, products, orders and events."""
    if place.store is None or place.contents.revision != newest_revision():
        return []
    findings: list[Finding] = []
    async with place.store.read(long=True) as connection:
        looking = Gaps(connection)
        for name, lack, to_do, look in _GAPS:
            gap = await look(looking)
            if gap.lacking:
                found = f"{gap.lacking:,} of {gap.of:,} {lack}"
                findings.append(Finding(name=name, state="look", found=found, to_do=to_do))
        findings += await _events(looking, place)
        currencies = await looking.currencies()
    if len(currencies) > 1:
        to_do = "amounts of different currencies are never added up: keep one shop in one currency"
        findings.append(Finding(name="currency", state="look", found=", ".join(currencies), to_do=to_do))
    return findings or [Finding(name="data", state="fine", found="nothing is missing")]


async def prices(place: Place) -> list[Finding]:
    """Whether personal prices can be offered: the rules in use, and what may be given away."""
    name = "prices"
    try:
        written = read_prices(place.settings.home / FILE)
    except RulesInvalid as invalid:
        to_do = "mend it: the rules read before stay in use, after a restart those that come with Liuke"
        return [Finding(name=name, state="bad", found=str(invalid), to_do=to_do)]
    if not written.on:
        return [Finding(name=name, state="fine", found=f"personal prices are switched off in {FILE}")]
    if written.budget:
        told = ", ".join(f"{one.total:f} {one.currency}" for one in written.budget)
        return [Finding(name=name, state="fine", found=f"the budget is {told}")]
    if place.store is None or place.contents.revision != newest_revision():
        return []
    async with place.store.read() as connection:
        currencies = await Gaps(connection).currencies()
        running = [await Budgets(connection).running(currency, place.now) for currency in currencies]
    if any(running):
        return [Finding(name=name, state="fine", found="a budget for discounts is set")]
    found = "no personal price is offered: no budget for discounts is set"
    return [Finding(name=name, state="look", found=found, to_do=f"write [budget] into {FILE}")]


async def _events(looking: Gaps, place: Place) -> list[Finding]:
    latest = await looking.latest_event()
    if latest is not None and place.now - latest <= _QUIET:
        return []
    found = "nobody has done anything yet" if latest is None else f"the last one is of {latest:%Y-%m-%d}"
    to_do = "import orders and events, or send them to the API: models learn from nothing else"
    return [Finding(name="events", state="look", found=found, to_do=to_do)]
