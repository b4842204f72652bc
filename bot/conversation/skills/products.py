"""Questions about a product, looking for one, stock and price."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.answer import Answer, row
from bot.conversation.skills import (
    pages,
    product_words,
    qualities,
    reasons,
    recommending,
    sound,
    variants,
    which_product,
)
from bot.conversation.skills.goods import several, telling, units
from bot.conversation.turn import Asked, Skill, Turn
from nlu.acts import Act
from storage.catalogue import Catalogue

_SHOWN = 3


async def _question(turn: Turn) -> Answer:
    meant = await which_product.meant(turn)
    compared = await several.answered(turn, meant)
    if compared is not None:
        return compared
    product = await several.picked(turn, meant)
    if product is not None and meant.parts and not telling.asks_of(turn, product):
        wished = await recommending.by_words(turn)
        if wished is not None and wished.cards:
            return wished
    if product is not None:
        # A comparison of one product is a question about it.
        asked = replace(turn, intent="product_question")
        return await telling.about(asked, product, named=bool(meant.parts))
    if turn.argument:
        return Answer(text=turn.say("product-gone"))
    passage = None if meant.products else await pages.passage_for(turn, at_least=telling.NEAR)
    if passage is not None:
        return pages.said_of(turn, [passage])
    return await telling.which(turn, meant)


async def variant(turn: Turn) -> Answer | None:
    """The product spoken of in another colour or size, or what there is; None when that isn't the question."""
    compared = await several.beside(turn)
    if compared is not None:
        return compared
    choice = await which_product.choose(turn)
    if choice is None:
        return None
    product = await Catalogue(turn.connection).get(choice.variant) if choice.variant else None
    if product is None:
        text = turn.say(
            "variant-none" if choice.wished else "variant-values",
            name=variants.title(choice.group.base, turn.language),
            wished=choice.wished,
            values=variants.listed(turn, choice.values or {}),
        )
        return Answer(text=text, memory=turn.memory.about_product(choice.group.base.id))
    checked = await sound.checked(turn, [product], named=True)
    if checked.against:
        text = reasons.unfit(turn, checked)
        return Answer(text=text, memory=turn.memory.about_product(product.id))
    shown = await telling.shown(turn, product)
    if product.stock > 0:
        text = turn.say("variant-there")
    else:
        text = turn.say("variant-not-there", stock=which_product.stock(turn, product))
        shown = replace(shown, buttons=telling.instead(turn, product))
    return Answer(text=text, cards=(shown,), memory=turn.memory.about_product(product.id))


async def _stock(turn: Turn) -> Answer:
    meant = await which_product.meant(turn)
    product = await several.picked(turn, meant)
    if product is None:
        return await telling.which(turn, meant)
    sized = await telling.stated_size(turn, product)
    if sized is not None:
        return sized
    text = turn.say(
        "stock-answer",
        name=product.name(turn.language),
        stock=which_product.stock(turn, product),
        price=turn.price(product),
    )
    text = await telling.besides(turn, product, text)
    memory = turn.memory.about_product(product.id)
    if product.active and product.stock > 0:
        buttons = row(turn.button("button-detail", f"product:show:{product.id}"))
        return Answer(text=text, buttons=buttons, memory=memory)
    return Answer(text=text, buttons=row(*telling.instead(turn, product)), memory=memory)


async def _price(turn: Turn) -> Answer:
    meant = await which_product.meant(turn)
    compared = await several.answered(turn, meant)
    if compared is not None:
        return compared
    product = meant.one
    if product is None:
        return await telling.which(turn, meant)
    if not product.active:
        return Answer(text=turn.say("product-gone"), memory=turn.memory.settled())
    if each := units.per(turn, product):
        return Answer(text=each, memory=turn.memory.about_product(product.id))
    fact = await telling.of_a_fact(turn) if qualities.asks_how_much(turn.text) else None
    if fact is not None:
        return fact
    versions = await telling.prices(turn, product) if meant.parts else None
    if versions is not None:
        return versions
    priced = telling.price(turn, product)
    return replace(priced, text=await telling.besides(turn, product, priced.text))


async def _resume(turn: Turn) -> Answer | None:
    """The product asked for, named by itself."""
    pending, whole = turn.memory.pending, turn.understanding
    if pending is None or whole is None:
        return None
    intent = pending.data.get("intent", "product_question")
    named = which_product.named_in_message(turn)
    wished = {wish.intent for wish in turn.acts.wishes} - {"product_search", "product_question", intent}
    if not named and turn.does(Act.ASIDE) and wished:
        return None
    picks = bool(turn.memory.products) and qualities.chooses(turn.text)
    if not (named or picks) and await _unknown(turn):
        return None
    again = replace(turn, intent=intent, memory=turn.memory.settled())
    skill = turn.skills.by_intent.get(intent)
    return await (skill.answer(again) if skill is not None else _question(again))


async def _unknown(turn: Turn) -> bool:
    """Whether a message is about no product that is known, by what was spoken of or by its words."""
    meant = await which_product.meant(turn)
    return not meant.products and not await product_words.find(turn, limit=1)


async def _action(turn: Turn) -> Answer:
    meant = await which_product.meant(turn)
    product = meant.one
    if product is None or not product.active:
        return Answer(text=turn.say("product-gone"))
    return await telling.details(turn, product)


async def _product(turn: Turn) -> Answer:
    return await (_action(turn) if turn.intent == "show" else _question(turn))


SKILLS = (
    Skill(
        name="product",
        only_tells=True,
        answer=_product,
        intents=("product_question", "product_compare"),
        actions=("product",),
        questions={"product": Asked(kind="value", task="search", slot="item")},
        resume=_resume,
        regrets=False,
    ),
    Skill(name="stock", only_tells=True, answer=_stock, intents=("stock_question",), regrets=False),
    Skill(name="price", only_tells=True, answer=_price, intents=("price_question",), regrets=False),
)
