"""Invoices, payments that fail, and products that became cheaper after they were bought."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.conversation.skills import pages, which_order
from bot.conversation.skills.requesting import ask_shop
from bot.conversation.turn import Answer, RequestKind, Skill, Turn, row
from storage.catalogue import Catalogue
from storage.orders import Order, Orders

_SENSIBLE_TITLE = 2
_PROTECTED = timedelta(days=30)


async def _invoice(turn: Turn) -> Answer:
    found = await which_order.find(
        turn, lambda order: order.status not in ("placed", "cancelled"), "invoice:ask"
    )
    if isinstance(found, Answer):
        return found
    if turn.intent == "personal":
        return ask_shop(turn, "invoice", found, {"title": "personal"}, "invoice-asked", number=found.number)
    memory = replace(turn.memory.asking("invoice", order=found.id), order=found.id)
    button = turn.button("button-invoice-personal", f"invoice:personal:{found.id}")
    return Answer(text=turn.say("invoice-title", number=found.number), buttons=row(button), memory=memory)


async def _resume_invoice(turn: Turn) -> Answer | None:
    pending, whole = turn.memory.pending, turn.understanding
    title = turn.text.strip()
    if pending is None or whole is None or len(title) < _SENSIBLE_TITLE:
        return None
    if turn.denies:
        return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    personal = title.casefold() == turn.say("button-invoice-personal").casefold()
    certain = whole.understood and whole.probability >= 0.7
    if certain and not personal and whole.intent not in ("invoice_request", "affirm"):
        return None
    order = await which_order.own(turn, pending.data.get("order", ""))
    if order is None:
        return None
    return ask_shop(turn, "invoice", order, {"title": title[:200]}, "invoice-asked", number=order.number)


async def _payment(turn: Turn) -> Answer:
    """An unpaid order is named when there is one; the rest is on the shop's pages or with a person."""
    passage = await pages.passage_for(turn)
    lines = []
    if turn.customer_id is not None:
        recent = await Orders(turn.connection).by_customer(turn.customer_id, limit=3)
        lines += [
            turn.say("payment-unpaid", number=order.number, total=turn.money(order.total, order.currency))
            for order in recent
            if order.status == "placed"
        ][:1]
    lines.append(pages.passage_text(turn, passage) if passage is not None else turn.say("payment-help"))
    return Answer(text="\n".join(lines), buttons=turn.human, memory=turn.memory.settled())


async def _protection(turn: Turn) -> Answer:
    """The difference between what was paid and today's price for everybody, and a request for it."""
    if turn.customer_id is None and await pages.passage_for(turn) is not None:
        return await pages.answer(turn)
    found = await which_order.find(
        turn, lambda order: turn.now - order.placed_at <= _PROTECTED, "protect:ask"
    )
    if isinstance(found, Answer):
        return found
    cheaper = await _cheaper(turn, found)
    if cheaper is None:
        return Answer(
            text=turn.say("protection-none", number=found.number), memory=turn.memory.about_order(found.id)
        )
    name, paid, current, currency = cheaper
    values = {
        "number": found.number,
        "name": name,
        "paid": turn.money(paid, currency),
        "current": turn.money(current, currency),
        "difference": turn.money(paid - current, currency),
    }
    details = {"product": name, "paid": str(paid), "current": str(current), "currency": currency}
    return ask_shop(turn, "price_protection", found, details, "protection-asked", **values)


async def _cheaper(turn: Turn, order: Order) -> tuple[str, int, int, str] | None:
    """Name, price paid, price now and currency of the line that lost most."""
    products = await Catalogue(turn.connection).by_ids({line.product_id for line in order.lines})
    now = {product.id: product.price_at(turn.now) for product in products.values()}
    fallen = [line for line in order.lines if now.get(line.product_id, line.unit_price) < line.unit_price]
    if not fallen:
        return None
    line = max(fallen, key=lambda one: one.unit_price - now[one.product_id])
    product = products[line.product_id]
    return product.name(turn.language), line.unit_price, now[product.id], product.currency


SKILLS = (
    Skill(
        name="invoice",
        answer=_invoice,
        intents=("invoice_request",),
        actions=("invoice",),
        pending=("invoice",),
        resume=_resume_invoice,
        about_order=True,
        requests=(RequestKind(name="invoice", words=re.compile(r"发票|invoice", re.I)),),
    ),
    Skill(name="payment", answer=_payment, intents=("payment_problem",)),
    Skill(
        name="price_protection",
        answer=_protection,
        intents=("price_protection",),
        actions=("protect",),
        about_order=True,
        requests=(RequestKind(name="price_protection"),),
    ),
)
