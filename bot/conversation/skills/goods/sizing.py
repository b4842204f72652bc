"""Which size somebody takes: from a product's own size table and the measures that were told, with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.memory import Memory
from bot.conversation.skills import needed, pages, product_words, variants, which_product
from bot.conversation.skills.goods import telling
from bot.conversation.turn import Turn
from bot.shop import sizes
from bot.shop.goods import goods_of
from bot.shop.sizes import Fit, Row, Table
from nlu.products import bodies
from storage.catalogue import Catalogue, Product

INTENT = "size_advice"
"""What is remembered of a message that was answered here."""
_ASKS = (
    "which size should", "what size should", "what size do i", "which size do i", "size would", "size will",
    "size for me", "what size am i", "which size am i", "what is my size", "what's my size", "size fits me",
    "穿什么码", "穿什么尺码", "穿多大", "穿几码", "穿哪个码", "选什么码", "选多大", "买什么码", "买多大", "拿什么码",
    "拿多大", "要什么码", "该什么码", "多大码合适", "什么码合适", "我该穿", "穿多少码", "几码合适",
)  # fmt: skip
"""Words that ask which size somebody takes."""
_FOR_ME = ("should i", "do i need", "do i take", "would i", "suits me", "for me", "我该", "我应该", "适合我")
_TABLE = ("size table", "size chart", "尺码表")
_SPEAKS = ("size", "sizes", "码", "穿", "wear")
_PERSON = (
    "i'm", "i am", "my", "i wear", "i take", "usually", "he", "she", "his", "her", "我", "他", "她", "身高", "体重",
    "胸围", "腰围", "臀围", "脚长", "平时",
)  # fmt: skip
"""A number is somebody's measure beside one of these: a bed of 180 cm is nobody."""
_STATED = variants.SIZES | {"sizes"}
"""What shops call the sizes that there are."""
_GIRTHS = frozenset({"chest", "waist", "hips", "foot"})
_sentences = re.compile(r"[。！!？?]|(?<=\.)\s").split
_BETWEEN = ("between two sizes", "between sizes", "in between", "两个尺码之间", "两码之间", "两个码之间")
"""How a shop's page begins to say which size to take."""


async def answered(turn: Turn) -> Answer | None:
    """The size for the measures told now and before; None where a message asks for none."""
    told = bodies.read(turn.text)
    last = turn.memory.intents[0] if turn.memory.intents else ""
    asks = _asks(turn)
    if product_words.says(turn.text, _TABLE):
        return await _table(turn)
    if not asks and needed.goes_on(turn):
        # What is looked for is to be of that size.
        return None
    of_somebody = len(told) > 1 or product_words.says(turn.text, _PERSON)
    if asks or (told and (last == INTENT or (of_somebody and product_words.says(turn.text, _SPEAKS)))):
        return await _advised(turn, told)
    if last != INTENT and set(told) & _GIRTHS:
        # A chest of 96 alone asks for a size where clothes are spoken of.
        product = await which_product.spoken_of(turn)
        tabled = product is not None and sizes.table_of(product, turn.language) is not None
        return await _advised(turn, told) if tabled else None
    # Other goods for the same person, and nothing else is asked of them.
    wished = {wish.intent for wish in turn.acts.wishes}
    others = last == INTENT and bool(turn.memory.measures) and not wished - telling.NAMES
    return await _advised(turn, told) if others and product_words.naming_words(turn) else None


def _asks(turn: Turn) -> bool:
    """Whether a message asks in words which size somebody takes."""
    says = product_words.says
    return says(turn.text, _ASKS) or (says(turn.text, ("size", "码")) and says(turn.text, _FOR_ME))


async def _table(turn: Turn) -> Answer | None:
    """The size table of what a message is about, as the shop writes it."""
    product = (await which_product.meant(turn)).one
    if product is None:
        return None
    table, name = sizes.table_of(product, turn.language), variants.title(product, turn.language)
    if table is None:
        return _kept(await _without_table(turn, product), turn, product)
    return _kept(Answer(text=turn.say("size-table", name=name, table=table.text)), turn, product)


async def _advised(turn: Turn, told: Mapping[str, float]) -> Answer | None:
    now = turn.remembering(replace(turn.memory, measures=_of_person(turn.memory, told)))
    asks = _asks(turn)
    product = await _product(now, asks=asks or bool(told))
    if isinstance(product, Answer):
        return _kept(product, now)
    if product is None:
        if not asks and not told:
            return None
        lines = (now.say("size-of-what"), page := await _page(now))
        return _kept(Answer(text="\n".join(filter(None, lines)), tells_nothing=not page), now)
    table = sizes.table_of(product, turn.language)
    known = goods_of(product, None)
    if table is None and not any(known.is_of(kind, known.name) for kind in ("clothes", "shoes")):
        # The size of a duvet is no size of somebody's.
        return None
    answer = await (_without_table(now, product) if table is None else _by_table(now, product, table))
    return _kept(replace(answer, memory=(answer.memory or now.memory.settled())), now, product)


def _of_person(memory: Memory, told: Mapping[str, float]) -> dict[str, float]:
    """The measures of whoever is spoken of: one told anew is of somebody else, and feet are told in one way."""
    known = {} if set(told) & set(memory.measures) else dict(memory.measures)
    if {bodies.WORN, "foot"} & set(told):
        known = {name: value for name, value in known.items() if name not in (bodies.WORN, "foot")}
    return {**known, **told}


def _kept(answer: Answer, turn: Turn, product: Product | None = None) -> Answer:
    memory = replace(answer.memory or turn.memory, measures=turn.memory.measures)
    if product is not None:
        memory = replace(memory.about_product(product.id), pending=memory.pending)
    return replace(answer, memory=memory.heard(INTENT))


async def _product(turn: Turn, *, asks: bool) -> Product | Answer | None:
    """What the size is asked of, by the words besides the measures; an answer where that is open."""
    words = bodies.without(turn.text)
    meant = await which_product.meant(await turn.about(words) if words != turn.text else turn)
    tabled = [one for one in meant.products if sizes.table_of(one, turn.language) is not None]
    if meant.one is not None or len(tabled) == 1:
        return meant.one or tabled[0]
    if meant.products and asks:
        return await telling.which(turn, replace(meant, products=tuple(tabled) or meant.products))
    return None


async def _without_table(turn: Turn, product: Product) -> Answer:
    """That there is none, which sizes are stated, and what a page says of sizes."""
    name = variants.title(product, turn.language)
    shown = next((pair for pair in product.labels(turn.language) if pair[0].casefold() in _STATED), None)
    stated = turn.say("attribute", label=shown[0], value=shown[1]) if shown is not None else ""
    lines = (turn.say("size-no-table", name=name), stated, page := await _page(turn))
    return Answer(text="\n".join(filter(None, lines)), buttons=turn.human, lacks=not page)


async def _by_table(turn: Turn, product: Product, table: Table) -> Answer:
    fit = table.fitting(turn.memory.measures)
    name = variants.title(product, turn.language)
    if not fit.used:
        asked = turn.memory.pending is not None and turn.memory.pending.kind == "measures"
        if asked or turn.memory.measures:
            return Answer(
                text=turn.say("size-table", name=name, table=table.text), memory=turn.memory.settled()
            )
        wanted = turn.say("items-comma").join(turn.say(f"measure-{one}") for one in table.measures)
        return Answer(
            text=turn.say("size-ask", name=name, measures=wanted), memory=turn.memory.asking("measures")
        )
    told = turn.say("items-comma").join(_told(turn, one) for one in fit.used)
    if fit.beyond or not fit.rows:
        return Answer(
            text=turn.say("size-beyond", name=name, told=told, table=table.text), buttons=turn.human
        )
    reason = turn.say("size-rows").join(_row(turn, row, fit) for row in fit.rows)
    sizes_ = turn.say("items-comma").join(row.size for row in fit.rows)
    if len(fit.rows) == 1:
        text = turn.say("size-fits", name=name, size=sizes_, told=told, reason=reason)
        return Answer(text="\n".join(filter(None, (text, await _stock(turn, product, fit.rows[0])))))
    if table.rows.index(fit.rows[1]) - table.rows.index(fit.rows[0]) > 1:
        return Answer(text=turn.say("size-apart", name=name, told=told, reason=reason), buttons=turn.human)
    text = turn.say("size-between", name=name, sizes=sizes_, told=told, reason=reason)
    rule = turn.say(f"size-take-{fit.rule}", size=fit.rows[fit.rule == "larger"].size) if fit.rule else ""
    return Answer(text="\n".join(filter(None, (text, rule or await _rule(turn)))))


def _told(turn: Turn, name: str) -> str:
    value = f"{turn.memory.measures[name]:g}"
    return turn.say("measure-told", name=turn.say(f"measure-{name}"), value=value, unit=_unit(turn, name))


def _row(turn: Turn, row: Row, fit: Fit) -> str:
    spans = turn.say("items-comma").join(
        turn.say(
            "measure-told",
            name=turn.say(f"measure-{one}"),
            value=_span(*row.spans[one]),
            unit=_unit(turn, one),
        )
        for one in fit.used
        if one in row.spans
    )
    return turn.say("size-row", size=row.size, spans=spans) if spans else row.size


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


def _unit(turn: Turn, name: str) -> str:
    return "" if name == bodies.WORN else turn.say("unit-kg" if name == "weight" else "unit-cm")


async def _stock(turn: Turn, product: Product, row: Row) -> str:
    """Whether that size is there, where sizes are versions of the product."""
    group = (await variants.groups(turn, [product])).get(product.id)
    for key in group.keys if group is not None else ():
        if group is None or not group.labels(key) & variants.SIZES:
            continue
        found = [
            one
            for one in group.alike(key)
            if row.size.casefold() in map(str.casefold, variants.value_of(one.options, key))
        ]
        known = await Catalogue(turn.connection).get(found[0].id) if found else None
        if known is not None:
            return turn.say("size-stock", size=row.size, stock=which_product.stock(turn, known))
    return ""


async def _rule(turn: Turn) -> str:
    """What a page says of being between two sizes."""
    passage = await pages.passage_for(turn, turn.say("size-question"))
    if passage is None:
        return ""
    found = next((one.strip() for one in _sentences(passage.text) if product_words.says(one, _BETWEEN)), "")
    return turn.say("size-rule", text=found) if found else ""


async def _page(turn: Turn) -> str:
    """What a page says of choosing a size."""
    passage = await pages.passage_for(turn, turn.say("size-question"), at_least=pages.SURE)
    return pages.passage_text(turn, passage) if passage is not None else ""
