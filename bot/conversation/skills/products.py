"""Questions about a product, looking for one, stock and price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bot.conversation.answer import Answer, row
from bot.conversation.skills import pages, product_words, variants, which_product
from bot.conversation.turn import Asked, Skill, Turn
from bot.messages import Card
from nlu.acts import Act
from storage.catalogue import Catalogue, Product
from storage.offers import Offers

_SHOWN = 3
# A passage about a product in general must be this near to the question.
_NEAR = 0.55
_ATTRIBUTES = 6


async def _question(turn: Turn) -> Answer:
    product = await which_product.asked_about(turn)
    if product is None:
        if turn.argument:
            return Answer(text=turn.say("product-gone"))
        passage = await pages.passage_for(turn, at_least=_NEAR)
        if passage is not None:
            return Answer(text=pages.passage_text(turn, passage), memory=turn.memory.settled())
        return await _which(turn)
    return await _about(turn, product)


async def _about(turn: Turn, product: Product) -> Answer:
    memory = turn.memory.about_product(product.id)
    asked = _attributes_asked(turn, product)
    if asked:
        facts = turn.say("list-comma").join(
            turn.say("attribute", label=label, value=value) for label, value in asked
        )
        return Answer(
            text=turn.say("product-facts", name=product.name(turn.language), facts=facts), memory=memory
        )
    asking = turn.intent == "product_question" and not turn.argument
    if asking and not which_product.named_in_message(turn):
        passage = await pages.passage_for(turn, at_least=_NEAR)
        if passage is not None:
            return Answer(text=pages.passage_text(turn, passage), memory=memory)
    details = await _details(turn, product)
    if not asking or len(turn.text.strip()) <= len(product.name(turn.language)) + 2:
        return details
    # What was asked is not among the facts: show them and say so, rather than guess.
    return replace(details, text=turn.say("product-known"), buttons=turn.human)


async def _details(turn: Turn, product: Product) -> Answer:
    description = product.description(turn.language)
    lines = [description] if description else []
    lines += [
        turn.say("attribute", label=label, value=value)
        for label, value in product.labels(turn.language)[:_ATTRIBUTES]
        if value not in description
    ]
    shown = await _shown(turn, product, lines)
    buttons = row(turn.button("button-best-price", f"offer:ask:{product.id}"))
    shown = replace(shown, buttons=tuple(button for line in buttons for button in line))
    if not product.active or product.stock <= 0:
        similar = turn.button("button-similar", f"recommend:like:{product.id}")
        shown = replace(shown, buttons=(similar,))
    return Answer(cards=(shown,), memory=turn.memory.about_product(product.id))


def _attributes_asked(turn: Turn, product: Product) -> list[tuple[str, str]]:
    """The attributes whose label or key stands in the question."""
    said = turn.text.casefold()
    if not said:
        return []
    labels = product.labels(turn.language)
    keys = list(product.facts)
    found = []
    for key, (label, value) in zip(keys, labels, strict=False):
        names = {label.casefold(), key.casefold().replace("_", " ")}
        if any(len(name) > 1 and name in said for name in names):
            found.append((label, value))
    return found


async def variant(turn: Turn) -> Answer | None:
    """The product spoken of in another colour or size, or what there is; None when that isn't the question."""
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
    shown = await _shown(turn, product)
    if product.stock > 0:
        text = turn.say("variant-there")
    else:
        text = turn.say("variant-not-there", stock=which_product.stock(turn, product))
        shown = replace(shown, buttons=(turn.button("button-similar", f"recommend:like:{product.id}"),))
    return Answer(text=text, cards=(shown,), memory=turn.memory.about_product(product.id))


async def _shown(turn: Turn, product: Product, lines: Sequence[str] = ()) -> Card:
    """One product, with what it could be instead in one step."""
    group = (await variants.groups(turn, [product])).get(product.id)
    of_group = variants.lines(turn, group, chosen=True) if group is not None else []
    return which_product.card(turn, product, (*lines, *of_group))


async def _stock(turn: Turn) -> Answer:
    product = await which_product.asked_about(turn)
    if product is None:
        return await _which(turn)
    text = turn.say(
        "stock-answer", name=product.name(turn.language), stock=which_product.stock(turn, product)
    )
    memory = turn.memory.about_product(product.id)
    if product.active and product.stock > 0:
        buttons = row(turn.button("button-detail", f"product:show:{product.id}"))
        return Answer(text=text, buttons=buttons, memory=memory)
    return Answer(
        text=text, buttons=row(turn.button("button-similar", f"recommend:like:{product.id}")), memory=memory
    )


async def _price(turn: Turn) -> Answer:
    product = await which_product.asked_about(turn)
    if product is None:
        return await _which(turn)
    if not product.active:
        return Answer(text=turn.say("product-gone"), memory=turn.memory.settled())
    memory = turn.memory.about_product(product.id)
    values = {
        "name": product.name(turn.language),
        "price": which_product.price(turn, product),
        "stock": which_product.stock(turn, product),
    }
    live = await _live_price(turn, product)
    if live:
        return Answer(text=live, memory=memory)
    button = turn.button("button-best-price", f"offer:ask:{product.id}")
    return Answer(text=turn.say("price-answer", **values), buttons=row(button), memory=memory)


async def _live_price(turn: Turn, product: Product) -> str:
    if turn.customer_id is None:
        return ""
    live = await Offers(turn.connection).live(turn.customer_id, turn.now, product.id)
    everybody = product.price_at(turn.now)
    if not live or live[0].price >= everybody:
        return ""
    return turn.say(
        "price-yours",
        name=product.name(turn.language),
        price=turn.money(live[0].price, live[0].currency),
        list=turn.money(everybody, product.currency),
        stock=which_product.stock(turn, product),
        code=live[0].code,
        until=turn.moment(live[0].valid_until),
    )


async def _which(turn: Turn) -> Answer:
    """No product is known yet: it is one of those at hand, or the words may find one, else ask for it."""
    near = await which_product.at_hand(turn)
    found = product_words.fitting(turn, near) or near or await product_words.find(turn, limit=_SHOWN)
    found = found[:_SHOWN]
    if found:
        return Answer(
            text=turn.say("product-which-of", count=len(found)),
            cards=await which_product.cards(turn, found, partial(_attributes_shown, turn)),
            memory=turn.memory.showing(tuple(product.id for product in found)),
        )
    return Answer(text=turn.say("product-which"), memory=turn.memory.asking("product", intent=turn.intent))


def _attributes_shown(turn: Turn, product: Product) -> str:
    """What a card says of that which was asked: attributes by their name, or by what they hold."""
    said = [word.casefold() for word in product_words.naming_words(turn) if len(word) > 1]
    asked = _attributes_asked(turn, product) or [
        pair for pair in product.labels(turn.language) if any(word in pair[1].casefold() for word in said)
    ]
    return "\n".join(turn.say("attribute", label=label, value=value) for label, value in asked)


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
    if not named and await _unknown(turn):
        return None
    again = replace(turn, intent=intent, memory=turn.memory.settled())
    skill = turn.skills.by_intent.get(intent)
    return await (skill.answer(again) if skill is not None else _question(again))


async def _unknown(turn: Turn) -> bool:
    """Whether a message is about no product that is known, by what was spoken of or by its words."""
    return await which_product.asked_about(turn) is None and not await product_words.find(turn, limit=1)


async def _action(turn: Turn) -> Answer:
    product = await which_product.spoken_of(turn)
    if product is None or not product.active:
        return Answer(text=turn.say("product-gone"))
    return await _details(turn, product)


async def _product(turn: Turn) -> Answer:
    return await (_action(turn) if turn.intent == "show" else _question(turn))


SKILLS = (
    Skill(
        name="product",
        only_tells=True,
        answer=_product,
        intents=("product_question",),
        actions=("product",),
        questions={"product": Asked(kind="value", task="search", slot="item")},
        resume=_resume,
        regrets=False,
    ),
    Skill(name="stock", only_tells=True, answer=_stock, intents=("stock_question",), regrets=False),
    Skill(name="price", only_tells=True, answer=_price, intents=("price_question",), regrets=False),
)
