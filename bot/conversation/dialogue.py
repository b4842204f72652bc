"""Understanding → skills: which wish or wishes a message holds, and who answers them.

The rules, in this order: an answer to the bot's own question; two clear wishes, both answered; one clear
wish; a number or a product's name alone; asking back once with the two likeliest meanings; offering a person.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.memory import Memory
from bot.conversation.messages import IncomingKind
from bot.conversation.skills import REGISTRY, changes, fallback, media, pages, pricing, products, talk
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Answer, HandOver, Skill, Turn, row
from nlu.types import DialogueContext, EntityKind, IntentScore, Sentiment, Understander, Understanding
from storage.errors import StorageError

_CHANGES = frozenset({"cancel_order", "change_order", "change_address"})
_ABOUT_ORDERS = _CHANGES | {
    "order_status",
    "delivery_time",
    "delivery_problem",
    "return_request",
    "refund_request",
    "refund_status",
    "item_problem",
    "invoice_request",
    "price_protection",
}
_ABOUT_PRODUCTS = frozenset({"product_question", "stock_question", "price_question", "discount_request"})

log = logging.getLogger(__name__)

# A wish is acted on when it is likely, or well ahead of the next one.
_LIKELY = 0.4
_FAIRLY = 0.28
_AHEAD = 0.14
# What is offered when asking back.
_PLAUSIBLE = 0.10
# A part of a message is a wish of its own when it is read with this certainty.
_OWN_WISH = 0.70
_WISHES = 2
# A short message after an order or a product was spoken of is about it when this likely.
_SHORT = 24
_FOLLOWING = 0.08
_STANDS_OUT = 1.5
_CERTAIN = 0.7
_HEARD_ANYWAY = frozenset({"opt_out", "human_agent"})
# What people send to any service to be left alone, and to come back.
_STOP_WORDS = frozenset(
    {"stop", "unsubscribe", "stop it", "td", "t", "退订", "回t退订", "取消订阅", "别发了"}
)
_START_WORDS = frozenset({"subscribe", "resubscribe", "subscribe again", "订阅", "重新订阅"})
_OTHERS = re.compile(
    r"别的|其他的?|其它|换一(个|批|款|些)|还有(什么|哪些|没有)"
    r"|\b(something|anything) else\b|\bothers?\b|\bother ones\b",
    re.IGNORECASE,
)
_UPSET = 2
_FELT = 0.5
# So many English words in a row are English even when they make no sense.
_SENTENCE = 3

_CLAUSE = re.compile(
    r"[。！？!?；;\n]+"
    r"|[,，、]?\s*(?=另外|还有[，,就想我]|顺便|对了|再问|同时)"
    r"|(?:,\s*|\s+)(?=and\s+(?:also|can|could|do|does|what|when|where|how|is|i|please|send|give)\b|also\b|plus\b"
    r"|by the way\b|another thing\b)"
    r"|\.\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a message was understood to mean."""

    language: str
    whole: Understanding | None = None
    """None when there are no words in it."""
    parts: tuple[Understanding, ...] = ()
    """Its clauses, where it has several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One skill's answer."""

    skill: str
    answer: Answer
    shadow: bool = False
    """Drafted for staff and not sent."""


class Dialogue:
    """Reads messages and routes them to skills."""

    def __init__(self, understander: Understander) -> None:
        self._understander = understander

    def read(self, turn: Turn) -> Reading:
        """Understand the words of a turn, about 1 to 3 ms; buttons and commands have none."""
        incoming = turn.incoming
        if incoming.kind not in (IncomingKind.TEXT, IncomingKind.EDIT, IncomingKind.MEDIA):
            return Reading(language=turn.language)
        if not any(character.isalnum() for character in incoming.text):
            return Reading(language=turn.language)
        return self._read(turn, incoming.text)

    def _read(self, turn: Turn, text: str) -> Reading:
        clauses = [clause.strip() for clause in _CLAUSE.split(text) if clause and clause.strip()]
        several = 1 < len(clauses) <= 6
        whole, *parts = self._understander.understand(
            [text, *clauses] if several else [text],
            DialogueContext(
                language="zh" if turn.language == "zh" else "en",
                previous_intents=turn.memory.intents,
                now=turn.now,
                time_zone=turn.contact.time_zone or turn.services.shop.time_zone,
            ),
        )
        return Reading(language=_language(turn, whole), whole=whole, parts=tuple(parts))

    async def decide(self, turn: Turn, reading: Reading, modes: Mapping[str, str]) -> tuple[Decision, ...]:
        """Every answer to a turn, in order; never none."""
        turn = replace(turn, language=reading.language, understanding=reading.whole)
        match turn.incoming.kind:
            case IncomingKind.BUTTON:
                return await self._button(turn, modes)
            case IncomingKind.COMMAND:
                return await self._command(turn, modes)
            case IncomingKind.START:
                verb = "start" if turn.incoming.payload else "greeting"
                skill = REGISTRY.named("linking" if turn.incoming.payload else "greeting")
                return await self._run(skill, replace(turn, intent=verb), modes)
            case IncomingKind.MEDIA | IncomingKind.OTHER if reading.whole is None:
                return (_plain("media", await media.answer(turn)),)
        if reading.whole is None:
            return (_plain("fallback", await fallback.wordless(turn)),)
        answers = await self._words(turn, reading, modes)
        return (*answers[:-1], _felt(answers[-1], turn))

    async def _button(self, turn: Turn, modes: Mapping[str, str]) -> tuple[Decision, ...]:
        name, _, rest = turn.incoming.payload.partition(":")
        verb, _, argument = rest.partition(":")
        if name == "ask":
            return await self._clarified(turn, verb, modes)
        skill = REGISTRY.of_action(name)
        if skill is None:
            return (_plain("fallback", fallback.stale(turn)),)
        return await self._run(skill, replace(turn, intent=verb, argument=argument), modes)

    async def _clarified(self, turn: Turn, intent: str, modes: Mapping[str, str]) -> tuple[Decision, ...]:
        """The customer pressed what they meant: answer what they had written, in that sense."""
        skill = REGISTRY.of_intent(intent)
        if skill is None:
            return (_plain("fallback", fallback.stale(turn)),)
        pending = turn.memory.pending
        text = pending.data.get("text", "") if pending is not None and pending.kind == "clarify" else ""
        understanding = self._read(turn, text).whole if text else None
        clear = turn.memory.settled()
        return await self._wish(
            replace(turn, memory=clear, understanding=understanding, text=text), skill, intent, modes
        )

    async def _command(self, turn: Turn, modes: Mapping[str, str]) -> tuple[Decision, ...]:
        name = turn.incoming.payload.lower()
        skill = REGISTRY.of_command(name)
        if skill is None:
            return (_plain("fallback", fallback.unknown_command(turn)),)
        return await self._run(skill, replace(turn, intent=name), modes)

    async def _words(self, turn: Turn, reading: Reading, modes: Mapping[str, str]) -> tuple[Decision, ...]:
        whole = reading.whole
        assert whole is not None  # noqa: S101 - the caller has looked
        resumed = await self._resumed(turn, modes)
        if resumed is not None:
            return resumed
        wishes = _several(reading)
        if len(wishes) > 1:
            answers: tuple[Decision, ...] = ()
            for intent, part in wishes:
                skill = REGISTRY.of_intent(intent)
                assert skill is not None  # noqa: S101 - `_several` keeps only these
                done = await self._wish(
                    replace(turn, understanding=part, text=part.text), skill, intent, modes
                )
                answers += done
                turn = turn.remembering(done[-1].answer.memory or turn.memory)
            return answers
        meant = _never_missed(turn, whole) or _clear_intent(whole) or _implied(turn, whole)
        skill = REGISTRY.of_intent(meant) if meant else None
        if meant is None or skill is None:
            return await self._unclear(turn, whole, modes)
        return await self._wish(turn, skill, meant, modes)

    async def _resumed(self, turn: Turn, modes: Mapping[str, str]) -> tuple[Decision, ...] | None:
        pending = turn.memory.pending
        if pending is None:
            return None
        if pending.kind == "clarify":
            chosen = fallback.chosen(turn, pending)
            return None if chosen is None else await self._clarified(turn, chosen, modes)
        skill = REGISTRY.of_pending(pending.kind)
        if skill is None or skill.resume is None or modes.get(skill.name, "on") != "on":
            return None
        answer = await skill.resume(turn)
        return None if answer is None else (_plain(skill.name, answer),)

    async def _wish(
        self, turn: Turn, skill: Skill, intent: str, modes: Mapping[str, str]
    ) -> tuple[Decision, ...]:
        """Answer one wish, and remember that it was heard."""
        decisions = await self._run(skill, replace(turn, intent=intent), modes)
        wish = None if intent in TALK else intent

        def heard(answer: Answer) -> Answer:
            return replace(answer, memory=(answer.memory or turn.memory).heard(wish))

        return (*decisions[:-1], replace(decisions[-1], answer=after(decisions[-1].answer, heard)))

    async def _run(self, skill: Skill, turn: Turn, modes: Mapping[str, str]) -> tuple[Decision, ...]:
        mode = "on" if skill.always else modes.get(skill.name, "on")
        if mode == "off":
            return (_plain("fallback", fallback.switched_off(turn)),)
        try:
            answer = await skill.answer(turn)
        except (StorageError, SQLAlchemyError):
            raise  # the dispatcher tries again
        except Exception:
            # A customer is never left without an answer by a mistake of ours; a colleague gets the case.
            log.exception("skill %s failed", skill.name)
            answer = Answer(text=turn.say("skill-failed"), hand_over=HandOver(reason="error"))
        if mode == "shadow":
            return (
                Decision(skill=skill.name, answer=answer, shadow=True),
                _plain("fallback", Answer(hand_over=HandOver(reason="shadow"))),
            )
        return (_plain(skill.name, answer),)

    async def _unclear(
        self, turn: Turn, whole: Understanding, modes: Mapping[str, str]
    ) -> tuple[Decision, ...]:
        """Before asking back: a page that answers it, or products that its words name."""
        if pages.passage_for(turn, at_least=pages.SURE) is not None:
            return await self._wish(turn, REGISTRY.named("policy"), "usage_help", modes)
        found = await products.by_words(turn) if not turn.negative else None
        if found is not None and modes.get("search", "on") == "on":
            return (_plain("search", found),)
        return (_plain("fallback", self._ask_back(turn, whole)),)

    def _ask_back(self, turn: Turn, whole: Understanding) -> Answer:
        plausible = [score for score in whole.intents if _askable(score)] if whole.understood else []
        return fallback.ask_back(turn, tuple(score.intent for score in plausible[:2]))


def _language(turn: Turn, whole: Understanding) -> str:
    """The language to answer in: the chosen one, else that of the words; codes and addresses are no words."""
    if turn.memory.fixed_language:
        return turn.language
    if not whole.understood and whole.text.isascii() and len(whole.text.split()) < _SENTENCE:
        return turn.language
    spoken = any(
        (
            any(character.isalpha() for character in word)
            and not any(character.isdigit() or character == "@" for character in word)
        )
        or not word.isascii()
        for word in whole.text.split()
    )
    return whole.language if spoken else turn.language


def _askable(score: IntentScore) -> bool:
    return (
        score.probability >= _PLAUSIBLE
        and score.intent not in TALK
        and REGISTRY.of_intent(score.intent) is not None
    )


def _plain(skill: str, answer: Answer) -> Decision:
    return Decision(skill=skill, answer=answer)


def after(answer: Answer, change: Callable[[Answer], Answer]) -> Answer:
    """Change an answer once it is known."""
    then = answer.then
    if then is None:
        return change(answer)

    async def later(connection: object) -> Answer:
        return after(await then(connection), change)  # type: ignore[arg-type]

    return replace(answer, then=later)


def _never_missed(turn: Turn, whole: Understanding) -> str | None:
    """Being left alone, a person, and a change of mind: heard however the rest is read."""
    word = whole.text.casefold().strip(" .!。！")
    if word in _STOP_WORDS:
        return "opt_out"
    if word in _START_WORDS:
        return "opt_in"
    best = whole.intents[0] if whole.intents else None
    if best is not None and best.intent in _HEARD_ANYWAY and best.probability >= _CERTAIN:
        return best.intent
    last = turn.memory.intents[0] if turn.memory.intents else None
    return last if last in _CHANGES and changes.takes_back(turn.text) else None


def _clear_intent(whole: Understanding) -> str | None:
    """The intent that is certain enough to act on. Rivals that the same skill answers are none."""
    if not whole.understood or not whole.intents:
        return None
    best = whole.intents[0]
    skill = REGISTRY.of_intent(best.intent)
    rivals = [score.probability for score in whole.intents if REGISTRY.of_intent(score.intent) is not skill]
    likely = best.probability >= _LIKELY
    ahead = best.probability >= _FAIRLY and best.probability - max(rivals, default=0.0) >= _AHEAD
    return best.intent if likely or ahead else None


def _implied(turn: Turn, whole: Understanding) -> str | None:
    """What a message means that says little by itself: a number, a product, a sum, a place in a list."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    if pricing.for_nothing(turn.text):
        return "discount_request"
    if talk.gives_orders(turn.text):
        return "out_of_scope"
    if whole.first(EntityKind.PRODUCT) is not None and len(whole.text) <= 80:
        return _best_of(whole, _ABOUT_PRODUCTS) or "product_question"
    if whole.first(EntityKind.ORDER_NUMBER) is not None and len(whole.text) <= 60:
        return _best_of(whole, _ABOUT_ORDERS) or "order_status"
    if whole.first(EntityKind.AMOUNT) is not None and turn.memory.product and last == "discount_request":
        return last
    following = _following(turn, whole)
    if following is not None:
        return following
    if turn.memory.products and _OTHERS.search(whole.text) is not None:
        return "recommend_request"
    if turn.memory.products and fallback.ordinal(whole.text) is not None:
        return "product_question"
    return None


def _following(turn: Turn, whole: Understanding) -> str | None:
    """What a short message asks about the order or the product spoken of, when one meaning stands out."""
    if len(whole.text) > _SHORT or not whole.intents:
        return None
    best, *others = whole.intents
    second = others[0].probability if others else 0.0
    if best.probability < _FOLLOWING or best.probability < _STANDS_OUT * second:
        return None
    about_order = turn.memory.order is not None and best.intent in _ABOUT_ORDERS
    about_product = turn.memory.product is not None and best.intent in _ABOUT_PRODUCTS
    return best.intent if about_order or about_product else None


def _best_of(whole: Understanding, group: frozenset[str]) -> str | None:
    """The likeliest intent of a group, if it is plausible."""
    fitting = (score.intent for score in whole.intents if score.intent in group)
    plausible = {score.intent for score in whole.intents if score.probability >= _PLAUSIBLE}
    return next((intent for intent in fitting if intent in plausible), None)


def _several(reading: Reading) -> tuple[tuple[str, Understanding], ...]:
    """The clauses that are wishes of their own, each with its intent; one of each skill."""
    whole = reading.whole
    if whole is None or len(reading.parts) < _WISHES:
        return ()
    wishes: dict[str, tuple[str, Understanding]] = {}
    for part in reading.parts:
        intent = _own_wish(part, {score.intent for score in whole.intents})
        skill = REGISTRY.of_intent(intent) if intent is not None else None
        if intent is not None and skill is not None:
            wishes.setdefault(skill.name, (intent, part))
    return tuple(wishes.values())[:_WISHES]


def _own_wish(part: Understanding, seen: set[str]) -> str | None:
    """The intent of a clause: certain by itself, likely and seen in the whole, or about what it names."""
    if not part.understood or part.intent in TALK:
        return None
    if part.probability >= _OWN_WISH or (part.probability >= _LIKELY and part.intent in seen):
        return part.intent
    if part.first(EntityKind.ORDER_NUMBER) is not None:
        return _best_of(part, _ABOUT_ORDERS)
    return _best_of(part, _ABOUT_PRODUCTS) if part.first(EntityKind.PRODUCT) is not None else None


def _felt(decision: Decision, turn: Turn) -> Decision:
    """Answer the feeling too: a word of regret, and a person when it goes on."""
    whole = turn.understanding
    if whole is None:
        return decision
    negative = whole.sentiment is Sentiment.NEGATIVE
    skill = REGISTRY.get(decision.skill)
    consoled = decision.shadow or skill is None or skill.consoles or skill.name in TALK

    def change(answer: Answer) -> Answer:
        memory = answer.memory or turn.memory
        negatives = _negatives(memory, whole)
        answer = replace(answer, memory=replace(memory, negatives=negatives))
        if not negative or answer.hand_over is not None:
            return answer
        if whole.sentiment_strength >= _FELT and not consoled and turn.memory.negatives == 0:
            answer = replace(answer, text=f"{turn.say('sorry-first')}{answer.text}")
        if (negatives >= _UPSET and whole.urgent) or negatives > _UPSET:
            return replace(answer, hand_over=HandOver(reason="upset", priority=0))
        if negatives >= _UPSET:
            return replace(answer, buttons=(*answer.buttons, *row(turn.button("button-human", "human:ask"))))
        return answer

    return replace(decision, answer=after(decision.answer, change))


def _negatives(memory: Memory, whole: Understanding) -> int:
    if whole.sentiment is Sentiment.NEGATIVE:
        return memory.negatives + 1
    return 0 if whole.sentiment is Sentiment.POSITIVE else max(0, memory.negatives - 1)
