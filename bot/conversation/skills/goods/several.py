"""What is asked of several goods: which has more or less, what they cost together, or others than the one shown."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.skills import (
    naming,
    order_asked,
    product_words,
    qualities,
    sound,
    variants,
    which_product,
)
from bot.conversation.skills.goods import comparing, facts, others, postage, telling, totals
from bot.conversation.turn import Turn
from nlu.products import places
from storage.catalogue import Product

_SHOWN = 3
_LOOKED_AT = 40
_SEVERAL = 2
_RATHER = 0.5
_LIKELY = 0.3
_PLAIN = 0.4
_OF_GOODS = frozenset(
    ("product_question", "product_compare", "product_search", "recommend_request", "stock_question", "price_question",
     "discount_request")
)  # fmt: skip
_LOOKS_FOR = frozenset({"product_search", "recommend_request", "stock_question"})


async def answered(turn: Turn, meant: which_product.Meant) -> Answer | None:
    """The answer to what compares goods or adds up what they cost; None where a message does neither."""
    if turn.argument:
        return None
    text = _without_names(turn, meant)
    wanted = qualities.compared(text)
    of_price = turn.intent == "price_question" or _wishes(turn, "price_question")
    open_price = of_price and qualities.is_open(turn.text)
    which = bool(wanted) and (open_price or qualities.chooses(turn.text) or naming.joins(turn))
    if _wishes_to_compare(turn) or which or qualities.picks(turn.text):
        things = await which_product.comparable(turn, meant)
        wanted = wanted or qualities.comparable(text)
        best = comparing.best(turn, things, wanted)
        if of_price and best is not None and wanted[0].quality.name != qualities.PRICE:
            return telling.price(turn, best)
        if len(things) > 1 and (best is not None or which or _wishes_to_compare(turn)):
            compared = comparing.compared(turn, things, wanted)
            if compared is not None or not _wishes_to_compare(turn):
                return compared
            return comparing.not_comparable(turn, things)
    counted = any(count > 1 for _, count in totals.quantities(turn))
    if turn.intent != "price_question" or meant.open:
        return None
    if counted or len(meant.products) > 1 or totals.together(turn):
        return await _total(turn, meant)
    return None


async def with_postage(turn: Turn) -> Answer | None:
    """What goods that a message names come to with postage, where it asks what they come to in all."""
    sums = totals.together(turn) or totals.asks_sum(turn.text)
    if not (postage.asked(turn.text) or places.sent_to(turn.said)) or not sums:
        return None
    if order_asked.names_orders(turn.text) or turn.order_number:
        return None
    meant = await which_product.meant(turn)
    return await _total(turn, meant) if meant.parts else None


def _wishes_to_compare(turn: Turn) -> bool:
    return turn.intent == "product_compare" or _wishes(turn, "product_compare")


def _wishes(turn: Turn, intent: str) -> bool:
    return any(one.intent == intent and one.probability >= _RATHER for one in turn.acts.wishes)


def _without_names(turn: Turn, meant: which_product.Meant) -> str:
    """What a message says besides the names of the goods that it is about."""
    text = turn.text.lower()
    for product in meant.products:
        text = facts.without_name(replace(turn, text=text), product)
    return text


async def picked(turn: Turn, meant: which_product.Meant) -> Product | None:
    """The one of the list on the screen that a message means by "the cheaper one"; else the one that it is about."""
    wanted = qualities.compared(_without_names(turn, meant)) if not turn.argument and not meant.parts else []
    shown = await which_product.comparable(turn, meant) if wanted and len(turn.memory.products) > 1 else []
    return comparing.best(turn, shown, wanted) or meant.one


async def _total(turn: Turn, meant: which_product.Meant) -> Answer | None:
    sent = bool(meant.parts) and (postage.asked(turn.text) or bool(places.sent_to(turn.said)))
    if len(meant.products) > 1 and not meant.parts:
        return await totals.answered(turn, [totals.Item(one, 1) for one in meant.products])
    parts = await naming.pieces(turn)
    names = any(part.products for part in parts)
    wanted = await totals.items(turn, parts, None if names else meant.one)
    focus = await which_product.spoken_of(turn) if names and naming.joins(turn) else None
    if focus is not None and len(wanted) == 1 and naming.line(focus) != naming.line(wanted[0].product):
        # "Together with the dryer": with what was spoken of.
        wanted = [totals.Item(focus, 1), *wanted]
    alone = len(wanted) == 1
    # Of "two of these and a small one" where one alone is known, no sum is right.
    if not wanted or (alone and wanted[0].count == 1 and (not sent or naming.joins(turn))):
        # What one of them costs is its price, or those of its versions.
        return None
    return await totals.answered(turn, wanted)


def compares(turn: Turn) -> bool:
    """Whether a message asks in plain words which of several has more or less of something."""
    named = qualities.chooses(turn.text) or naming.joins(turn)
    return named and bool(qualities.compared(turn.text)) and _may_be_of_goods(turn)


def _may_be_of_goods(turn: Turn) -> bool:
    """Whether a message isn't rather about something else: the cheapest shipping is none of the goods."""
    if order_asked.names_orders(turn.text):
        return False
    whole = turn.understanding
    likely = whole is not None and whole.understood and whole.probability >= _PLAIN
    return whole is None or not likely or whole.intent in _OF_GOODS


async def beside(turn: Turn) -> Answer | None:
    """What few words compare, add up or want more of: "which is lighter", "two of the red one", "a smaller one"."""
    wished = {wish.intent for wish in turn.acts.wishes} - {"place_order", "price_question"}
    counted = any(count > 1 for _, count in totals.quantities(turn)) and not wished
    if not (counted or qualities.compared(turn.text) or _wishes_to_compare(turn)) or not _may_be_of_goods(
        turn
    ):
        return None
    meant = await which_product.meant(turn)
    if not meant.products or meant.open:
        return None
    if may_want_others(turn) or _looks_for(turn):
        other = await others_than(turn, meant)
        if other is not None:
            return other
    return await answered(replace(turn, intent="price_question") if counted else turn, meant)


async def worth_most(turn: Turn) -> Answer | None:
    """Which is cheapest by what there is in it: of the goods that a message names, else of those asked about in the
    messages before, of the versions of the one spoken of, or of those on the screen."""
    if not qualities.compares_worth(turn.text) or not _may_be_of_goods(turn):
        return None
    meant = await which_product.meant(turn)
    things = list(meant.products)
    if meant.one is not None and _of_versions(turn):
        # Whether the bigger one is better value is asked of the versions of one product.
        things = await variants.named_or_all(turn, meant.one)
    elif len({naming.line(one) for one in things}) < _SEVERAL:
        things = await _spoken_before(turn, meant) or await which_product.comparable(turn, meant)
        things = things or await which_product.by_ids(turn, turn.memory.products)
    if len(things) < _SEVERAL:
        return None
    by_price = [qualities.Wanted(qualities.named(qualities.PRICE), False)]
    return comparing.compared(turn, things, qualities.compared(turn.text)) or comparing.compared(
        turn, things, by_price
    )


def _of_versions(turn: Turn) -> bool:
    sizes = map(qualities.named, ("size", "capacity"))
    return any(product_words.says(turn.text, (*one.more, *one.less)) for one in sizes)


async def _spoken_before(turn: Turn, meant: which_product.Meant) -> list[Product]:
    """The goods spoken of one after another, of each line one, with the one that a message names; () where that is
    one line of goods."""
    named = meant.products if meant.parts else ()
    spoken = [*named, *await which_product.by_ids(turn, turn.memory.spoken)]
    lines = {naming.line(one): one for one in reversed(spoken)}
    return list(lines.values()) if len(lines) > 1 else []


async def picked_out(turn: Turn) -> Answer | None:
    """Which of the goods on the screen, or of those spoken of one after another, has more or less of something, where a
    message asks that and names no others."""
    if not compares(turn):
        return None
    meant = await which_product.meant(turn)
    if meant.parts:
        return None
    in_list = len(turn.memory.products) > 1 and turn.memory.product in (None, *turn.memory.products)
    things = [] if in_list else await _spoken_before(turn, meant)
    if things:
        return comparing.compared(turn, things, qualities.compared(turn.text))
    return await answered(turn, meant) if in_list else None


def may_want_others(turn: Turn) -> bool:
    """Whether a message may want others than those shown: to show some costs nothing."""
    return turn.acts.pointing.other >= _LIKELY


async def others_than(turn: Turn, meant: which_product.Meant) -> Answer | None:
    """Goods of the same kind that are cheaper, bigger or quieter than the one spoken of, where that is wished."""
    wanted = qualities.compared(_without_names(turn, meant))
    if not wanted or meant.one is None or meant.parts or qualities.chooses(turn.text):
        return None
    for one in wanted:
        checked = await sound.checked(turn, await others.found(turn, meant.one, one, _LOOKED_AT))
        found = checked.products[:_SHOWN]
        if checked.against and not found:
            memory = turn.memory.about_product(meant.one.id)
            return Answer(text=turn.say("need-nothing"), memory=memory)
        if found:
            word = one.quality.said.get(turn.language, ("", ""))[one.more]
            text = (
                turn.say("others", name=meant.one.name(turn.language), word=word)
                if word
                else turn.say("search-found")
            )
            cards = await which_product.cards(turn, found)
            return Answer(
                text=text, cards=cards, memory=turn.memory.showing(tuple(each.id for each in found))
            )
    return _none_better(turn, meant.one, wanted[0]) if _looks_for(turn) else None


def _looks_for(turn: Turn) -> bool:
    likeliest = turn.understanding.intent if turn.understanding is not None else ""
    return likeliest in _LOOKS_FOR or any(_wishes(turn, intent) for intent in _LOOKS_FOR)


def _none_better(turn: Turn, product: Product, wanted: qualities.Wanted) -> Answer | None:
    """That nothing of its kind has more, or less, of what is stated of a product."""
    own, words = comparing.measured(turn, product, wanted.quality), wanted.quality.said.get(turn.language)
    if own.rank is None or not words:
        return None
    text = turn.say("others-none", name=product.name(turn.language), word=words[wanted.more], value=own.words)
    return Answer(text=text, memory=turn.memory.about_product(product.id))
