"""Which wish or wishes a message holds: the rules, as functions of what was understood and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.conversation import certainty, heard, phrases
from bot.conversation.heard import BY_FORM
from bot.conversation.refusals import Heeded
from bot.conversation.registry import HEARD_ANYWAY, HOLDS, REGISTRY
from bot.conversation.skills import (
    again_words,
    bargain_words,
    language,
    needed,
    order_asked,
    stopping,
    talk,
    wished_in_words,
)
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Skill, Turn
from nlu.acts import DialogueState, Wish
from nlu.entities.address_parts import may_be_address
from nlu.intents import INTENTS
from nlu.types import EntityKind, IntentScore, Understanding

_ABOUT_PRODUCTS = frozenset({"product_question", "stock_question", "price_question", "discount_request"})
_SHOWS_PRODUCTS = _ABOUT_PRODUCTS | {"product_search", "recommend_request"}
_LOOKS_FOR = frozenset({"recommend_request", "product_search"})
_ABOUT_MONEY = frozenset({"price_question", "discount_request"})
_OF_ITEMS = ("size", "colour", "version", "quantity", "item")
# A wish is acted on when it is likely, or well ahead of the next one.
_LIKELY = 0.4
_FAIRLY = 0.28
_AHEAD = 0.14
# What is offered when asking back.
PLAUSIBLE = 0.10
_WISHES = 4
_RATHER = 0.5
_SHORT = 24
_SENTENCE_LONG = 48
_STANDS_OUT = 1.5
_CERTAIN = 0.7
_TOLD = frozenset(name for name, skill in REGISTRY.by_intent.items() if skill.only_tells)
_PLAINLY = 0.8
_BEYOND_DOUBT = 0.95
_FOREIGN = 0.5
# What a complaint may be about that can be answered at once.
_WHEREABOUTS = frozenset({"order_status", "delivery_time", "delivery_problem"})
# (best, rival): the rival is taken when it is nearly as likely.
_PREFERRED = frozenset(
    {
        ("price_question", "discount_request"),
        ("return_policy", "return_request"),
        ("change_order", "change_address"),
        ("my_data", "change_address"),
        ("affirm", "thanks"),
        ("thanks", "goodbye"),
    }
)
_NEAR = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a message was understood to mean."""

    language: str
    whole: Understanding | None = None
    """None when there are no words in it."""
    wishes: tuple[tuple[Wish, Understanding], ...] = ()
    """What it wishes, each with its own stretch of the message understood; no small talk."""
    shown: tuple[str, ...] = ()
    """What its pointing speaks of."""
    in_context: bool = False
    """There is something that it may be about: a question, something under way, asked of the shop, or on the screen."""
    where: DialogueState = field(default_factory=DialogueState)
    """Where the conversation stood."""
    apart: tuple[tuple[str, Reading], ...] = ()
    """Sentences of it that are answered one after the other, with what each means; none where it is answered whole."""
    refused: Heeded | None = None
    """What of it is refused or taken back, and what it says besides."""

    @property
    def in_danger(self) -> bool:
        """Whether something comes before whatever else is said."""
        return self.whole is not None and self.whole.acts.danger is not None


def meant(turn: Turn, whole: Understanding) -> str | None:
    """The one intent to act on, or None when it isn't clear enough."""
    return (
        unmissable(whole)
        or _set_phrase(whole)
        or _bargaining(turn, whole)
        or _missed_parcel(turn, whole)
        or _where_it_is(whole)
        or _clear_intent(whole)
        or _implied(turn, whole)
    )


def skill_of(intent: str | None) -> Skill | None:
    """Who answers an intent; one that isn't ours was taught by the shop."""
    if intent is None:
        return None
    return REGISTRY.by_intent.get(intent) or (None if intent in INTENTS else REGISTRY.by_name["own"])


def askable(score: IntentScore) -> bool:
    """Whether a meaning is plausible enough to be offered when asking back."""
    return (
        score.probability >= PLAUSIBLE
        and score.intent not in TALK
        and REGISTRY.by_intent.get(score.intent) is not None
    )


def plainly_of_task(whole: Understanding) -> bool:
    """Whether the words by themselves wish something that only the shop can do."""
    return _of_task(whole, _PLAINLY)


def fairly_of_task(whole: Understanding) -> bool:
    """Whether what the words most likely mean is something that only the shop can do."""
    return _of_task(whole, _FAIRLY)


def _of_task(whole: Understanding, least: float) -> bool:
    best = whole.intents[0] if whole.intents else None
    return best is not None and best.intent in REGISTRY.tasks_of and best.probability >= least


def none_of_ours(whole: Understanding) -> bool:
    """Whether the words are more likely about something else than about anything that is sold here."""
    best = whole.intents[0] if whole.intents else None
    return best is not None and best.intent == "out_of_scope" and best.probability >= _LIKELY


def may_name_variant(turn: Turn, whole: Understanding) -> bool:
    """Whether a message may ask for the product spoken of in another colour or size."""
    spoken = turn.memory.product is not None or bool(turn.memory.products)
    if not spoken or len(whole.text) > _SENTENCE_LONG:
        return False
    named = whole.first(EntityKind.PRODUCT) is not None and whole.intent in _ABOUT_PRODUCTS
    if named or whole.first(EntityKind.ORDER_NUMBER) is not None:
        return False
    likely = whole.understood and whole.probability >= _LIKELY
    if likely and whole.intent in REGISTRY.about_orders | _ABOUT_MONEY:
        return False
    return whole.intent in _SHOWS_PRODUCTS or whole.probability < _BEYOND_DOUBT


def unmissable(whole: Understanding) -> str | None:
    """The wish to be left alone or for a person, or an attempt on the rules: heard whatever was asked."""
    if stopping.says_stop(whole.text, whole, busy=False):
        return "opt_out"
    if phrases.subscribes(whole.text):
        return "opt_in"
    if talk.overrides(whole.text):
        return "discount_request" if bargain_words.for_nothing(whole.text) else "out_of_scope"
    if len(whole.text) <= _SENTENCE_LONG and language.asked_for(whole.text) and not plainly_of_task(whole):
        return "language"
    if len(whole.text) <= _SENTENCE_LONG and phrases.asks_for_hours(whole.text):
        return "store_info"
    best = whole.intents[0] if whole.intents else None
    plain = best is not None and (best.intent != "human_agent" or phrases.asks_for_a_person(whole.text))
    if best is not None and plain and best.intent in HEARD_ANYWAY and best.probability >= _CERTAIN:
        return best.intent
    return None


def _set_phrase(whole: Understanding) -> str | None:
    """Words that mean the same thing always."""
    plain = wished_in_words.meant(whole)
    if plain and wished_in_words.alone(plain, frozenset({whole.intent or plain})):
        return plain
    if phrases.asks_what_is_known(whole.text) and len(whole.text) <= _SENTENCE_LONG:
        return "my_data"
    if phrases.names_requests(whole.text):
        return "request_status"
    if phrases.names_a_parcel(whole.text):
        return "order_status"
    # Whoever asks where something of theirs is has bought it.
    best = whole.intents[0].intent if whole.intents else None
    if best in _SHOWS_PRODUCTS | {"order_status"} and order_asked.where_is_mine(whole.text):
        return "order_status"
    if again_words.wished(whole.text):
        return "reorder"
    if order_asked.of_purchases(whole.text) or order_asked.of_all_orders(whole.text):
        return "order_facts"
    if best == "order_status" and order_asked.lists_all(whole.text):
        return "order_status"
    return None


def plainly(turn: Turn, reading: Reading) -> str | None:
    """The wish that a message has by its words alone, where it has no other."""
    answers = turn.memory.pending is not None and heard.is_answer(turn)
    refuses = reading.refused is not None and bool(reading.refused.tasks)
    if reading.whole is None or answers or refuses or unmissable(reading.whole) == "opt_out":
        return None
    if turn.memory.order is not None and wished_in_words.stops_sending(turn.text):
        return "cancel_order"
    if turn.memory.pending is None and wished_in_words.drops(_last(turn) or "", reading.whole):
        return _last(turn)
    intent = wished_in_words.meant(reading.whole)
    plain = [
        one for one, _ in reading.wishes if one.probability >= (_CERTAIN if one.intent in _TOLD else _RATHER)
    ]
    wished = frozenset(one.intent for one in plain)
    return intent if intent and wished_in_words.alone(intent, wished) else None


def _last(turn: Turn) -> str | None:
    return turn.memory.intents[0] if turn.memory.intents else None


def _bargaining(turn: Turn, whole: Understanding) -> str | None:
    """Haggling over the product spoken of, which is often put in few and odd words."""
    about_money = not whole.understood or whole.intent in TALK or whole.intent in _ABOUT_MONEY
    unsure = whole.probability < _LIKELY
    if not (about_money or unsure):
        return None
    if bargain_words.for_nothing(turn.text):
        return "discount_request"
    if turn.memory.product is None or _last(turn) not in _SHOWS_PRODUCTS:
        return None
    return "discount_request" if bargain_words.asks_for_less(turn.text) else None


def _missed_parcel(turn: Turn, whole: Understanding) -> str | None:
    """Somebody who is upset, and may be so about a parcel, is told first where it is."""
    if not turn.negative or turn.customer_id is None or turn.memory.negatives:
        return None
    best = _clear_intent(whole)
    return _best_of(whole, _WHEREABOUTS) if best in (None, "complaint") else None


def _clear_intent(whole: Understanding) -> str | None:
    """The intent that is certain enough to act on. Rivals that the same skill answers are none."""
    if not whole.understood or not whole.intents:
        return None
    best = whole.intents[0]
    skill = REGISTRY.by_intent.get(best.intent)
    rivals = [
        score.probability for score in whole.intents if REGISTRY.by_intent.get(score.intent) is not skill
    ]
    likely = best.probability >= _LIKELY
    ahead = best.probability >= _FAIRLY and best.probability - max(rivals, default=0.0) >= _AHEAD
    return _nearly(whole) if likely or ahead else None


def _where_it_is(whole: Understanding) -> str | None:
    """What is said of an order tells when it comes and what is wrong with it, too: no need to ask which is meant."""
    if whole.out_of_scope >= _FOREIGN or whole.probability >= _LIKELY:
        return None
    near = sum(score.probability for score in whole.intents if score.intent in _WHEREABOUTS)
    rest = max(
        (score.probability for score in whole.intents if score.intent not in _WHEREABOUTS), default=0.0
    )
    return "order_status" if near >= _FAIRLY and near >= _STANDS_OUT * rest else None


def _nearly(whole: Understanding) -> str:
    """Of two near meanings the one whose answer holds the other's too, or does what was wanted."""
    best, *others = whole.intents
    for score in others:
        if (best.intent, score.intent) in _PREFERRED and score.probability >= _NEAR * best.probability:
            return score.intent
    return best.intent


def _implied(turn: Turn, whole: Understanding) -> str | None:
    """What a message means that says little by itself: a number, a product, a sum, a place in a list."""
    last = _last(turn)
    if bargain_words.for_nothing(turn.text):
        return "discount_request"
    if talk.gives_orders(turn.text):
        return "out_of_scope"
    if talk.asks_who(turn.text):
        return "chitchat"
    if phrases.thanks(turn.text) and len(turn.text) <= _SHORT + 8:
        return "thanks"
    if may_be_address(turn.told("address")) and _chance(whole, "change_address") >= _LIKELY:
        return "change_address"
    if whole.first(EntityKind.PRODUCT) is not None and len(whole.text) <= 80:
        return _best_of(whole, _ABOUT_PRODUCTS) or "product_question"
    if whole.first(EntityKind.ORDER_NUMBER) is not None and len(whole.text) <= 60:
        return _best_of(whole, REGISTRY.about_orders) or "order_status"
    if needed.told(turn).high is not None and last in _SHOWS_PRODUCTS:
        return "product_search"
    if whole.first(EntityKind.AMOUNT) is not None and turn.memory.product and last == "discount_request":
        return last
    return None


def _chance(whole: Understanding, intent: str) -> float:
    return next((score.probability for score in whole.intents if score.intent == intent), 0.0)


def _best_of(whole: Understanding, group: frozenset[str]) -> str | None:
    """The likeliest intent of a group, if it is plausible."""
    fitting = (score.intent for score in whole.intents if score.intent in group)
    plausible = {score.intent for score in whole.intents if score.probability >= PLAUSIBLE}
    return next((intent for intent in fitting if intent in plausible), None)


def stops_in_part(reading: Reading) -> bool:
    """Whether one of several wishes is plainly to send no more offers: heard whatever the others are about."""
    return (
        len(reading.wishes) > 1 and stopping.stopping_part([part for _, part in reading.wishes]) is not None
    )


def wishes(turn: Turn, reading: Reading, *, taken_up: bool) -> tuple[tuple[str, Understanding], ...]:
    """The wishes to be answered, each with its own stretch of the message; none where `meant` knows better.

    A message by itself means what its own words say; only of several wishes, of one that is said where it may be
    about something, or of one that is no intent, the conversation decides.
    """
    in_acts_alone = any(wish.intent not in INTENTS for wish, _ in reading.wishes)
    if not (reading.in_context or taken_up or len(reading.wishes) > 1 or in_acts_alone):
        return ()
    found: dict[str, tuple[str, Wish, Understanding]] = {}
    wished = {wish.intent for wish, _ in reading.wishes if wish.probability >= _RATHER}
    for read, part in reading.wishes:
        wish = certainty.as_asked(REGISTRY, read, part)
        if wished & HOLDS.get(wish.intent, frozenset()):
            continue
        if _belongs_to_another(reading, wish) or is_read_otherwise(reading, wish):
            continue
        if wish.intent == "account_address" and "my_data" in wished and not turn.told("address"):
            continue
        if wish.intent == "change_order" and "change_address" in wished and not turn.told_each(*_OF_ITEMS):
            continue
        intent = _set_phrase(part) or wish.intent
        skill = REGISTRY.by_intent.get(intent)
        if stopping.says_stop(part.text, part, busy=True):
            found["consent"] = ("opt_out", wish, part)
        elif skill is not None and wish.probability >= _RATHER:
            found.setdefault(REGISTRY.tasks_of.get(intent, skill.name), (intent, wish, part))
    ordered = [one for _, one in sorted(found.items(), key=lambda one: one[0] != "consent")][:_WISHES]
    spoken = [wish for _, wish, _ in ordered]
    return tuple((intent, _with_acts(reading, wish, part, spoken)) for intent, wish, part in ordered)


def is_read_otherwise(reading: Reading, wish: Wish) -> bool:
    """Whether the very words of a wish to be told something are likelier another such wish."""
    told = [one for one, _ in reading.wishes if (one.start, one.end) == (wish.start, wish.end)]
    likelier = [one for one in told if one.intent in _TOLD and one.probability > wish.probability]
    return wish.intent in _TOLD and bool(likelier)


def _belongs_to_another(reading: Reading, wish: Wish) -> bool:
    """Whether a wish is made of a value that only another wish of the message takes: "a new one, 0151 …" of a phone
    number."""
    acts = reading.whole.acts if reading.whole is not None else None
    inside = {
        value.slot
        for value in (acts.slots if acts is not None else ())
        if value.slot in BY_FORM and wish.start <= value.start < wish.end and value.probability >= _RATHER
    }
    own = _taken_by(wish.intent)
    others = [_taken_by(one.intent) for one, _ in reading.wishes if one.intent != wish.intent]
    return bool(inside) and bool(own) and not inside & own and any(inside <= taken for taken in others)


def _taken_by(intent: str) -> frozenset[str]:
    """What the reader may tell of the task that an intent wishes."""
    task = REGISTRY.tasks.get(REGISTRY.tasks_of.get(intent, ""))
    slots = task.slots if task is not None else ()
    return frozenset(name for slot in slots for name in slot.told_by)


def _with_acts(reading: Reading, wish: Wish, part: Understanding, spoken: Sequence[Wish]) -> Understanding:
    """What a wish says and what the message does there; values that stand in another wish are told for that."""
    acts = reading.whole.acts if reading.whole is not None else part.acts
    others = [one for one in spoken if one.start != wish.start]
    slots = tuple(
        value for value in acts.slots if not any(one.start <= value.start < one.end for one in others)
    )
    return replace(part, acts=replace(acts, slots=slots))
