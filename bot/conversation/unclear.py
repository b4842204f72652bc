"""What is said to a message that was not understood for sure: what answers it most likely, or a question back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.conversation import decisions, one_question, phrases, routing, waiting
from bot.conversation.answer import Answer
from bot.conversation.registry import HEARD_ANYWAY, REGISTRY
from bot.conversation.skills import (
    fallback,
    line_words,
    needed,
    owned,
    page_or_goods,
    pages,
    products,
    recommending,
    which_order,
    wished_in_words,
)
from bot.conversation.skills.goods import several, telling
from bot.conversation.turn import Turn
from nlu.acts import Act
from nlu.types import Understanding
from storage.orders import Orders

ABOUT_ITS_USE = frozenset({"usage_help", "warranty_repair"})
"""What a page answers for all goods, and a product's own facts for that product."""
# Asked back about though the model calls the message none of its business.
_WORTH_ASKING = 0.2
# A meaning that is so much likelier than the next is answered, where answering does nothing else.
_STANDS_OUT = 2.0
_RATHER = 0.5
_PLAINLY = 0.8
_OF_A_PRODUCT = frozenset({"stock_question", "price_question", "discount_request", "place_order"})
_ASKED = 0.2
"""A question has to be a report by so much."""
_GIBBERISH = 0.9
"""What is so surely nothing of a shop's describes no goods."""


def asked_of_product(turn: Turn) -> str:
    """What is asked of a product that a message only points at: what its words plainly mean, else what was asked of the
    one before, else what there is to know of it."""
    best = next(iter(turn.understanding.intents), None) if turn.understanding is not None else None
    last = next(iter(turn.memory.intents), "")
    plain = best.intent if best is not None and best.probability >= _PLAINLY else ""
    return next((one for one in (plain, last) if one in _OF_A_PRODUCT), "product_question")


async def variant(
    turn: Turn, whole: Understanding, modes: Mapping[str, str]
) -> tuple[decisions.Decision, ...] | None:
    """The product spoken of in another colour or size, whatever the few words were taken for; or what it states, before
    what the shop's pages say of all."""
    if modes.get("product", "on") != "on" or routing.plainly_of_task(whole):
        return None
    answer = await telling.asked_again(turn)
    if answer is None and routing.may_name_variant(turn, whole):
        answer = await products.variant(turn)
    if answer is None and several.compares(turn):
        answer = await several.beside(turn)
    if answer is not None:
        return await decisions.of_pages(turn, of_product(turn, answer))
    of_its_use = ABOUT_ITS_USE.intersection([whole.intent, *(one.intent for one in whole.acts.wishes)])
    of_it = bool(of_its_use) or await page_or_goods.rather_goods(turn, whole.intent)
    answer = await telling.of_a_fact(turn) if of_it else None
    return of_product(turn, answer) if answer is not None else None


async def likeliest(turn: Turn, whole: Understanding) -> str | None:
    """The intent to answer after all: a page is near to the words, or its answer tells something and does nothing."""
    told = bool(turn.memory.topic)
    asks_on = told and phrases.asks(turn.text)
    # Who is upset after an entry seldom asks on of it.
    if (
        not (told and turn.negative)
        and await pages.passage_for(turn, at_least=pages.STILL if asks_on else pages.SURE) is not None
    ):
        return "usage_help"
    if turn.in_queue or turn.negative or not whole.understood:
        return None
    plausible = _plausible(whole)
    if not plausible or routing.none_of_ours(whole):
        return None
    chances = [score.probability for score in whole.intents if score.intent in plausible] + [0.0]
    stands_out = chances[0] >= _STANDS_OUT * chances[1]
    return plausible[0] if stands_out and REGISTRY.by_intent[plausible[0]].only_tells else None


async def answered(turn: Turn, whole: Understanding, *, search: bool) -> tuple[str, Answer]:
    """The skill that speaks and what it says: products that the words name, the nearest page, or a question back.

    Args:
        turn: of the message.
        whole: what was understood.
        search: products may be looked for.
    """
    if turn.in_queue:
        return "waiting", await waiting.noted(turn)
    about_us = not (turn.negative or routing.none_of_ours(whole))
    looks = about_us and search and not routing.fairly_of_task(whole)
    found = await recommending.by_words(turn) if looks else None
    if found is not None:
        # A limit that follows narrows down what was looked for.
        return "search", replace(found, memory=(found.memory or turn.memory).heard("product_search"))
    plausible = _plausible(whole)
    # Who is upset hears the rule, too.
    near = await _near(turn) if len(plausible) < 2 and not routing.none_of_ours(whole) else None
    return (
        ("policy", near) if near is not None else ("fallback", fallback.ask_back(turn, tuple(plausible[:2])))
    )


async def _near(turn: Turn) -> Answer | None:
    """The passage nearest to the words; not as an answer for sure, and not twice in a row."""
    if turn.memory.misses or turn.does(Act.ASIDE) or turn.memory.pending is not None:
        return None
    passage = await pages.passage_for(turn, at_least=pages.NEAR)
    if passage is None or not pages.stated(turn, passage):
        return None
    memory = replace(turn.memory, misses=turn.memory.misses + 1)
    text = f"{turn.say('pages-nearest')}\n{pages.passage_text(turn, passage)}"
    return Answer(text=text, buttons=turn.human, memory=memory)


def _plausible(whole: Understanding) -> list[str]:
    """Meanings worth asking about, the likeliest first."""
    least = _WORTH_ASKING if whole.intent == "out_of_scope" else 0.0
    return [score.intent for score in whole.intents if routing.askable(score) and score.probability >= least]


async def described(
    turn: Turn, meant: str | None, whole: Understanding, modes: Mapping[str, str]
) -> tuple[decisions.Decision, ...] | None:
    """What the pages surely state to a message that was taken for nothing of ours or nothing for sure, or goods that it
    describes; None where it may be about an order, or wish what people do."""
    others = REGISTRY.about_orders | REGISTRY.tasks_of.keys() | HEARD_ANYWAY | {"complaint"}
    elsewhere = any(
        score.intent in others and score.probability >= routing.PLAUSIBLE for score in whole.intents
    )
    # What its words plainly mean is sure, however unlikely the reader finds it.
    guessed = meant == whole.intent and meant not in needed.LOOKS_FOR and whole.probability < _RATHER
    unsure = meant in (None, "out_of_scope") or guessed
    if elsewhere or not (unsure or await page_or_goods.rather_goods(turn, meant)):
        return None
    stated = await pages.by_the_way(turn)
    if stated is not None:
        return await one_question.going_back(turn, decisions.only("policy", stated))
    if whole.out_of_scope > _GIBBERISH or modes.get("search", "on") != "on":
        return None
    found = await recommending.described(turn)
    return _of_search(turn, found) if found is not None else None


async def decided(
    turn: Turn, whole: Understanding, modes: Mapping[str, str]
) -> tuple[decisions.Decision, ...]:
    """Every answer to a message in which no wish is clear, in order; never none."""
    more = await pages.more_of_told(turn)
    if more is not None:
        return await one_question.going_back(turn, decisions.only("policy", more))
    if fallback.tells_complaint(turn):
        return decisions.only("complaint", await fallback.noted(turn))
    if await _leaves_out(turn):
        made = await decisions.wish(
            replace(turn, guessed=True), REGISTRY.by_intent["cancel_order"], "cancel_order", modes
        )
        return await one_question.going_back(turn, made)
    trouble = await _trouble(turn, whole)
    if trouble:
        made = await decisions.wish(replace(turn, guessed=True), REGISTRY.by_intent[trouble], trouble, modes)
        return await one_question.going_back(turn, made)
    told = modes.get("product", "on") == "on" and not (turn.in_queue or turn.negative)
    if told and (fact := await telling.of_a_fact(turn)) is not None:
        return of_product(turn, fact)
    found = None
    looks = needed.tells(turn) and not (turn.in_queue or routing.fairly_of_task(whole))
    if looks and modes.get("search", "on") == "on":
        found = await recommending.by_words(turn)
    gibberish = whole.out_of_scope > _GIBBERISH
    if found is None and turn.told("item") and not gibberish and modes.get("search", "on") == "on":
        found = await recommending.described(turn)
    if found is not None:
        return _of_search(turn, found)
    likely = await likeliest(turn, whole)
    if likely is not None:
        made = await decisions.wish(turn, REGISTRY.by_intent[likely], likely, modes)
        return await one_question.going_back(turn, made)
    asked = await answered(turn, whole, search=modes.get("search", "on") == "on")
    return await one_question.going_back(turn, decisions.only(*asked))


async def _leaves_out(turn: Turn) -> bool:
    """Whether the words want something left out that the customer has ordered, and that hasn't left yet."""
    if turn.in_queue or phrases.asks(turn.text) or not line_words.takes_out(turn.text):
        return False
    named = {line.product_id for line in await owned.lines(turn)}
    known = await Orders(turn.connection).by_customer(turn.customer_id or "") if named else ()
    waiting_for = [order for order in known if order.status in which_order.NOT_SHIPPED]
    return any(line.product_id in named for order in waiting_for for line in order.lines)


async def _trouble(turn: Turn, whole: Understanding) -> str:
    """The intent of the trouble that the words likeliest report with something that the customer has bought and names;
    empty where they likelier mean something else."""
    troubles = {kind.name for kind in turn.skills.requests if kind.trouble} | {"refund_status"}
    best = next((score for score in whole.intents if score.intent != "out_of_scope"), None)
    least = _ASKED if phrases.asks(turn.text) else routing.PLAUSIBLE
    likely = best is not None and best.intent in troubles and best.probability >= least
    trouble = best.intent if best is not None and likely else ""
    if not trouble and wished_in_words.has_not_come(turn.text):
        trouble = "delivery_problem"
    return trouble if trouble and not turn.in_queue and await owned.lines(turn) else ""


def of_product(turn: Turn, answer: Answer) -> tuple[decisions.Decision, ...]:
    """An answer about a product, and that it was asked of."""
    memory = (answer.memory or turn.memory).heard("product_question")
    return decisions.only("product", replace(answer, memory=memory))


def _of_search(turn: Turn, answer: Answer) -> tuple[decisions.Decision, ...]:
    memory = (answer.memory or turn.memory).heard("product_search")
    return decisions.only("search", replace(answer, memory=memory))
