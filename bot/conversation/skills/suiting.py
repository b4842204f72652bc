"""Whether goods suit somebody whom they may harm, or whose rules forbid them: what the pages and the product itself
state is quoted, whatever is being looked for, and nothing is concluded of what isn't stated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.conversation import phrases
from bot.conversation.answer import Answer
from bot.conversation.phrases import word_test
from bot.conversation.skills import needed, pages, qualities, which_product
from bot.conversation.skills.goods import telling
from bot.conversation.turn import Turn
from nlu.types import Passage
from storage.catalogue import Product

_IN_PREGNANCY = word_test("孕 哺乳 备孕", "pregnan* breastfe* expecting nursing_mother*")
_WITHOUT_GLUTEN = word_test("乳糜泻 麸质 无麸", "coeliac* celiac* gluten*")
_WITHOUT_ALLERGENS = word_test(
    "过敏 致敏 乳糖 坚果 花生 痕量 微量", "allerg* intoleran* lactose nut nuts peanut* traces"
)
_BY_FAITH = word_test(
    "清真 穆斯林 猪油 猪肉 明胶 酒精 含酒 洁食", "halal kosher muslim* jewish pork lard gelatin* alcohol*"
)
_FOR_CHILDREN = word_test(
    "宝宝 婴儿 小孩 孩子 儿童 娃 岁以下",
    "baby babies toddler* child children child's children's kid kids kid's kids'",
)
_CONCERNS = (_IN_PREGNANCY, _WITHOUT_GLUTEN, _WITHOUT_ALLERGENS, _BY_FAITH)
_asks_it = word_test(
    "能吃 能不能吃 可以吃 可不可以 能喝 能用 可以用 能刷 能不能 能给 适合 合适 安全 有没有 有没 含 要紧 行吗"
    " 行不行 放心",
    "safe ok okay fine suit* suitable eat drink contain* free any can…have can_they can_she can_he can_i in_it in_them"
    " allowed for_a for_my",
)
_asks_plainly = word_test(
    "能吃 能不能吃 可以吃 可不可以吃 能喝 可以喝 适不适合",
    "can…have can…eat can…drink is_it_safe is_it_ok safe_for ok_for okay_for suitable_for",
)
"""A question by itself, with whatever mark."""
_SAID = 2
_RATHER = 0.5


async def answered(turn: Turn) -> tuple[str, Answer] | None:
    """The skill that answers, and its answer, to a question whether goods suit somebody; None for any other, and where
    neither the pages nor the product that is meant state anything."""
    asks = _asks_plainly(turn.text) or _asks_of_goods(turn) or (_asks_it(turn.text) and _is_question(turn))
    concerns = [says for says in (*_CONCERNS, _FOR_CHILDREN) if says(turn.text)]
    if not asks or not concerns or _is_of_people(turn):
        return None
    meant = await which_product.meant(turn)
    product = meant.one
    passage = await _stated(turn, concerns)
    of = meant.products[:_SAID] if meant.parts or product is not None else ()
    own = "\n".join(dict.fromkeys(filter(None, (_own(turn, one) for one in of))))
    if passage is None:
        guess = product is None or _looks(turn) or concerns == [_FOR_CHILDREN]
        return None if product is None or guess else await _unguessed(turn, product)
    told = pages.said_of(turn, [passage])
    memory = told.memory or turn.memory
    memory = memory if product is None else pages.having_told(turn, passage, memory.about_product(product.id))
    text = "\n".join(filter(None, (told.text, own)))
    return "policy", Answer(text=text, memory=memory.heard("product_question"))


async def stated(turn: Turn, told: str) -> str:
    """What the pages state of what somebody must not have, by a message or by what was `told` before; empty where they
    state nothing of it."""
    concerns = [says for says in _CONCERNS if says(f"{turn.text} {told}")]
    found = await pages.may_be_about(turn, pages.FAR) if concerns else []
    passage = _of(found, concerns)
    if passage is None and concerns:
        traces = await pages.passage_for(turn, turn.say("page-ask-allergens"))
        passage = _of([traces] if traces is not None else [], concerns)
    return pages.passage_text(turn, passage) if passage is not None else ""


def _of(found: Sequence[Passage], concerns: Sequence[Callable[[str], bool]]) -> Passage | None:
    """The first of some entries that speaks of one of these concerns."""
    return next((one for one in found if any(says(f"{one.title}\n{one.text}") for says in concerns)), None)


def _looks(turn: Turn) -> bool:
    """Whether a message looks for goods and wishes nothing else."""
    return bool(turn.acts.wishes) and {wish.intent for wish in turn.acts.wishes} <= needed.LOOKS_FOR


def _is_question(turn: Turn) -> bool:
    return phrases.asks(turn.text) or qualities.in_question(turn.text)


def _asks_of_goods(turn: Turn) -> bool:
    return any(one.intent == "product_question" and one.probability >= _RATHER for one in turn.acts.wishes)


def tells_of_traces(passage: Passage) -> bool:
    """Whether an entry is about what somebody must not have in their food."""
    whole = f"{passage.title}\n{passage.text}"
    return _WITHOUT_GLUTEN(whole) or _WITHOUT_ALLERGENS(whole)


def _is_of_people(turn: Turn) -> bool:
    """Whether a message wishes what only people can do, asks of an order, or bargains."""
    wished = {wish.intent for wish in turn.acts.wishes if wish.probability >= _RATHER}
    return bool(wished & {*turn.skills.tasks_of, *turn.skills.about_orders, "discount_request"})


async def _stated(turn: Turn, concerns: list[Callable[[str], bool]]) -> Passage | None:
    """The entry that answers and speaks of the same concern."""
    # What is looked for is shown, and a child may be spoken of for many reasons.
    surely = _looks(turn) or (concerns == [_FOR_CHILDREN] and not _asks_plainly(turn.text))
    found = await pages.may_be_about(turn, pages.SURE if surely else pages.FAR)
    general = _WITHOUT_ALLERGENS in concerns and not _looks(turn)
    traces = await pages.passage_for(turn, turn.say("page-ask-allergens")) if general else None
    found = [*found, *([traces] if traces is not None else ())]
    return _of(found, concerns)


def _own(turn: Turn, product: Product) -> str:
    """What a product states of what is in it and for whom it is."""
    told = [fact for fact in qualities.facts_of(product, turn.language) if fact.unguessed][:_SAID]
    lines = [turn.part("attribute", label=fact.label, value=fact.value) for fact in told]
    stated = turn.part("list-comma").join(lines)
    return turn.say("fact-written", text=stated, name=product.name(turn.language)) if lines else ""


async def _unguessed(turn: Turn, product: Product) -> tuple[str, Answer]:
    """All that a product states, and that nothing is to be concluded of it."""
    told = await telling.details(turn, product, whole=True)
    memory = (told.memory or turn.memory).heard("product_question")
    text = turn.say("fact-unguessed")
    return "product", Answer(text=text, cards=told.cards, buttons=turn.human, memory=memory)
