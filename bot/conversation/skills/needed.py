"""What a customer needs, by this message and those before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.conversation import phrases
from bot.conversation.skills import ordinals, product_words, qualities
from bot.conversation.turn import Turn
from nlu.acts import Act
from nlu.products import lexicon, needs, places
from nlu.products.concepts import concepts
from nlu.products.lexicon import asked_of
from nlu.products.needs import FOR_HEALTH, Need
from nlu.types import Entity, EntityKind

LOOKS_FOR = frozenset({"recommend_request", "product_search"})
_OF_GOODS = LOOKS_FOR | {
    "product_question",
    "price_question",
    "stock_question",
    "discount_request",
    "place_order",
}
"""While these are spoken of, what was needed still holds."""
MAY_TELL = _OF_GOODS | {
    "out_of_scope",
    "size_advice",
    "exchange_request",
    "change_order",
    "item_problem",
    "product_compare",
}
"""What a message that only tells more of a need is often taken for."""
_OF_DELIVERY = frozenset({"delivery_time", "shipping_options"})
_IS_THERE = (
    "is there a", "is there an", "are there any", "do you have", "do you sell", "have you got", "you got any",
    "got any", "which of your", "what kind of", "which kinds of", "有没有", "有什么", "有哪些", "卖不卖", "有卖",
)  # fmt: skip
_MORE = (
    "another one", "other ones", "show me others", "show me more", "something else", "anything else", "any others",
    "换一批", "换一个", "换几个", "再来一个", "再来几个", "别的吗", "其他的吗", "还有别的", "还有其他", "再推荐",
)  # fmt: skip
_BARE = 24
"""Words no longer than this that ask for others, while something is looked for, ask for others of that."""
_SLOTS = ("recipient", "age", "pet", "taste", "occasion", "budget_max", "budget_min")
_RATHER = 0.5
_LIKELY = 0.3
_TALK = frozenset({"affirm", "deny", "thanks", "goodbye", "greeting", "human_agent"})
_NO_KIND = asked_of("!anything")
"""What a wish for products of no kind in particular is put in."""


def told(turn: Turn) -> Need:
    """What this message tells."""
    words = () if turn.intent == "more" else (*product_words.search_words(turn), *_products_named(turn))
    slots: dict[str, list[str]] = {}
    for value in turn.acts.slots:
        if value.slot in _SLOTS and value.probability >= _RATHER:
            slots.setdefault(value.slot, []).append(value.text)
    place = places.named(turn.said) if of_delivery(turn) else places.sent_to(turn.said)
    day = _day(turn)
    elsewhere = f"{day.text if day is not None else ''} {place}".casefold()
    named = [
        word
        for word in words
        if word.casefold() not in _NO_KIND and not word.isdecimal() and not qualities.is_comparative(word)
        # An illness says what must not be in it, and nothing of what it is.
        if word.casefold() not in elsewhere and not FOR_HEALTH & lexicon.said_of(word, "%")
    ]
    need = needs.read(turn.said if turn.intent != "more" else "", list(dict.fromkeys(named)), slots)
    if turn.memory.need is not None and of_delivery(turn):
        # When it is to come tells nothing of what it is.
        need = replace(need, words=(), said="", people=())
    return replace(need, by=day.value if day is not None else "", place=place)


def _day(turn: Turn) -> Entity | None:
    """The day, of those to come, by which something is needed."""
    entity = turn.understanding.first(EntityKind.DATE) if turn.understanding is not None else None
    to_come = entity is not None and date.fromisoformat(entity.value) >= turn.now.astimezone(turn.zone).date()
    return entity if to_come else None


def kept(turn: Turn, *, of_goods: bool) -> Need | None:
    """What holds from now on, after a message whose answer met no need; None where it tells none.

    What is asked is told of nothing, but what somebody must not have holds whatever is asked or spoken of.

    Args:
        turn: of the message.
        of_goods: it may be about goods: what is said of orders and of the shop is no wish.
    """
    now, before = told(turn), turn.memory.need
    if qualities.in_question(turn.text) or not of_goods:
        now = Need(allergies=now.allergies)
    elif not (turn.understanding is not None and turn.understanding.intent in MAY_TELL):
        # What isn't plainly of goods says at most for whom and how much.
        now = replace(now, words=(), said="")
    if not (now.limits or now.people or now.words or now.extent):
        return before
    return now if before is None else needed(turn, now)


def of_delivery(turn: Turn) -> bool:
    """Whether a message asks of nothing but how goods are sent."""
    wished = {wish.intent for wish in turn.acts.wishes}
    likely = (turn.understanding.intent if turn.understanding is not None else "") or ""
    return (wished or {likely}) <= _OF_DELIVERY


def _products_named(turn: Turn) -> list[str]:
    """Names of products of the shop's as they stand in the message; words alone may be cut otherwise."""
    read = turn.understanding
    return [one.text for one in read.entities if one.kind is EntityKind.PRODUCT] if read is not None else []


def needed(turn: Turn, now: Need) -> Need:
    """What is needed after a message that tells this."""
    before = turn.memory.need
    last = turn.memory.intents[0] if turn.memory.intents else ""
    if before is None:
        return now
    anew = any(wish.intent in LOOKS_FOR for wish in turn.acts.wishes) or turn.intent in LOOKS_FOR
    adds = turn.does(Act.ADDS) or turn.does(Act.CORRECTS) or turn.wants_others or needs.swaps(turn.text)
    # Where other things were spoken of meanwhile, who names goods begins anew.
    elsewhere = bool(last) and last not in _OF_GOODS
    bare = not (elsewhere or asks_whether_there_is(turn.text)) and not any(
        wish.intent in LOOKS_FOR for wish in turn.acts.wishes
    )
    names = any(word in now.words for word in product_words.naming_words(turn))
    other = _other_goods(before, now)
    same = bool(kinds(before) & kinds(now)) and not other
    return before.then(now, anew=names and not adds and (other or (anew and not bare and not same)))


def asks_whether_there_is(text: str) -> bool:
    """Whether a text asks in plain words whether the shop has something."""
    asks = "有" in text and text.rstrip(" ?？。").endswith(("吗", "么", "没", "没有"))
    return asks or product_words.says(text, _IS_THERE)


def kinds(words: Need) -> frozenset[str]:
    """The kinds of goods that are asked for, without what they are for, or for whom."""
    asked = concepts(words.words, words.said)
    return frozenset(kind for one in asked for kind in one.kinds if kind[0] not in "~@")


def _other_goods(before: Need, now: Need) -> bool:
    """Whether a message names goods of another kind than those looked for before."""
    known, told_ = kinds(before), kinds(now)
    return bool(known and told_) and not known & told_


def looked_for(turn: Turn) -> str:
    """The wish that a message goes on with that tells more of a need."""
    last = next(iter(turn.memory.intents), "")
    return last if last in LOOKS_FOR else "product_search"


def wants_others(turn: Turn) -> bool:
    """Whether a message plainly asks for others of what is looked for, and says little else."""
    return len(turn.text) <= _BARE and product_words.says(turn.text, _MORE)


def goes_on(turn: Turn) -> bool:
    """Whether a message tells more of a need that is being met, whatever else it was taken for."""
    last = turn.memory.intents[0] if turn.memory.intents else ""
    if turn.memory.need is None or last in turn.skills.about_orders:
        return False
    now = told(turn)
    # When and where to it is to come is told of what is looked for, unless it is asked.
    when = of_delivery(turn) and not qualities.in_question(turn.text)
    if {wish.intent for wish in turn.acts.wishes} - (MAY_TELL | _OF_DELIVERY if when else MAY_TELL):
        return False
    if last not in LOOKS_FOR:
        # Whatever was answered since: who tells more of it still needs it.
        return (now.limits or bool(now.extent)) and not qualities.in_question(turn.text)
    if when or wants_others(turn) or _is_to_be(turn):
        return True
    if phrases.asks(turn.text) and ordinals.places(turn.text, len(turn.memory.products)):
        # Who asks of one by its place wants no others.
        return False
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    pointed = len(turn.pointed_at) == 1 and turn.pointed_at[0] in turn.memory.products
    if now.unwanted or now.owned or now.allergies or (now.limits and not (pointed and turn.acts.wishes)):
        return True
    # What is said of goods, and asked of none, says which are wanted.
    told_of_goods = not {wish.intent for wish in turn.acts.wishes} - {"out_of_scope", "product_question"}
    if told_of_goods and entity is None and _describes(turn, now):
        return True
    if pointed or (entity is not None and turn.acts.wishes):
        return (
            any(kind[0] == "~" for one in concepts(now.words, now.said) for kind in one.kinds) and not entity
        )
    if needs.swaps(turn.text) and now.words:
        return True
    more = turn.does(Act.ADDS) or turn.does(Act.CORRECTS) or turn.wants_others or bool(turn.told(*_SLOTS))
    only_tells = not {wish.intent for wish in turn.acts.wishes} - LOOKS_FOR - {"out_of_scope"}
    return more or (only_tells and bool(set(now.people) - {"present"}))


def _is_to_be(turn: Turn) -> bool:
    """Whether a message says, and doesn't ask, of what size what is looked for is to be, or that it is to be there."""
    wished = {wish.intent for wish in turn.acts.wishes}
    there = (
        bool(turn.memory.products) and wished == {"stock_question"} and not product_words.naming_words(turn)
    )
    says = bool(turn.told("height", "size", "weight")) or there
    return says and not qualities.in_question(turn.text)


def _describes(turn: Turn, now: Need) -> bool:
    """Whether a message says what goods are to be like, and asks nothing; small talk and what only people do don't."""
    scores = turn.understanding.intents if turn.understanding is not None else ()
    others = turn.skills.about_orders | turn.skills.tasks_of.keys() | _TALK
    elsewhere = any(one.intent in others and one.probability >= _LIKELY for one in scores)
    return bool(now.words) and not elsewhere and not qualities.in_question(turn.text)


def may_look(turn: Turn) -> bool:
    """Whether a message was most likely one that looks for goods, though not for sure."""
    read = turn.understanding
    return read is not None and bool(read.intents) and read.intents[0].intent in LOOKS_FOR


def tells(turn: Turn) -> bool:
    """Whether a message that wishes nothing plainly tells a need of its own: for whom, how much, what for."""
    best = next(iter(turn.understanding.intents), None) if turn.understanding is not None else None
    if best is None or (best.intent not in MAY_TELL and best.probability >= _LIKELY):
        return False
    now = told(turn)
    wished = concepts(now.words, now.said)
    if any(one.kinds for one in wished) or "present" in now.people or now.animal:
        return True
    return bool(wished) and (now.limits or bool(now.people))


def names_sum(turn: Turn) -> bool:
    """Whether a message says for whom something is looked for and how much it may cost, which is no haggling."""
    now = told(turn)
    wished = {wish.intent for wish in turn.acts.wishes}
    known = turn.memory.product is not None or turn.memory.order is not None
    # By when and where to it is to be sent is told of goods as well as asked of the shop.
    about = MAY_TELL | _OF_DELIVERY if now.by or now.place else MAY_TELL
    return now.high is not None and bool(now.people) and not known and not wished - about
