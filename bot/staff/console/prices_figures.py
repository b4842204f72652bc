"""Draws what personal prices may cost and cost, the newest ones, one explained, and what their policies brought."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.conversation.wording import money
from bot.models.judging import Judged, Judgement
from bot.staff.console.offer_words import given, number, taken_off
from bot.staff.console.widgets import cell, heading, table
from bot.staff.console.words import Words
from bot.staff.price_figures import PriceFigures, Spending
from retention.pricing.off_policy import GroupMean, Value
from storage.catalogue import Product
from storage.offers import StoredOffer


def draw_spending(words: Words, zone: ZoneInfo, figures: PriceFigures) -> None:
    """A bar for each budget that runs now, and each campaign's part: used by orders, held by live offers, and left."""
    ui.label(words("budget-what-for")).classes("text-sm soft lead")
    if not figures.spending:
        ui.label(words("budget-none")).classes("soft p-4")
    for one in figures.spending:
        with ui.card().classes("w-full p-4 gap-2").mark(f"budget-{one.budget.id}"):
            _draw_budget(words, zone, one)


def _draw_budget(words: Words, zone: ZoneInfo, one: Spending) -> None:
    budget = one.budget
    whole = max(budget.total, budget.reserved, 1)
    used, promised, left, total = (
        money(amount, budget.currency) for amount in (one.used, one.promised, budget.left, budget.total)
    )
    with ui.row().classes("w-full items-baseline gap-3"):
        title = words("budget-all") if one.campaign is None else words("budget-of", name=one.campaign)
        ui.label(title).classes("font-semibold")
        if one.starts_at is not None and one.ends_at is not None:
            first, after = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (one.starts_at, one.ends_at))
            ui.label(words("budget-period", first=first, after=after)).classes("text-sm soft")
    with ui.element().classes("w-full burn").props("aria-hidden=true"):
        ui.element().classes("burn-used").style(f"width: {100 * one.used / whole:.2f}%")
        ui.element().classes("burn-promised").style(f"width: {100 * one.promised / whole:.2f}%")
    ui.label(words("budget-stands", used=used, promised=promised, left=left, total=total)).classes("figure")
    if not one.given:
        return
    with table(
        (words("budget-why"), words("budget-state"), words("budget-offers"), words("budget-off")), number=True
    ) as body:
        for part in one.given:
            with body, ui.element("tr"):
                cell(words.of("made", part.reason))
                cell(words.of("code", part.state))
                cell(f"{part.offers:,}")
                cell(money(part.amount, budget.currency), number=True)


def draw_offers(
    words: Words,
    zone: ZoneInfo,
    offers: Sequence[StoredOffer],
    products: Mapping[str, Product],
    press: Callable[[StoredOffer], Awaitable[None]],
) -> None:
    """The newest ones; `press` explains one."""
    ui.label(words("offers-what-for")).classes("text-sm soft lead")
    if not offers:
        ui.label(words("offers-none")).classes("soft p-4")
        return
    with ui.card().classes("w-full p-2 gap-0"):
        for one in offers:
            _draw_offer(words, zone, one, products.get(one.product_id), partial(press, one))


def _draw_offer(
    words: Words,
    zone: ZoneInfo,
    one: StoredOffer,
    product: Product | None,
    press: Callable[[], Awaitable[None]],
) -> None:
    row = (
        ui.element().classes("w-full contact entry cursor-pointer offer-row").props("role=button tabindex=0")
    )
    with row.on("click", press).on("keydown.enter", press).mark(f"offer-{one.code}"):
        with ui.row().classes("w-full items-center gap-x-3 gap-y-1"):
            ui.label(_name(words, one, product)).classes("font-medium")
            ui.label(words.of("code", one.state)).classes("chip warm" if one.state == "used" else "chip")
            ui.label(words("customer-linked", id=one.customer_id)).classes("text-xs soft")
            ui.label(one.code).classes("text-xs soft code")
        ui.label(_worth(words, one)).classes("text-sm figure")
        ui.label(words("because", reasons=words("comma").join(given(words, one.reasons)))).classes(
            "text-sm opacity-80"
        )


def explain(
    words: Words,
    zone: ZoneInfo,
    one: StoredOffer,
    product: Product | None,
    eligible: Sequence[Mapping[str, Any]],
) -> None:
    """A dialog with every rule and number that made a price, and what else could have been chosen."""
    with ui.dialog() as dialog, ui.card().classes("gap-3 explained").mark("explained"):
        ui.label(f"{one.code} · {_name(words, one, product)}").classes("font-semibold")
        ui.label(_worth(words, one)).classes("figure")
        until = f"{one.valid_until.astimezone(zone):%Y-%m-%d %H:%M}"
        ui.label(words("holds-until", time=until)).classes("text-sm")
        floor = money(one.floor, one.currency)
        chance = _percent(one.probability)
        told = words("offer-by", policy=one.policy, chance=chance, floor=floor)
        ui.label(told).classes("text-sm")
        with table((words("offer-rule"), words("offer-number"), words("offer-taken")), number=True) as body:
            for reason in one.reasons:
                with body, ui.element("tr"):
                    cell(words.of("rule", str(reason["code"])))
                    cell(number(reason, one.currency))
                    cell(taken_off(reason), number=True)
        if eligible:
            heading(words("offer-could"))
            with table((words("offer-price"), words("offer-chance")), number=True) as body:
                for each in eligible:
                    with body, ui.element("tr"):
                        cell(money(int(each["price"]), one.currency))
                        cell(f"{_percent(each['probability'])} %", number=True)
        with ui.row().classes("w-full justify-end"):
            ui.button(words("offer-close"), on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


def draw_judgement(words: Words, found: Judgement) -> None:
    """What each policy brought a decision, with its interval; and mean discounts by group."""
    if not found.policies:
        ui.label(words("policies-none")).classes("soft p-4")
        return
    for one in found.policies:
        with ui.card().classes("w-full p-4 gap-2").mark(f"policy-{one.policy}"):
            ui.label(one.policy).classes("font-semibold")
            for line in _of_policy(words, one):
                ui.label(line).classes("text-sm lead")
    for what, groups in (("language", found.by_language), ("tier", found.by_tier)):
        with ui.card().classes("w-full p-4 gap-2"):
            heading(words(f"policies-by-{what}"))
            _draw_groups(words, what, groups)


def _of_policy(words: Words, one: Judged) -> list[str]:
    lines = [
        words(
            "policy-decisions",
            decisions=one.decisions,
            customers=one.customers,
            bought=_percent(one.bought),
            discount=f"{one.discount / 100:.1f}",
        ),
        _value(words, "policy-brought", one.value, one.currency),
        words("policy-list-unknown")
        if one.list_price is None
        else _value(words, "policy-list", one.list_price, one.currency),
    ]
    if one.verdict is not None:
        lines.append(words("policy-list-better" if one.verdict.promoted else "policy-list-not-better"))
    if one.unknown_costs:
        lines.append(words("policy-no-cost", number=one.unknown_costs))
    return lines


def _draw_groups(words: Words, what: str, groups: Sequence[GroupMean]) -> None:
    heads = (words(f"group-{what}"), words("group-decisions"), words("group-mean"), words("group-beside"))
    with table(heads) as body:
        for one in groups:
            with body, ui.element("tr"):
                cell(words.name("language", one.group) if what == "language" else one.group)
                cell(f"{one.offers:,}")
                cell(_interval(one.mean, one.low, one.high, "") + " %")
                cell(_interval(one.beside, one.beside_low, one.beside_high, "+"))


def _interval(mean: float, low: float, high: float, sign: str) -> str:
    return f"{mean / 100:{sign}.1f} ({low / 100:{sign}.1f} … {high / 100:{sign}.1f})"


def _value(words: Words, text_id: str, value: Value, currency: str) -> str:
    mean, low, high = (money(round(one), currency) for one in (value.mean, value.low, value.high))
    said = words(text_id, mean=mean, low=low, high=high, effective=f"{value.effective:.0f}")
    return said if value.enough else words("policy-too-few", said=said)


def _worth(words: Words, one: StoredOffer) -> str:
    price, before, saved = (
        money(amount, one.currency) for amount in (one.price, one.list_price, one.list_price - one.price)
    )
    share = _percent(1 - one.price / one.list_price) if one.list_price else "0"
    return words("offer-worth", price=price, before=before, saved=saved, percent=share)


def _name(words: Words, one: StoredOffer, product: Product | None) -> str:
    return one.product_id if product is None else product.name(words.language)


def _percent(share: float) -> str:
    return f"{100 * share:.3g}"
