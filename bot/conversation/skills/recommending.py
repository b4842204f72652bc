"""What the shop recommends, and why, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from bot.conversation.answer import Answer, row
from bot.conversation.skills import product_words, which_product
from bot.conversation.turn import Skill, Turn
from retention.types import Recommendation
from storage.catalogue import Catalogue, Product

_SHOWN = 3
_OCCASIONS = """
热销 热卖 爆款 人气 畅销 排行 排行榜 热销榜 榜单 榜 单品 店长 必买 清单 销量 口碑 好评 评价 热门 流行 新品 一批 主意
建议 生日 节日 礼物 送礼 新年 圣诞 情人节 中秋 过年 婚礼 搬家 惊喜 介绍 挑 选 帮忙 最高 最好 受欢迎 专区
seller sellers bestseller bestsellers popular trending trendy rated rating ratings picks pick favourites favorites
favourite favorite ideas idea advice help choose choosing top hot staff customer customers guide list selling
birthday christmas xmas wedding anniversary valentine easter gifts presents surprise holiday housewarming party
"""
_NO_KIND = frozenset(_OCCASIONS.split())
"""What a wish for products of no kind in particular is put in."""
_SPOKEN = ("bought_together", "viewed_together", "buy_again", "similar_content", "new_product", "popular")


async def _recommend(turn: Turn) -> Answer:
    if turn.intent == "like":
        return await _like(turn)
    exclude = turn.memory.seen_product
    words = () if turn.intent == "more" else tuple(product_words.search_words(turn))
    named = await product_words.wished(turn) if words else []
    shown = None
    if named:
        # Of what was asked for there may be less than a list holds: nothing else fills it.
        shown = await _cards(turn, words=words, among=[product.id for product in named], exclude=exclude)
    otherwise = "search-found"
    if shown is None:
        otherwise = "recommend-unsure" if words and not named and _names_a_kind(turn) else "recommend-popular"
        shown = await _cards(turn, words=() if named else words, exclude=exclude)
    if shown is None:
        return Answer(text=turn.say("recommend-nothing"), memory=turn.memory.settled())
    personal = turn.customer_id is not None and any(
        reason.code in ("bought_together", "viewed_together", "buy_again")
        for item in shown[0]
        for reason in item.reasons
    )
    heading = "recommend-yours" if personal and otherwise != "recommend-unsure" else otherwise
    return await _answer(turn, turn.say(heading), *shown)


def _names_a_kind(turn: Turn) -> bool:
    """Whether products of some kind are wished for, and not only what sells well, an occasion, or somebody."""
    if turn.wants_others or turn.told("recipient"):
        return False
    return any(word.casefold() not in _NO_KIND for word in product_words.naming_words(turn))


async def _like(turn: Turn) -> Answer:
    product = await Catalogue(turn.connection).get(turn.argument)
    if product is None:
        return Answer(text=turn.say("product-gone"))
    exclude = (*turn.memory.seen_product, product.id)
    shown = await _cards(turn, category=product.category_id, exclude=exclude)
    if shown is None:
        return Answer(text=turn.say("recommend-nothing"), memory=turn.memory.settled())
    return await _answer(turn, turn.say("recommend-like", name=product.name(turn.language)), *shown)


async def _cards(
    turn: Turn,
    *,
    words: Sequence[str] = (),
    category: str | None = None,
    among: Collection[str] | None = None,
    exclude: Collection[str],
) -> tuple[list[Recommendation], dict[str, Product]] | None:
    items = await turn.services.decisions.recommend(
        turn.connection,
        customer_id=turn.customer_id,
        n=_SHOWN,
        now=turn.now,
        words=words,
        category=category,
        among=among,
        exclude=frozenset(exclude),
    )
    named = {reason.product for item in items for reason in item.reasons if reason.product}
    products = (
        await Catalogue(turn.connection).by_ids({item.product for item in items} | named) if items else {}
    )
    # Deleted or sold out since the model last looked: not shown.
    items = [item for item in items if item.product in products and products[item.product].active]
    return (items, products) if items else None


async def _answer(
    turn: Turn, head: str, items: Sequence[Recommendation], products: dict[str, Product]
) -> Answer:
    whys = {item.product: why(turn, item, products) for item in items}
    return Answer(
        text=head,
        cards=await which_product.cards(
            turn, [products[item.product] for item in items], lambda product: whys[product.id]
        ),
        buttons=row(turn.button("button-more", "recommend:more")),
        memory=turn.memory.showing(tuple(item.product for item in items)),
        effects=(partial(turn.record_shown, items),),
    )


def why(turn: Turn, item: Recommendation, products: dict[str, Product]) -> str:
    """The first reason that means something to a customer."""
    for reason in item.reasons:
        other = products.get(reason.product) if reason.product else None
        if reason.code not in _SPOKEN:
            continue
        if other is not None and reason.code in ("bought_together", "viewed_together", "similar_content"):
            return turn.say(f"reason-{reason.code}-of", name=other.name(turn.language))
        return turn.say(f"reason-{reason.code}")
    return ""


SKILLS = (
    Skill(
        name="recommend",
        only_tells=True,
        answer=_recommend,
        intents=("recommend_request",),
        actions=("recommend",),
        regrets=False,
    ),
)
