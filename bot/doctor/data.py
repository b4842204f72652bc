"""Checks of the shop's data: what it lacks, and what doesn't work for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.doctor.finding import Finding, Place
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


async def _events(looking: Gaps, place: Place) -> list[Finding]:
    latest = await looking.latest_event()
    if latest is not None and place.now - latest <= _QUIET:
        return []
    found = "nobody has done anything yet" if latest is None else f"the last one is of {latest:%Y-%m-%d}"
    to_do = "import orders and events, or send them to the API: models learn from nothing else"
    return [Finding(name="events", state="look", found=found, to_do=to_do)]
