"""How to order: what the shop's pages say of it, and for goods that are spoken of the link into the basket."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import phrases
from bot.conversation.answer import Answer, row
from bot.conversation.skills import bargaining, basket, pages, which_product
from bot.conversation.skills.goods import paying, telling
from bot.conversation.turn import Skill, Turn
from storage.catalogue import Product

_NAMED = 6


async def _order(turn: Turn) -> Answer:
    meant = await which_product.dealt_over(turn)
    product = meant.one
    if product is None:
        chooses = (
            meant.open and bargaining.move(turn) is bargaining.Move.TAKES and not phrases.asks(turn.text)
        )
        return await which_first(turn, meant) if chooses else await pages.answer(turn)
    if not product.active:
        return Answer(text=turn.say("product-gone"), memory=turn.memory.settled())
    if product.stock <= 0:
        return await _not_there(turn, product)
    spoken_of = product.id == turn.memory.product
    count = bargaining.count_taken(turn) if spoken_of else bargaining.several_of(turn)
    answer = await taken(turn, product, min(count, product.stock))
    if count <= product.stock:
        return answer
    short = turn.say("total-short", name=product.name(turn.language), stock=product.stock)
    return replace(answer, text=f"{short}\n{answer.text}")


async def which_first(turn: Turn, meant: which_product.Meant) -> Answer:
    """Which of several is meant, asked once: the answer is taken for what is wished. What is on the screen already is
    named and not shown again."""
    ids = {one.id for one in meant.products}
    if ids <= set(turn.memory.products) or turn.memory.version_open:
        names = [
            turn.say("bargain-each-line", name=one.name(turn.language), price=turn.price(one))
            for one in meant.products[:_NAMED]
        ]
        asked = Answer(text="\n".join([turn.say("bargain-which"), *names]), memory=turn.memory)
    else:
        asked = await telling.which(turn, meant)
    memory = (asked.memory or turn.memory).asking("product", intent=turn.intent)
    return replace(asked, memory=memory.bargaining("which"))


async def _not_there(turn: Turn, product: Product) -> Answer:
    stock = which_product.stock(turn, product)
    text = turn.say("order-not-there", name=product.name(turn.language), stock=stock)
    button = turn.button("button-similar", f"recommend:like:{product.id}")
    return Answer(text=text, buttons=row(button), memory=turn.memory.about_product(product.id))


async def taken(turn: Turn, product: Product, count: int) -> Answer:
    """What is to be ordered, at which price and with which code, and the link; without one what the pages say."""
    memory = turn.memory.about_product(product.id).bargaining("taken")
    bill = await paying.to_pay(turn, [(product, count)])
    code, total = bill.code, turn.money(bill.total, product.currency)
    link = basket.button(turn, product, count=count, code=code)
    text_id = "order-with-code" if code else "order-plain"
    lines = [turn.say(text_id, name=product.name(turn.language), count=count, total=total, code=code)]
    if bill.offered is not None:
        text_id = "order-personal" if count == 1 else "order-personal-one"
        lines.append(turn.say(text_id, **turn.of_offer(product)))
    if link is None:
        said = await pages.passage_for(turn, turn.say("page-question-place_order"))
        lines += ["", pages.passage_text(turn, said)] if said is not None else [turn.say("order-on-site")]
        return Answer(text="\n".join(lines), memory=memory)
    template = turn.services.shop.basket
    carries = template is not None and template.carries_coupon
    if code:
        lines.append(turn.say("order-link-code" if carries else "order-link-enter", code=code))
    else:
        lines.append(turn.say("order-link"))
    return Answer(text="\n".join(lines), buttons=row(link), memory=memory)


SKILLS = (Skill(name="ordering", only_tells=True, answer=_order, intents=("place_order",)),)
