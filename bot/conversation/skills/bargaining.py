"""What a message that bargains does: it asks for less, names a rival's price or one of its own, wants more for the
money, leaves, or takes the goods."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.conversation import phrases
from bot.conversation.skills import bargain_words as words
from bot.conversation.skills import naming, needed, ordinals
from bot.conversation.skills.goods import totals
from bot.conversation.turn import Turn
from kernel.money import decimals
from nlu.types import EntityKind

_SUM = re.compile(
    r"(?<![\d.\w-])(?:[¥￥$£€₩]\s?)?(\d{1,6}(?:\.\d{1,2})?)(?![\d.]*\d|\s?(?:[%％折件个条双盒瓶升毫克公斤寸码号岁]"
    r"|(?:ml|l|cm|mm|m|g|kg|oz|lb|w|pcs?|packs?|pieces?|bags?|of)\b)|[a-zA-Z])",
    re.ASCII,
)
_less_by = re.compile(r"(便宜|少|低|减|降)了?\s*$").search
_by_less = re.compile(r"^\s*(cheaper|less|lower|off\b)", re.IGNORECASE).search
_pointed_at = re.compile(r"\bthe\s?$", re.IGNORECASE).search
"""A number after it is the name of something: the 12, the 450."""
_for_a_sum = re.compile(r"\bfor\s?\d", re.IGNORECASE).search
_SUMS = frozenset({"amount", "budget_max", "budget_min"})
_CURRENCIES = {
    "CNY": ("¥", "￥", "元", "块", "rmb", "cny", "yuan", "人民币"),
    "JPY": ("¥", "￥", "円", "日元", "日圆", "日币", "jpy", "yen"),
    "KRW": ("₩", "원", "韩元", "韩币", "krw", "won"),
    "USD": ("$", "usd", "dollar", "buck", "美元"),
    "HKD": ("$", "元", "块", "hkd", "dollar", "港元", "港币"),
    "TWD": ("$", "元", "块", "twd", "台币"),
    "GBP": ("£", "gbp", "pound", "quid", "英镑"),
    "EUR": ("€", "eur", "欧元"),
}
"""How sums are written in them; a sign or a word may be that of several."""
_OF_ONE = ("日元", "韩元", "美元", "欧元", "港元")
"""What 元 is of one currency alone."""
_GOODS = frozenset(
    {
        "product_question", "stock_question", "price_question", "discount_request", "product_search",
        "recommend_request", "product_compare", "place_order",
    }
)  # fmt: skip
_LOOKS_FOR = frozenset({"product_search", "recommend_request"})
_OF_MONEY = frozenset(
    {"price_question", "discount_request", "out_of_scope", "deny", "affirm", "chitchat", "complaint"}
)
COUNTED = "more-"
"""Before the number of pieces that were reckoned, in what was answered to bargaining."""
_LIKELY = 0.4
_RATHER = 0.5
_SURE = 0.8
_NO_COUNT = 10
"""A bare number from here on may be a sum, and none of how many."""
_LEAST = 5
"""A number below so much percent of a price is none that anybody offers."""


class Move(StrEnum):
    """What a message does in bargaining."""

    LESS = "less"
    RIVAL = "rival"
    BID = "bid"
    """It names the price that the customer would pay."""
    SEVERAL = "several"
    GIFT = "gift"
    LEAVES = "leaves"
    THINKS = "thinks"
    """About it, for now."""
    TAKES = "takes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum that a message names."""

    words: str
    major: float
    currencies: frozenset[str]
    """Those that it may be in, as far as that is said; empty where it isn't."""
    less: bool = False
    """It is by how much it is to be, or is, cheaper."""

    def price(self, price: int, currency: str) -> int | None:
        """The price that it comes to, minor units; None where it is in another currency, or no price of such goods."""
        if self.currencies and currency not in self.currencies:
            return None
        minor = round(self.major * 10 ** decimals(currency))
        named = price - minor if self.less else minor
        return named if named * 100 >= price * _LEAST else None


def named_sum(turn: Turn) -> Sum | None:
    """The first sum of a message; a bare number is one where the message is about a price."""
    whole = turn.understanding
    found = whole.first(EntityKind.AMOUNT) if whole is not None else None
    if found is not None:
        start, end, value = found.start, found.end, found.value
    else:
        bare = _bare_sum(turn) if _is_of_money(turn) else None
        if bare is None:
            return None
        start, end, value = *bare.span(), bare[1]
    said = turn.text[start:end]
    less = bool(_less_by(turn.text[:start]) or _by_less(turn.text[end:]))
    return Sum(words=said, major=float(value), currencies=_currencies(said), less=less)


def _is_of_money(turn: Turn) -> bool:
    """Whether a message is about what something costs: in the bargaining, by its words, or as nothing but a number."""
    text = turn.text
    says = words.bids(text) or bool(words.asks_for_less(text)) or words.of_dearness(text) or words.takes(text)
    says = says or words.names_rival(text) or _for_a_sum(text) is not None
    return under_way(turn) or says or _SUM.fullmatch(text.strip(" ?？!！.。吧呢")) is not None


def _bare_sum(turn: Turn) -> re.Match[str] | None:
    """The first bare number that counts, measures and names nothing else: as a size, as so many, as "the 12"."""
    counted = {start for start, _ in totals.quantities(turn)}
    others = [
        value
        for value in turn.acts.slots
        if value.slot not in _SUMS
        and value.probability >= _RATHER
        and turn.said[value.start : value.end] == value.text
    ]
    # Stretches are places in the whole message, of which these words may be a part.
    shift = max(turn.said.find(turn.text), 0)
    for one in _SUM.finditer(turn.text):
        place = one.start() + shift
        taken = any(value.start <= place < value.end for value in others)
        if one.start() not in counted and not taken and not _pointed_at(turn.text[: one.start()]):
            return one
    return None


def _currencies(said: str) -> frozenset[str]:
    lower = said.casefold()
    plain = next((word for word in _OF_ONE if word in lower), lower)
    return frozenset(code for code, signs in _CURRENCIES.items() if any(sign in plain for sign in signs))


def move(turn: Turn) -> Move | None:
    """What a message does in the bargaining; None where it does none by its own words."""
    text = turn.text
    if text and _names_a_rival(turn):
        leaves = words.leaves(text) and named_sum(turn) is None
        return Move.LEAVES if leaves else Move.RIVAL
    if not text or needed.names_sum(turn) or wants_others(text):
        return None
    takes = words.takes(text) or (under_way(turn) and words.just_one(text))
    if (words.leaves(text) and not takes) or (takes and words.names_rival(text)):
        return Move.LEAVES
    if words.of_postage(text) and (words.wants_gift(text) or under_way(turn)):
        return Move.LESS
    if words.wants_gift(text) or (under_way(turn) and words.wants_something_with_it(text)):
        return Move.GIFT
    if _agreed(turn):
        return Move.TAKES
    if words.thinks(text):
        return Move.THINKS
    if _offers_sum(turn):
        return Move.BID
    if (wants_several(turn) or several_of(turn) > 1) and not takes:
        return Move.SEVERAL
    pleads = under_way(turn) and words.pleads(text)
    if (words.asks_for_less(text) or pleads) and not takes:
        return Move.LESS
    if takes:
        return Move.LESS if _asks_by_condition(text) else Move.TAKES
    return None


def _agreed(turn: Turn) -> bool:
    """Whether a yes ends in "deal", which by itself may ask for one."""
    whole = turn.understanding
    return whole is not None and whole.intent == "affirm" and words.a_deal(turn.text)


def _asks_by_condition(text: str) -> bool:
    """Whether it would be bought if it were cheaper: "便宜点我就要了", "a discount and I'll take it"."""
    return (
        bool(words.asks_for_less(text))
        and words.takes(text)
        and not words.too_dear(text)
        and not words.plain_deal(text)
    )


def wants_others(text: str) -> bool:
    """Whether cheaper goods are looked for, and not a lower price."""
    return words.wants_cheaper_ones(text) and not words.of_the_price(text) and not words.names_rival(text)


def wants_several(turn: Turn) -> bool:
    """Whether it is asked what more of it would cost apiece."""
    return words.wants_many(turn.text)


def several_of(turn: Turn) -> int:
    """How many a message speaks of, or with so many more than before; 1 where it says nothing of that."""
    told = max((count for _, count in totals.quantities(turn)), default=0)
    if not told and under_way(turn) and turn.memory.product is not None:
        told = ordinals.how_many(turn.text, 1) or 0
    more = told and under_way(turn) and words.one_more(turn.text)
    return _counted_last(turn) + told if more else max(told, 1)


def count_taken(turn: Turn) -> int:
    """How many a message takes: as many as it says, else as were reckoned last."""
    if words.just_one(turn.text):
        return 1
    return several_of(turn) if totals.quantities(turn) else _counted_last(turn)


def speaks_of_rivals(said: str) -> bool:
    """Whether a text speaks of other shops' prices."""
    text = _without_carriers(said)
    return words.asks_to_match(text) or (words.names_rival(text) and words.of_dearness(text))


def _without_carriers(said: str) -> str:
    text = said.casefold()
    for name in words.NO_RIVALS:
        text = text.replace(name, "")
    return text


def _names_a_rival(turn: Turn) -> bool:
    text = _without_carriers(turn.text)
    if words.asks_to_match(text):
        return words.names_rival(text) or words.of_the_price(text) or under_way(turn)
    return words.names_rival(text) and (
        words.of_dearness(text) or named_sum(turn) is not None or words.leaves(text)
    )


def _offers_sum(turn: Turn) -> bool:
    """Whether a message says what the customer would pay."""
    said = named_sum(turn) if several_of(turn) == 1 else None
    if (
        said is None
        or not in_focus(turn)
        or words.of_a_limit(turn.text)
        or turn.named(EntityKind.ORDER_NUMBER)
    ):
        return False
    whole = turn.understanding
    is_sum = whole is not None and whole.first(EntityKind.AMOUNT) is not None
    asked = words.bids(turn.text) or bool(words.asks_for_less(turn.text)) or words.takes(turn.text)
    alone = turn.text.strip(" ?？!！.。吧呢") == said.words
    if said.less:
        return asked or under_way(turn)
    if any(count == round(said.major) for _, count in totals.quantities(turn)) and not is_sum:
        return False
    named = is_sum or alone or said.major >= _NO_COUNT
    return named and (asked or (under_way(turn) and (is_sum or alone or _is_of_goods(turn, _OF_MONEY))))


def _more_asked(turn: Turn) -> bool:
    return under_way(turn) or bool(words.asks_for_less(turn.text)) or named_sum(turn) is not None


def in_focus(turn: Turn) -> bool:
    """Whether goods are spoken of or on the screen."""
    return turn.memory.product is not None or bool(turn.memory.products)


def _last(turn: Turn) -> str:
    return turn.memory.intents[0] if turn.memory.intents else ""


def _counted_last(turn: Turn) -> int:
    """How many were reckoned last, where nothing was said since of another number; else 1."""
    last = turn.memory.bargain[-1] if turn.memory.bargain else ""
    number = last.removeprefix(COUNTED)
    return int(number) if last.startswith(COUNTED) and number.isdigit() else 1


def under_way(turn: Turn) -> bool:
    """Whether what was said last bargained."""
    return bool(turn.memory.bargain) or _last(turn) == "discount_request"


async def follow_up(turn: Turn) -> tuple[Turn, str] | None:
    """The wish of a message that bargains over what is spoken of, or takes it, whatever else it was taken for, and the
    turn to answer it in; None where it is about something else."""
    pending = turn.memory.pending
    waits = pending is not None and pending.kind not in ("product", "clarify")
    if turn.understanding is None or waits or turn.named(EntityKind.ORDER_NUMBER) or _wishes_more(turn):
        return None
    if await _wants_one_cheaper(turn):
        return turn, "discount_request"
    wish = _wish(turn, move(turn))
    return None if wish is None else (turn, wish)


def _wishes_more(turn: Turn) -> bool:
    """Whether another part of a message wishes something else: each is answered by itself."""
    wished = [wish for wish in turn.acts.wishes if wish.probability >= _RATHER]
    apart = len({(wish.start, wish.end) for wish in wished}) > 1
    return apart and bool({wish.intent for wish in wished} - _OF_MONEY - _GOODS)


async def _wants_one_cheaper(turn: Turn) -> bool:
    """Whether something cheaper than the product spoken of is looked for, of no other kind and within no limits."""
    need = turn.memory.need
    bound = need is not None and need.limits
    if turn.memory.product is None or bound or not wants_others(turn.text):
        return False
    return not any(part.products for part in await naming.parts(turn))


def _wish(turn: Turn, made: Move | None) -> str | None:
    if made is Move.RIVAL:
        return "discount_request" if _may_be_of_price(turn) else None
    if not in_focus(turn):
        return None
    if (made in (None, Move.SEVERAL) and _agrees(turn)) or (made is Move.SEVERAL and _orders(turn)):
        return "place_order"
    if made is None:
        return None
    if _last(turn) not in _GOODS and not _goes_on(turn, made):
        return None
    fits = {
        Move.LEAVES: under_way(turn) or bool(words.asks_for_less(turn.text)) or words.names_rival(turn.text),
        Move.TAKES: _is_of_goods(turn, _GOODS | {"affirm", "change_order"}),
        Move.LESS: _is_of_goods(turn, _OF_MONEY),
        Move.SEVERAL: _more_asked(turn) and _is_of_goods(turn, _OF_MONEY | _GOODS | {"change_order"}),
        Move.BID: True,
        Move.THINKS: under_way(turn)
        and _is_of_goods(turn, _OF_MONEY | {"goodbye", "thanks", "product_question"}),
        Move.GIFT: _is_of_goods(turn, _OF_MONEY | _GOODS - _LOOKS_FOR),
    }[made]
    return ("place_order" if made is Move.TAKES else "discount_request") if fits else None


def _goes_on(turn: Turn, made: Move) -> bool:
    """Whether what was bargained over goes on after a question about something else, such as delivery."""
    of_orders = _last(turn) in turn.skills.about_orders
    goes_on = made is Move.BID or (not of_orders and made not in (Move.LEAVES, Move.THINKS))
    return bool(turn.memory.bargain) and goes_on


def _may_be_of_price(turn: Turn) -> bool:
    """Whether it isn't for sure about something that was bought, or how it is sent or paid."""
    best = turn.understanding
    if best is None or best.probability < _SURE or best.intent in _GOODS:
        return True
    return (
        words.asks_to_match(turn.text)
        or named_sum(turn) is not None
        or best.intent not in turn.skills.about_orders
    )


def _is_of_goods(turn: Turn, may_be: frozenset[str]) -> bool:
    """Whether a message is likely none but one of these, by itself or where it is said."""
    best = turn.understanding
    if best is None or best.probability < _LIKELY or best.intent in may_be:
        return True
    return any(wish.intent in may_be & _GOODS and wish.probability >= _RATHER for wish in turn.acts.wishes)


def _orders(turn: Turn) -> bool:
    """Whether so many are plainly to be ordered, and not asked about."""
    return _is(turn, "place_order") and not words.asks_for_less(turn.text) and not phrases.asks(turn.text)


def _agrees(turn: Turn) -> bool:
    """Whether a message is a yes to the price that was told."""
    told = bool(turn.memory.bargain) and turn.memory.product is not None and _last(turn) == "discount_request"
    return told and _is(turn, "affirm") and not phrases.asks(turn.text)


def _is(turn: Turn, intent: str) -> bool:
    """Whether a message is rather this than anything else."""
    best = turn.understanding
    return best is not None and best.intent == intent and best.probability >= _RATHER
