"""Whatever is sold and told: nothing shown for a need is too dear, sold out, for another age, or not stated to be free
of what somebody must not have, over all the turns that follow, in both languages.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Reply
from storage.catalogue import Attributes, Catalogue, Category, Product
from tests.bot.conversation.chat import Chat
from tests.fakes import Meaning

_numbers = itertools.count()
_KINDS = {"snack": "零食", "toy": "玩具", "scarf": "围巾", "tea": "茶", "morsel": "小点"}
_COLOURS = {"blue": "蓝色", "black": "黑色"}
_HELD = {"nuts": "坚果", "milk": "牛奶", "wool": "羊毛"}


@dataclass(frozen=True, slots=True)
class Made:
    """What a product of a generated catalogue is."""

    kind: str
    colour: str
    price: int
    """Major units."""
    stock: int
    holds: str
    free: str
    low: int | None
    """Years from which it is stated to be; for four years."""
    weight: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is said or pressed after the need."""

    texts: Mapping[str, str]
    meaning: Meaning
    press: str = ""


def _wish(intent: str, *, others: bool = False) -> Meaning:
    return Meaning(intents=((intent, 0.9),), wishes=((intent, ""),), others=others)


_LOOKS = _wish("recommend_request")
_TELLS = Meaning(intents=(("out_of_scope", 0.3),), wishes=())
_STEPS = (
    Step({"en": "show me others", "zh": "换 一批"}, _wish("recommend_request", others=True)),
    Step({"en": "something cheaper please", "zh": "有 便宜点的 吗"}, _wish("recommend_request", others=True)),
    Step({"en": "any cheaper?", "zh": "再便宜一点的 呢"}, _wish("discount_request", others=True)),
    Step({"en": "another one", "zh": "再 来 一个"}, Meaning(intents=(("recommend_request", 0.5),), others=True)),
    Step({"en": "in blue", "zh": "蓝色 的 呢"}, _wish("product_question")),
    Step({"en": "do you have it in black", "zh": "黑色 有 吗"}, _wish("stock_question")),
    Step({"en": "a bigger one?", "zh": "大一点 的 有 吗"}, _wish("product_search", others=True)),
    Step({"en": "a lighter one", "zh": "轻 一点 的"}, _wish("product_question", others=True)),
    Step({"en": "the cheapest one", "zh": "最便宜 的 那款"}, _wish("product_question")),
    Step({"en": "the most expensive one", "zh": "最贵 的 那款"}, _wish("product_search")),
    Step({"en": "which is lightest", "zh": "哪个 最轻"}, _wish("product_compare")),
    Step({"en": "which one is better value", "zh": "哪个 更划算"}, _wish("product_compare")),
    Step({"en": "how long is delivery", "zh": "多久 能 到"}, _wish("delivery_time")),
    Step({"en": "anything else", "zh": "还有 别的 吗"}, _wish("product_search", others=True)),
    Step({"en": "is the snack sweet", "zh": "零食 甜 吗"}, _wish("product_question")),
    Step({"en": "snack", "zh": "零食"}, _TELLS),
    Step({"en": "do you have toys", "zh": "有 玩具 吗"}, _wish("product_search")),
    Step({"en": "what about a scarf", "zh": "那 围巾 呢"}, _LOOKS),
    Step({"en": "the cheapest tea", "zh": "最便宜 的 茶"}, _wish("product_search")),
    Step({"en": "", "zh": ""}, _TELLS, press="recommend:more"),
    Step({"en": "", "zh": ""}, _TELLS, press="recommend:like:"),
)  # fmt: skip

_made = st.builds(
    Made,
    kind=st.sampled_from(sorted(_KINDS)),
    colour=st.sampled_from(sorted(_COLOURS)),
    price=st.integers(1, 300),
    stock=st.integers(0, 2),
    holds=st.sampled_from(["", "", *_HELD]),
    free=st.sampled_from(["", *_HELD]),
    low=st.sampled_from([None, 0, 3, 8]),
    weight=st.integers(1, 9),
)


def _faces(en: str, zh: str, value_en: str, value_zh: str) -> Mapping[str, Sequence[str]]:
    return {"en": [en, value_en], "zh": [zh, value_zh]}


def _attributes(one: Made) -> Attributes:
    told = {"weight": _faces("Weight", "净重", f"{one.weight}00 g", f"{one.weight}00克")}
    if one.holds:
        zh = f"含{_HELD[one.holds]}"
        told["ingredients"] = _faces("Ingredients", "配料", f"{one.holds} and more", zh)
    if one.free and one.free != one.holds:
        told["free_from"] = _faces("Free from", "不含", one.free, _HELD[one.free])
    if one.low is not None:
        until = one.low + 4
        told["age"] = _faces("Age", "适用年龄", f"{one.low}–{until} years", f"{one.low}–{until}岁")
    return told


async def _sold(chat: Chat, made: Sequence[Made]) -> None:
    """Two in a row of a kind are versions of one product."""

    async def work(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        some = await catalogue.get("p2")
        assert some is not None
        await catalogue.put_categories([Category(id="finds", name_zh="好物", name_en="Finds")])
        old = [replace(one, active=False) for one in await catalogue.active()]
        await catalogue.put_many([*old, *(_product(some, place, one) for place, one in enumerate(made))])

    await chat.store.write(work)


def _product(some: Product, place: int, one: Made) -> Product:
    return replace(
        some,
        id=f"n{place}",
        code=f"N{place}",
        name_zh=f"{place // 2}号{_KINDS[one.kind]}，{_COLOURS[one.colour]}",
        name_en=f"No {place // 2} {one.kind}, {one.colour}",
        description_zh="",
        description_en="",
        category_id="finds",
        brand="",
        group_id=f"g{place // 2}-{one.kind}",
        options={"colour": _faces("Colour", "颜色", one.colour, _COLOURS[one.colour])},
        attributes=_attributes(one),
        list_price=one.price * 100,
        stock=one.stock,
        active=True,
    )


def _need(language: str, kind: str, age: int | None, must_not: str, most: int) -> str:
    if language == "en":
        whom = f"my {age} year old nephew" if age is not None else "a friend"
        what = kind or "something"
        allergy = f", he's allergic to {must_not}" if must_not else ""
        return f"a present for {whom}, {what}{allergy}, no more than {most} yuan"
    whom = f"{age}岁 的 侄子" if age is not None else "朋友"
    allergy = f"，他对{_HELD[must_not]}过敏" if must_not else ""
    return f"送 {whom} {_KINDS.get(kind, '东西')} {allergy}，不超过{most}元"


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    made=st.lists(_made, min_size=6, max_size=10),
    language=st.sampled_from(["en", "zh"]),
    kind=st.sampled_from(["", *_KINDS]),
    age=st.sampled_from([None, None, 4, 9]),
    must_not=st.sampled_from(["", *_HELD]),
    most=st.integers(40, 250),
    steps=st.lists(st.sampled_from(_STEPS), min_size=1, max_size=5),
)
async def test_nothing_that_is_shown_breaks_what_was_told(
    new_chat: Callable[..., Chat],
    made: list[Made],
    language: str,
    kind: str,
    age: int | None,
    must_not: str,
    most: int,
    steps: list[Step],
) -> None:
    chat = new_chat(language=language, address=f"n{next(_numbers)}")
    await _sold(chat, made)
    told = [await chat.says(_need(language, kind, age, must_not, most), _LOOKS)]
    _check(told[-1], made, age, must_not, most)
    for step in steps:
        shown = _shown(told)
        if step.press.endswith(":"):
            reply = await chat.presses(f"{step.press}{(shown or ['n0'])[0]}")
        elif step.press:
            reply = await chat.presses(step.press)
        else:
            reply = await chat.says(step.texts[language], step.meaning)
        told.append(reply)
        _check(reply, made, age, must_not, most)


def _shown(told: Sequence[Reply | None]) -> list[str]:
    return [card.product_id for reply in reversed(told) if reply for card in reply.cards]


def _check(reply: Reply | None, made: Sequence[Made], age: int | None, must_not: str, most: int) -> None:
    for card in reply.cards if reply is not None else ():
        one = made[int(card.product_id[1:])]
        assert one.stock > 0, "sold out"
        assert one.price <= most, "above what may be spent"
        assert age is None or (one.low is not None and one.low <= age <= one.low + 4), "for another age"
        if must_not:
            assert one.holds != must_not, "holds what somebody must not have"
            touched = one.kind in ("snack", "tea", "morsel") or (one.kind == "scarf" and must_not == "wool")
            assert one.free == must_not or not touched, "not stated to be free of it"
