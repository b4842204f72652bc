"""Invoices, payments that fail, and products that became cheaper after they were bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.conversation import tasks
from bot.conversation.answer import Answer, Rows, row
from bot.conversation.memory import OpenTask
from bot.conversation.phrases import word_test
from bot.conversation.skills import pages, which_order
from bot.conversation.slot_values import NONE
from bot.conversation.turn import RequestKind, Skill, Slot, Task, Turn
from nlu.entities.contact import EMAIL
from nlu.entities.corrections import is_tax_number, tax_number_in, with_end
from storage.catalogue import Catalogue
from storage.orders import Order, Orders

_PROTECTED = timedelta(days=30)


async def _invoice(turn: Turn) -> Answer:
    if turn.intent == "personal":
        found = await _paid_for(turn)
        if isinstance(found, Answer):
            return found
        return await tasks.file(turn, INVOICE, found, {"title": "personal"})
    return await tasks.begin(turn, INVOICE)


async def _paid_for(turn: Turn) -> Order | Answer:
    return await which_order.find(
        turn, lambda order: order.status not in ("placed", "cancelled"), "invoice:ask"
    )


def _invoice_buttons(turn: Turn, order: Order | None) -> Rows:
    place = order.id if order is not None else ""
    return row(turn.button("button-invoice-personal", f"invoice:personal:{place}"))


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
    memory = turn.memory.settled() if passage is None else pages.having_told(turn, passage)
    return Answer(text="\n".join(lines), buttons=turn.human, memory=memory)


async def _protection(turn: Turn) -> Answer:
    """The difference between what was paid and today's price for everybody, and a request for it."""
    if turn.customer_id is None and await pages.passage_for(turn) is not None:
        return await pages.answer(turn)
    found = await _bought(turn)
    if isinstance(found, Answer):
        return found
    cheaper = await _cheaper(turn, found)
    if cheaper is None:
        # The shop sells elsewhere, too: what was seen there people have to look at.
        return await tasks.begin(replace(turn, argument=found.id), PRICE_PROTECTION)
    name, paid, current, currency = cheaper
    values = {
        "number": found.number,
        "name": name,
        "paid": turn.money(paid, currency),
        "current": turn.money(current, currency),
        "difference": turn.money(paid - current, currency),
    }
    details = {"product": name, "paid": str(paid), "current": str(current), "currency": currency}
    task = replace(PRICE_PROTECTION, filed="protection-asked", facts=lambda _turn, _order, _opened: values)
    return await tasks.file(turn, task, found, details)


async def _bought(turn: Turn) -> Order | Answer:
    """The order of not too long ago that something became cheaper of."""
    return await which_order.find(turn, lambda order: turn.now - order.placed_at <= _PROTECTED, "protect:ask")


async def _cheaper(turn: Turn, order: Order) -> tuple[str, int, int, str] | None:
    """Name, price paid, price now and currency of the line that lost most."""
    products = await Catalogue(turn.connection).by_ids({line.product_id for line in order.lines})
    now = {product.id: turn.prices.of(product).everybody for product in products.values()}
    fallen = [line for line in order.lines if now.get(line.product_id, line.unit_price) < line.unit_price]
    if not fallen:
        return None
    line = max(fallen, key=lambda one: one.unit_price - now[one.product_id])
    product = products[line.product_id]
    return product.name(turn.language), line.unit_price, now[product.id], product.currency


_personal = word_test(
    "个人 私人 开给我 我自己 personal personally private for_me to_me myself my_name just_me own_name my_own_name"
)
_company = word_test(
    "公司 企业 单位 专票 有限 集团 工厂 商行 事务所 中心 医院 学校 大学"
    " company business ltd limited inc llc gmbh plc corp corporation co vat firm"
)


def _for_a_person(text: str) -> str:
    return "personal" if _personal(text) and not _company(text) else ""


def _of_a_company(opened: OpenTask) -> bool:
    """Whether the invoice is for a company: that needs its tax number."""
    return _company(opened.values.get("title", ""))


_has_no_number = word_test(
    "没有税号 没税号 无税号 没有纳税人识别号",
    "no_tax_number no_vat_number don't_have_a_tax_number don't_have_a_vat_number without_a_tax_number",
)


def _tax_number(text: str) -> str:
    return tax_number_in(text) or (NONE if _has_no_number(text) else "")


def _is_email(text: str) -> bool:
    return EMAIL.fullmatch(text.strip()) is not None


INVOICE = Task(
    name="invoice",
    request="invoice",
    wished_by=("invoice_request",),
    slots=(
        Slot(
            name="title",
            told_by=("invoice_title",),
            question="invoice-title",
            words=True,
            plain=_for_a_person,
            buttons=_invoice_buttons,
        ),
        Slot(
            name="tax_number",
            told_by=("tax_number",),
            question="tax-number-which",
            words=True,
            fits=is_tax_number,
            plain=_tax_number,
            join=lambda before, told, _old: with_end(before, told),
            whole=lambda number: is_tax_number(number) or number == NONE,
            again="tax-number-again",
            needed=_of_a_company,
            optional=True,
        ),
        Slot(name="email", told_by=("email",), whole=_is_email, again="email-again", words=True),
    ),
    order=_paid_for,
    own_order=which_order.own,
    filed="invoice-asked",
    while_waiting=True,
)


def _seen(_turn: Turn, _order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    return {"told": opened.values.get("seen", "")}


PRICE_PROTECTION = Task(
    name="price_protection",
    request="price_protection",
    wished_by=("price_protection", "protect"),
    slots=(Slot(name="seen", told_by=("amount",), question="protection-seen", words=True, free=True),),
    order=_bought,
    own_order=which_order.own,
    confirm="protection-confirm",
    filed="protection-seen-asked",
    facts=_seen,
)

SKILLS = (
    Skill(
        name="invoice",
        answer=_invoice,
        intents=("invoice_request",),
        actions=("invoice",),
        about_order=True,
        tasks=(INVOICE,),
        requests=(RequestKind(name="invoice"),),
    ),
    Skill(name="payment", only_tells=True, answer=_payment, intents=("payment_problem",)),
    Skill(
        name="price_protection",
        answer=_protection,
        intents=("price_protection",),
        actions=("protect",),
        about_order=True,
        tasks=(PRICE_PROTECTION,),
        requests=(RequestKind(name="price_protection"),),
    ),
)
