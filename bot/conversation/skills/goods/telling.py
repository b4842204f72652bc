"""What is told of one product: the fact that is asked of, its versions, its price, or all there is to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.answer import Answer, row
from bot.conversation.skills import (
    needed,
    pages,
    product_words,
    qualities,
    reasons,
    sound,
    variants,
    which_product,
)
from bot.conversation.skills.goods import facts
from bot.conversation.turn import Turn
from bot.messages import Button, Card
from bot.shop.sizes import without_table
from nlu.products.needs import Need
from nlu.types import EntityKind, Language
from storage.catalogue import Product, label_and_value

NEAR = 0.55
"""A passage about a product in general must be this near to the question."""
NEAREST = 0.5
"""From this nearness on a question is of a product though its words name none for sure."""
NAMES = frozenset({"product_question", "product_search", "stock_question", "recommend_request"})
"""What a message that only names a product may be taken for."""
_SHOWN = 3
_LOOKED_AT = 24
_ATTRIBUTES = 6
_VERSIONS = (
    "come in", "sizes", "version", "variant", "option", "model", "kind", "版本", "款", "规格", "型号", "种", "选择",
    "配置",
)  # fmt: skip


async def about(turn: Turn, product: Product, *, named: bool) -> Answer:
    """What a message asks of a product; where it asks nothing in particular, what there is to know of it.

    What speaks against it for what is needed comes first, and it is not shown as something to buy then.
    """
    answer = await _about(turn, product, named=named)
    checked = await sound.checked(turn, [product], named=True)
    if not checked.against:
        return answer
    known = answer.text or product.description(turn.language)
    text = "\n".join(filter(None, (reasons.unfit(turn, checked), known)))
    return replace(answer, text=text, cards=answer.cards if turn.argument else ())


def asks_of(turn: Turn, product: Product) -> bool:
    """Whether a message that names a product asks of it, or says no more than its whole name: else it says what is
    wished for, of which there may be several."""
    if qualities.in_question(turn.text):
        return True
    if needed.told(turn).limits:
        return False
    besides = facts.without_name(turn, product)
    return bool(qualities.asked(besides)) or product_words.all_in(
        turn.text.lower(), product.name(turn.language)
    )


async def _about(turn: Turn, product: Product, *, named: bool) -> Answer:
    if turn.argument or turn.intent != "product_question":
        return await details(turn, product)
    memory = turn.memory.about_product(product.id)
    asked = await facts.found(turn, product)
    if asked.unguessed:
        text = facts.not_guessed(turn, asked)
        return replace(await details(turn, product, whole=True), text=text, buttons=turn.human)
    if asked.guessed and (asked.facts or asked.sentence):
        # The nearest of what is written, with all the rest: it may be that.
        written = turn.say("fact-written", text=asked.sentence, name=product.name(turn.language))
        text = facts.worded(turn, product, asked) if asked.facts else written
        return replace(await details(turn, product, whole=True), text=text)
    if asked.facts:
        values = await _values_of(turn, product, asked.facts[0].key) if asked.verdict is None else None
        cards = await _described(turn, product, named=named)
        text = facts.worded(turn, product, asked)
        return values or Answer(text=text, cards=cards, memory=memory, lacks=asked.held)
    if asked.sentence:
        text = turn.say("fact-written", text=asked.sentence, name=product.name(turn.language))
        return Answer(text=text, cards=await _described(turn, product, named=named), memory=memory)
    versions = await _versions(turn, product)
    if versions is not None:
        return versions
    passage = None if named or not asked.asks else await pages.passage_for(turn, at_least=NEAR)
    if passage is not None:
        return Answer(text=pages.passage_text(turn, passage), memory=pages.having_told(turn, passage, memory))
    known = await details(turn, product, whole=asked.asks)
    # What was asked is not among the facts: show them and say so, rather than guess.
    if not asked.asks:
        return known
    text = turn.say("product-known-of" if asked.words else "product-known", asked=asked.words)
    return replace(known, text=text, buttons=turn.human, lacks=True)


async def _described(turn: Turn, product: Product, *, named: bool) -> tuple[Card, ...]:
    """The product itself for who describes it and asks nothing: it may be what is wanted."""
    if qualities.in_question(turn.text) or not (named or turn.memory.need is not None):
        return ()
    return await which_product.cards(turn, [product]) if product.active and product.stock > 0 else ()


async def _values_of(turn: Turn, product: Product, key: str) -> Answer | None:
    """What an option of a product can be, where a message names none of its versions."""
    group = (await variants.groups(turn, [product])).get(product.id)
    if group is None or key not in group.keys or await variants.names_one(turn, product):
        return None
    values = variants.listed(turn, group.values(key, group.variants, turn.language))
    text = turn.say("variant-values", name=variants.title(product, turn.language), values=values)
    return Answer(text=text, memory=turn.memory.about_product(product.id))


async def _versions(turn: Turn, product: Product) -> Answer | None:
    """The versions that there are, with their prices, where a message asks of them and of nothing else."""
    if not product_words.says(turn.text, _VERSIONS):
        return None
    versions = await variants.in_order(turn, product)
    return _listed(turn, product, versions) if len(versions) > 1 else None


def _listed(turn: Turn, product: Product, versions: Sequence[Product]) -> Answer:
    lines = [
        turn.say(
            "version-line",
            version=variants.version(one, turn.language),
            price=turn.price(one),
            stock=which_product.stock(turn, one),
        )
        for one in versions[: variants.MOST_LISTED]
    ]
    heading = turn.say("versions", name=variants.title(product, turn.language), count=len(versions))
    differ = len({turn.prices.of(one).amount for one in versions}) > 1
    memory = replace(turn.memory.about_product(product.id), version_open=differ)
    return Answer(text="\n".join([heading, *lines]), memory=memory)


async def prices(turn: Turn, product: Product) -> Answer | None:
    """What the versions cost, where a message names none of them and they don't cost the same."""
    versions = await variants.in_order(turn, product)
    prices = {turn.prices.of(one).amount for one in versions}
    if len(prices) < 2 or await variants.names_one(turn, product):
        return None
    return _listed(turn, product, versions)


async def stated_size(turn: Turn, product: Product) -> Answer | None:
    """Whether a size that a message names is among those that a product states, where they are no versions of it."""
    if turn.named(EntityKind.SIZE) is None:
        return None
    asked = await facts.found(turn, product)
    if asked.verdict is None or asked.facts[0].key in product.options:
        return None
    return Answer(text=facts.worded(turn, product, asked), memory=turn.memory.about_product(product.id))


async def of_a_fact(turn: Turn) -> Answer | None:
    """What a product states of what a message asks, though it may be taken for a question about the shop: how long its
    warranty is, or how to wash it. Of a product that the message names also that nothing is stated, where the pages
    don't say it either."""
    meant = await which_product.meant(turn)
    if meant.one is None:
        return await of_the_nearest(turn)
    named = bool(meant.parts)
    if named and not asks_of(turn, meant.one):
        return None
    asked = await facts.found(turn, meant.one, by_meaning=named)
    if asked.unguessed and not named:
        return None
    if not (asked.facts or asked.of_quality or asked.sentence or (named and asked.asks)):
        return None
    told = await about(replace(turn, intent="product_question"), meant.one, named=named)
    beside = told.lacks or (_of_warranty(turn) and not any(map(_states_warranty, asked.facts)))
    return None if beside and await pages.passage_for(turn, at_least=pages.NEAR) is not None else told


def _of_warranty(turn: Turn) -> bool:
    """Whether a message is plainly about a warranty or a repair: that its words stand in a fact answers nothing."""
    alone = turn.understanding.intent if turn.understanding is not None else None
    return "warranty_repair" in (alone, *(wish.intent for wish in turn.acts.wishes))


def _states_warranty(fact: qualities.Fact) -> bool:
    return fact.has(qualities.named("warranty"))


async def besides(turn: Turn, product: Product, text: str) -> str:
    """A text, and below it what is stated of a product that a question is near to besides."""
    line = await facts.nearest(turn, product)
    stated = turn.say("fact-written", text=line, name=product.name(turn.language)) if line else ""
    return "\n".join(filter(None, (text, stated)))


async def of_the_nearest(turn: Turn) -> Answer | None:
    """What is stated of the product that a question is nearest to, where the words name none for sure, no order is
    spoken of, and the pages don't answer."""
    spoken_of = turn.memory.pending is not None or turn.memory.order is not None
    if spoken_of or not qualities.in_question(turn.text):
        return None
    if await pages.passage_for(turn, at_least=pages.NEAR if pages.asked(turn) else NEAR) is not None:
        return None
    spoken: Language = "zh" if turn.language == "zh" else "en"
    found = await turn.services.reader.search_goods(Need(said=turn.said), spoken, 1)
    if not found or found[0].near < NEAREST or found[0].adds < facts.ADDS:
        return None
    (product,) = await which_product.by_ids(turn, [found[0].id])
    asked = await facts.found(turn, product)
    if not (asked.facts or asked.sentence) or not product.active:
        return None
    return await about(replace(turn, intent="product_question"), product, named=True)


async def asked_again(turn: Turn) -> Answer | None:
    """What was asked of one product before, of another that a message only names: "and the black one?", "白茶呢"."""
    last = turn.memory.intents[0] if turn.memory.intents else ""
    if last != "product_question" or {wish.intent for wish in turn.acts.wishes} - NAMES:
        return None
    meant = await which_product.meant(turn)
    if meant.one is None or not meant.parts or meant.one.id == turn.memory.product:
        return None
    if (await facts.found(turn, meant.one, by_meaning=False)).asks:
        return None
    for text in turn.memory.before[-2:-1]:
        question = replace(await turn.about(text), intent="product_question")
        if (await facts.found(question, meant.one)).facts:
            return await about(question, meant.one, named=True)
    return None


async def details(turn: Turn, product: Product, *, whole: bool = False) -> Answer:
    """What there is to know of a product; all of it where the `whole` is wanted."""
    description = product.description(turn.language)
    lines = [description] if description else []
    lines += [
        turn.say("attribute", label=label, value=value)
        for label, value in _labels(product, turn.language)[: None if whole else _ATTRIBUTES]
        if value not in description
    ]
    card = await shown(turn, product, lines)
    if product.active and product.stock > 0:
        # Whose details these are needs no button for them.
        card = replace(card, buttons=card.buttons[1:])
    else:
        card = replace(card, buttons=instead(turn, product))
    return Answer(cards=(card,), memory=turn.memory.about_product(product.id))


def instead(turn: Turn, product: Product) -> tuple[Button, ...]:
    """What can be done about a product that can't be bought now."""
    similar = turn.button("button-similar", f"recommend:like:{product.id}")
    return (
        (turn.button("button-restock", f"restock:ask:{product.id}"), similar)
        if product.active
        else (similar,)
    )


def _labels(product: Product, language: str) -> list[tuple[str, str]]:
    """What it states, but for its size table: that is told to who asks for a size."""
    told = without_table(product.facts)
    return [pair for faces in told.values() if (pair := label_and_value(faces, language)) is not None]


async def shown(turn: Turn, product: Product, lines: Sequence[str] = ()) -> Card:
    """One product, with what it could be instead in one step."""
    group = (await variants.groups(turn, [product])).get(product.id)
    of_group = variants.lines(turn, group, chosen=True) if group is not None else []
    return which_product.card(turn, product, (*lines, *of_group))


async def _told(turn: Turn, product: Product) -> str:
    """What a card says of that which was asked."""
    asked = await facts.found(turn, product)
    told = [fact for fact in asked.facts if fact.key not in product.options]
    return "\n".join(turn.say("attribute", label=fact.label, value=fact.value) for fact in told)


async def which(turn: Turn, meant: which_product.Meant) -> Answer:
    """No product is known yet: it is one of those meant, or the words may find one, else ask for it; after an entry of
    the pages was told, "how much is that?" is asked of that."""
    named = list(meant.products) or await product_words.find(turn, limit=_LOOKED_AT)
    found = (await sound.checked(turn, named)).products[:_SHOWN]
    on = None if named else await pages.asked_on(turn)
    if on is not None:
        return on
    if len(found) == 1 and turn.intent == "product_question" and qualities.in_question(turn.text):
        told_of = await about(turn, found[0], named=True)
        return replace(told_of, cards=told_of.cards or await which_product.cards(turn, found))
    nearest = None if len(found) == 1 else await of_the_nearest(turn)
    if nearest is not None:
        return nearest
    if found:
        told = {product.id: await _told(turn, product) for product in found}
        return Answer(
            text=turn.say("product-which-of", count=len(found)),
            cards=await which_product.cards(turn, found, lambda product: told[product.id]),
            memory=turn.memory.showing(tuple(product.id for product in found)),
        )
    memory = turn.memory.asking("product", intent=turn.intent)
    return Answer(text=turn.say("product-which"), memory=memory, tells_nothing=True)


def price(turn: Turn, product: Product) -> Answer:
    """What one product costs, for this customer."""
    memory = turn.memory.about_product(product.id)
    values = {"name": product.name(turn.language), "stock": which_product.stock(turn, product)}
    if turn.prices.of(product).offer is not None:
        return Answer(text=turn.say("price-yours", **values, **turn.of_offer(product)), memory=memory)
    button = turn.button("button-best-price", f"offer:ask:{product.id}")
    text = turn.say("price-answer", **values, price=turn.price(product))
    return Answer(text=text, buttons=row(button), memory=memory)
