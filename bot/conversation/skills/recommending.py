"""What meets a need, and why, in words: recommendations and the search for products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bot.conversation.answer import Answer, row
from bot.conversation.skills import (
    fitting,
    needed,
    order_asked,
    pages,
    product_words,
    qualities,
    reasons,
    sound,
    suiting,
    which_product,
)
from bot.conversation.skills.fitting import Fit
from bot.conversation.skills.goods import arriving, comparing, facts, several, telling
from bot.conversation.turn import Skill, Turn
from kernel.money import decimals
from nlu.products.concepts import wanted
from nlu.products.needs import Need
from storage.catalogue import Catalogue, Product

_LIKE_IT = 24
"""So many goods like another are looked at."""
_PLAINLY = 0.8
_FAIR_PART = 0.25
_DESCRIBED = 0.5
"""From this nearness on a message that asks nothing says what is wanted; chosen on three invented shops."""


async def _answer(turn: Turn) -> Answer:
    if turn.intent == "like":
        return await _like(turn)
    other = await _other_than_the_one(turn)
    if other is not None:
        return other
    answer, met = await _met(turn)
    return await _asked_of_it(turn, met) or answer


async def _asked_of_it(turn: Turn, met: Fit) -> Answer | None:
    """What is stated of the one product that a message names, or that was found, where it asks something of it, and not
    whether there is one."""
    asks = qualities.in_question(turn.text) and not needed.asks_whether_there_is(turn.text)
    if not (met.items and asks) or needed.told(turn).limits:
        return None
    meant = await which_product.meant(turn)
    if meant.one is not None and meant.parts:
        product = meant.one
    elif len(met.items) == 1:
        product = met.products[met.items[0].product]
        asked = await facts.found(turn, product)
        if asked.guessed or not (asked.facts or asked.unguessed):
            return None
    else:
        return None
    told = await telling.about(replace(turn, intent="product_question"), product, named=True)
    return replace(told, cards=told.cards or await which_product.cards(turn, [product]))


async def _other_than_the_one(turn: Turn) -> Answer | None:
    """Cheaper or smaller goods than the one spoken of, where a message tells nothing else of what is looked for."""
    if turn.memory.product is None or turn.memory.need is not None or needed.told(turn).words:
        return None
    return await several.others_than(turn, await which_product.meant(turn))


async def _met(turn: Turn) -> tuple[Answer, Fit]:
    """What is said to a need, and what was found for it."""
    now = needed.told(turn)
    need = await _bounded(turn, needed.needed(turn, now))
    found = await _fit(turn, now, need)
    before = turn.memory.need
    if before is not None and not found.named and before.words:
        # What names nothing of the shop's begins nothing anew; who looks for it isn't shown the same once more.
        together = await _bounded(turn, before.then(now, anew=False))
        still = await _fit(turn, now, together)
        same = {item.product for item in still.items} == set(turn.memory.products)
        if not (same and any(wish.intent in needed.LOOKS_FOR for wish in turn.acts.wishes)):
            need, found = together, still
    if need.about and found.fitting and not _comes_near(turn, need, found):
        # Nothing of the kind costs about as much: the number counts something else.
        need = replace(need, high=None, about=False)
    turn = turn.remembering(replace(turn.memory, need=need))
    if not need.known and turn.intent == "product_search":
        memory = turn.memory.asking("product", intent="product_search")
        return Answer(text=turn.say("search-what"), memory=memory), found
    return await (_shown(turn, need, found) if found.items else nothing(turn, need, found)), found


def _comes_near(turn: Turn, need: Need, found: Fit) -> bool:
    """Whether any of what fits costs a fair part of the sum that it is to cost about."""
    prices = [turn.prices.of(one) for one in found.fitting]
    most = max((one.amount / 10 ** decimals(one.currency) for one in prices), default=0.0)
    return need.each[1] is None or most >= _FAIR_PART * need.each[1]


async def _fit(turn: Turn, now: Need, need: Need) -> Fit:
    # Who tells more may be shown the same again; who says the same again, or wants others, may not.
    before = turn.memory.need
    limits = now.limits or bool(now.by or now.place or now.extent)
    more = limits or (now.known and not (before is not None and set(now.words) <= set(before.words)))
    others = needed.wants_others(turn) if limits else turn.wants_others
    tells = (turn.intent == "product_search" or more) and not others
    on_screen = turn.memory.products if now.cheaper or now.dearer else ()
    seen = on_screen if tells else turn.memory.seen_product
    return await fitting.fit(turn, need, seen=seen, by_meaning=turn.intent != "product_search")


async def _bounded(turn: Turn, need: Need) -> Need:
    """A need for something cheaper, or dearer, than what is on the screen, with the sum that this is."""
    if not (need.cheaper or need.dearer) or not turn.memory.products:
        return need
    shown = (await Catalogue(turn.connection).by_ids(turn.memory.products)).values()
    if not shown:
        return need
    prices = [turn.prices.of(item) for item in shown]
    units = [10 ** decimals(one.currency) for one in prices]
    if need.cheaper:
        # By the smallest unit less: a fen, a cent, a whole yen.
        below = min((one.amount - 1) / unit for one, unit in zip(prices, units, strict=True))
        return replace(
            need, high=below if need.high is None else min(need.high, below), low=None, about=False
        )
    above = max((one.amount + 1) / unit for one, unit in zip(prices, units, strict=True))
    return replace(need, low=min(above, need.high or above))


async def _shown(turn: Turn, need: Need, found: Fit) -> Answer:
    found = _most_or_least(turn, need, found)
    products = [found.products[item.product] for item in found.items]
    why = {
        item.product: await reasons.why(turn, need, item, found.products, found.goods) for item in found.items
    }
    same = {product.id for product in products} == set(turn.memory.products)
    text = turn.say("need-still" if same else _heading(turn, need, found))
    if turn.intent == "product_search" and only_akin(need, products):
        text = f"{turn.say('search-nothing')}{turn.say('recommend-instead')}"
    left_out = reasons.left_out(turn, need) if found.unstated else ""
    text = turn.say("need-other-colours") if found.other_colours else text
    return Answer(
        text="\n".join(
            filter(None, (await _in_time(turn, need), text, left_out, *await _of_traces(turn, need)))
        ),
        cards=await which_product.cards(turn, products, lambda product: why[product.id]),
        buttons=row(turn.button("button-more", "recommend:more")) if turn.intent != "product_search" else (),
        memory=turn.memory.showing(tuple(product.id for product in products)),
        effects=(partial(turn.record_shown, found.items),),
    )


async def _of_traces(turn: Turn, need: Need) -> list[str]:
    """What the pages state of allergens and traces, beside goods for somebody who must not have some."""
    if not need.allergies or turn.memory.products:
        return []
    said = await pages.that_says(turn, turn.say("page-ask-allergens"), suiting.tells_of_traces)
    return [said] if said else []


def _most_or_least(turn: Turn, need: Need, found: Fit) -> Fit:
    """Of what was found the one that has more, or less, of what a message wants more or less of: the lighter one."""
    # What was wished for holds as long as the need does; of the price only what is said now.
    told = qualities.compared(turn.text) or qualities.compared(need.said)
    wanted = [one for one in told if one.quality.name != qualities.PRICE]
    first = comparing.best(turn, found.fitting, wanted) if wanted and found.worded else None
    return found if first is None else replace(found, items=fitting.alone(first, found))


async def _in_time(turn: Turn, need: Need) -> str:
    """Whether it can be there by the day that a message tells, or what is said of the way to its place."""
    now = needed.told(turn)
    return await arriving.line(turn, need) if now.by or now.place else ""


def only_akin(need: Need, products: Sequence[Product]) -> bool:
    """Whether products are only of the kind that a longer Chinese word ends with: for 游戏耳机 other 耳机."""
    asked = wanted(need)
    kinds = [word for one in asked if one.kinds for word in one.words]
    others = [word for one in asked if not one.kinds for word in one.words if not word.isascii()]
    longer = [word for word in others if word.endswith(tuple(kinds or "\0"))]
    return any(not any(product_words.is_called(item, "", word) for item in products) for word in longer)


def _heading(turn: Turn, need: Need, found: Fit) -> str:
    if turn.intent == "product_search" or found.worded:
        return "search-one" if len(found.items) == 1 else "search-found"
    if need.words and turn.intent != "more":
        return "recommend-unsure"
    of_theirs = any(
        reason.code in ("bought_together", "viewed_together", "buy_again")
        for item in found.items
        for reason in item.reasons
    )
    if turn.customer_id is not None and of_theirs:
        return "recommend-yours"
    return "search-found" if need.limits else "recommend-popular"


async def nothing(turn: Turn, need: Need, found: Fit) -> Answer:
    """Said as it is: what the nearest costs, what isn't stated; products of the same kind beside it, and no others."""
    memory = turn.memory.settled()
    if found.nearest is not None:
        nearest = found.nearest
        text = turn.say(
            "need-nothing-priced",
            sum=reasons.sums(turn, need, nearest.currency),
            name=nearest.name(turn.language),
            price=turn.price(nearest),
        )
        return Answer(text=text, memory=memory.about_product(nearest.id))
    if found.gone is not None:
        gone = found.gone
        return Answer(
            text=turn.say("need-gone", name=gone.name(turn.language), stock=which_product.stock(turn, gone)),
            buttons=row(*telling.instead(turn, gone)),
            memory=memory.about_product(gone.id),
        )
    if found.unstated or need.allergies:
        # Who must not have something hears what the pages state of it, which may name what fits.
        said = await suiting.stated(turn, " ".join((need.said, *need.allergies)))
        return Answer(
            text=said or turn.say("need-nothing-stated", why=reasons.left_out(turn, need)),
            buttons=turn.human,
            memory=memory,
        )
    if (turn.intent != "product_search" and not need.words) or found.seen:
        return Answer(
            text=turn.say("recommend-nothing" if not need.limits else "need-nothing"), memory=memory
        )
    text, kind = turn.say("search-nothing"), await product_words.akin(turn, limit=fitting.SHOWN)
    kind = [] if need.limits else [*(await sound.checked(turn, kind)).products]
    if not kind:
        return Answer(text=text, memory=memory, tells_nothing=True)
    return replace(await _listed(turn, kind), text=f"{text}{turn.say('recommend-instead')}")


async def _listed(turn: Turn, products: Sequence[Product]) -> Answer:
    return Answer(
        text=turn.say("search-one") if len(products) == 1 else turn.say("search-found"),
        cards=await which_product.cards(turn, products),
        memory=turn.memory.showing(tuple(product.id for product in products)),
    )


async def by_words(turn: Turn) -> Answer | None:
    """Products for a message that says no more than what somebody wants, or that tells more of what they look for."""
    answer, met = await _met(replace(turn, intent="product_search"))
    plainly = needed.goes_on(turn) or needed.tells(turn) or turn.memory.need is not None
    if (met.items and (plainly or met.of_kind or needed.may_look(turn))) or (
        met.named and needed.told(turn).limits and plainly
    ):
        return await _asked_of_it(turn, met) or answer
    bare = await product_words.find_bare(turn, limit=fitting.LOOKED_AT)
    found = (await sound.checked(turn, bare)).products[: fitting.SHOWN]
    if bare and not found:
        # Named and there, but against what was told: it is said that nothing fits.
        return answer
    turn = turn.remembering(replace(turn.memory, need=needed.needed(turn, needed.told(turn))))
    return await _listed(turn, found) if found else None


async def described(turn: Turn) -> Answer | None:
    """Products for a message that asks nothing and is near to what is written of some: it says what is wanted."""
    elsewhere = turn.memory.pending is not None or turn.negative or turn.in_queue or turn.order_number
    if elsewhere or qualities.in_question(turn.text):
        return None
    answer, met = await _met(replace(turn, intent="product_search"))
    # Gibberish is near to something, too: some word has to be one of the goods'.
    return answer if answer.cards and met.named and met.near >= _DESCRIBED else None


async def in_place_of(turn: Turn, answer: Answer) -> Answer | None:
    """Goods that a message describes, in place of an answer that tells nothing or only asks who writes; None where it
    asks something, speaks of an order, or plainly wishes what the shop does."""
    pending = answer.memory.pending if answer.memory is not None else None
    asks_who = pending is not None and pending.kind == "link" and turn.memory.pending is None
    if answer.effects or turn.in_queue or not (answer.tells_nothing or asks_who):
        return None
    spoken = bool(turn.order_number) or order_asked.names_orders(turn.text) or order_asked.mine(turn.text)
    if spoken or turn.argument or qualities.in_question(turn.text) or _plainly_of_orders(turn):
        return None
    found, met = await _met(replace(turn, intent="product_search"))
    plainly = met.of_kind or needed.tells(turn) or (met.named and bool(turn.told("item")))
    return found if met.items and plainly else None


def _plainly_of_orders(turn: Turn) -> bool:
    best = next(iter(turn.understanding.intents), None) if turn.understanding is not None else None
    others = turn.skills.about_orders | turn.skills.tasks_of.keys()
    return best is not None and best.intent in others and best.probability >= _PLAINLY


async def _like(turn: Turn) -> Answer:
    product = await Catalogue(turn.connection).get(turn.argument)
    if product is None:
        return Answer(text=turn.say("product-gone"))
    items = await turn.services.decisions.recommend(
        turn.connection,
        customer_id=turn.customer_id,
        n=_LIKE_IT,
        now=turn.now,
        category=product.category_id,
        exclude=frozenset((*turn.memory.seen_product, product.id)),
    )
    known = await Catalogue(turn.connection).by_ids({item.product for item in items})
    # Deleted or sold out since the model last looked: not shown, as isn't what breaks what was told.
    there = [one for one in known.values() if one.active and one.stock > 0]
    fit = {one.id for one in (await sound.checked(turn, there)).products}
    found = Fit(
        items=tuple(item for item in items if item.product in fit)[: fitting.SHOWN],
        products=known,
    )
    if not found.items:
        return Answer(text=turn.say("recommend-nothing"), memory=turn.memory.settled())
    shown = await _shown(turn, Need(), found)
    return replace(shown, text=turn.say("recommend-like", name=product.name(turn.language)))


SKILLS = (
    Skill(
        name="recommend",
        only_tells=True,
        answer=_answer,
        intents=("recommend_request",),
        actions=("recommend",),
        regrets=False,
    ),
    Skill(name="search", only_tells=True, answer=_answer, intents=("product_search",), regrets=False),
)
