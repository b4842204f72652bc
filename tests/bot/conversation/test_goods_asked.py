"""What is asked of goods: which are named, what they are like, how they differ, what several cost together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.catalogue import Catalogue, Product
from storage.coupons import Coupon, Coupons
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_variants import face
from tests.fakes import Meaning, means

COMPARES = Meaning(intents=(("product_compare", 0.9),), wishes=(("product_compare", "which"),))
WATER = ("防水等级", "Water resistance")
WEIGHT = ("净重", "Weight")


async def _sold(connection: AsyncConnection) -> None:
    cup = await Catalogue(connection).get("p2")
    assert cup is not None

    def made(code: str, names: tuple[str, str], price: int, **facts: dict[str, list[str]]) -> Product:
        bare = replace(cup, id=code, code=code.upper(), name_zh=names[0], name_en=names[1], list_price=price)
        texts = {"description_zh": "很好用。", "description_en": "Made to last. Folds flat."}
        return replace(bare, attributes=facts, stock=9, category_id=None, **texts)

    kettles = [
        replace(
            made(
                f"k{litres}", (f"电热水壶 {litres}升", f"Electric kettle, {litres} L"), 10_000 + 4_000 * place
            ),
            group_id="kettle",
            options={"capacity": face(("容量", "Capacity"), (f"{litres}升", f"{litres} L"))},
        )
        for place, litres in enumerate((1, 2))
    ]
    await Catalogue(connection).put_many(
        [
            made(
                "s1",
                ("便携蓝牙音箱", "Portable Bluetooth speaker"),
                25_900,
                water=face(WATER, ("IP67", "IP67")),
            ),
            made(
                "e1",
                ("半入耳蓝牙耳机", "Half in-ear Bluetooth earbuds"),
                22_800,
                water=face(WATER, ("IPX4", "IPX4")),
                weight=face(WEIGHT, ("40克", "40 g")),
            ),
            made(
                "h1",
                ("头戴式耳机", "Studio headphones"),
                61_600,
                weight=face(WEIGHT, ("252克", "252 g")),
                battery=face(("续航", "Battery life"), ("45小时", "45 h")),
            ),
            made("j1", ("羊毛衫", "Wool jumper"), 24_200, care=face(("洗涤", "Care"), ("手洗", "hand wash"))),
            made(
                "t1",
                ("亚麻裤", "Linen trousers"),
                9_900,
                care=face(("洗涤", "Care"), ("机洗", "machine wash")),
            ),
            made(
                "b1",
                ("燕麦棒", "Oat bars"),
                3_000,
                ingredients=face(("配料", "Ingredients"), ("燕麦、蜂蜜", "oats, honey")),
            ),
            made("r1", ("跑鞋", "Running shoes"), 41_700, sizes=face(("尺码", "Sizes"), ("36–41", "36–41"))),
            made("g1", ("玻璃花茶壶", "Glass kettle"), 8_000, weight=face(WEIGHT, ("600克", "600 g"))),
            *kettles,
        ]
    )


@pytest.fixture
async def sold(chat: Chat) -> Chat:
    await chat.store.write(_sold)
    return chat


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("is the bluetooth speaker waterproof ?", "Yes – Water resistance: IP67"),
        ("蓝牙音箱 防水 吗", "是的，防水等级：IP67"),
        (
            "are the bluetooth earbuds waterproof ?",
            "Yes – Water resistance: IPX4 (splashes, not under water)",
        ),
        ("can I swim with the bluetooth earbuds ?", "No – Water resistance: IPX4"),
        ("how heavy are the studio headphones ?", "Weight: 252 g"),
        ("头戴式耳机 续航 多久", "续航：45小时"),
        ("does the studio headphones battery last 40 hours ?", "Yes – Battery life: 45 h"),
        ("does the studio headphones battery last 60 hours ?", "No – Battery life: 45 h"),
        ("can the wool jumper go in a machine wash ?", "No – Care: hand wash"),
        ("do the running shoes come in size 43 ?", "No – Sizes: 36–41"),
        ("do the running shoes come in size 39 ?", "Yes – Sizes: 36–41"),
        ("do the oat bars fold flat ?", "The shop writes of Oat bars: “Folds flat.”"),
    ],
)
async def test_the_verdict_and_the_fact_come_first(sold: Chat, text: str, answer: str) -> None:
    reply = said(await sold.says(text, "product_question"))
    assert answer in reply


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("how heavy is the bluetooth speaker ?", "I found nothing on just that"),
        ("蓝牙音箱 多重", "没有找到这一点"),
        ("does the bluetooth speaker have a microphone ?", "I found nothing on just that (microphone)"),
    ],
)
async def test_what_the_shop_does_not_state_is_said_to_be_not_stated(
    sold: Chat, text: str, answer: str
) -> None:
    reply = said(await sold.says(text, "product_question"))
    assert answer in reply
    assert "IP67" in reply


@pytest.mark.parametrize("text", ["do the oat bars contain nuts ?", "are the oat bars safe for babies ?"])
async def test_of_what_may_harm_somebody_nothing_is_concluded(sold: Chat, text: str) -> None:
    reply = said(await sold.says(text, "product_question"))
    assert "I won't guess about that" in reply
    assert "oats, honey" in reply
    assert not reply.startswith(("Yes", "No"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "the bluetooth earbuds or the studio headphones , which is cheaper ?",
            "Bluetooth earbuds is cheaper: ¥228.00",
        ),
        ("半入耳蓝牙耳机 和 头戴式耳机 哪个 轻", "半入耳蓝牙耳机更轻：40克"),
        ("the bluetooth earbuds or the studio headphones , which lasts longer ?", "not stated"),
        ("which electric kettle is bigger ?", "2 L is bigger: 2 L against 1 L"),
        ("the bluetooth earbuds and the studio headphones , what differs ?", "Price: ¥228.00 / ¥616.00"),
    ],
)
async def test_what_is_compared_is_answered_first(sold: Chat, text: str, answer: str) -> None:
    assert answer in said(await sold.says(text, COMPARES))


async def test_what_is_left_open_by_a_comparison_goes_on(sold: Chat) -> None:
    await sold.says("the bluetooth earbuds or the studio headphones , which is cheaper ?", COMPARES)
    assert "Weight: 40 g" in said(await sold.says("how heavy is it ?", "product_question"))
    total = said(await sold.says("both together , how much ?", "price_question"))
    assert "Altogether ¥844.00" in total


async def test_several_cost_so_much_with_the_coupon_that_takes_off_most(sold: Chat) -> None:
    def coupon(
        code: str, *, amount: int | None = None, percent: float | None = None, least: int = 0
    ) -> Coupon:
        return Coupon(
            code=code,
            customer_id=None,
            amount=amount,
            percent=percent,
            currency="CNY",
            min_spend=least,
            valid_from=shop.NOW - timedelta(days=1),
            valid_until=None,
        )

    coupons = [
        coupon("TEN", percent=10),
        coupon("FIVE", amount=500),
        coupon("BIG", amount=90_000, least=10**6),
    ]
    await sold.store.write(lambda connection: Coupons(connection).put_many(coupons))
    await sold.says("is the bluetooth speaker waterproof ?", "product_question")
    two = Meaning(intents=(("price_question", 0.9),), slots=(("quantity", "two"),))
    reply = said(await sold.says("how much for two ?", two))
    assert "¥518.00 for 2 × Portable Bluetooth speaker (¥259.00 each)" in reply
    assert "TEN" in reply
    assert "¥466.20" in reply
    counted = Meaning(intents=(("price_question", 0.9),), slots=(("quantity", "2"),))
    reply = said(await sold.says("2 bluetooth speaker and the studio headphones , how much ?", counted))
    assert "Altogether ¥1,134.00" in reply


async def test_so_many_of_one_version_and_of_another(sold: Chat) -> None:
    both = Meaning(intents=(("price_question", 0.9),), slots=(("quantity", "三个"), ("quantity", "一个")))
    reply = said(await sold.says("电热水壶 1升 三个 加 2升 一个 一共 多少钱", both))
    assert "¥440.00" in reply


async def test_more_than_there_are_is_said(sold: Chat) -> None:
    many = Meaning(intents=(("price_question", 0.9),), slots=(("quantity", "12"),))
    assert "Only 9 of" in said(await sold.says("12 of the studio headphones , how much ?", many))


async def test_the_postage_is_what_the_pages_say_of_it(sold: Chat) -> None:
    sold.pages.passages = {"How much is shipping?": "Free from ¥99. Otherwise ¥8."}
    two = Meaning(intents=(("price_question", 0.9),), slots=(("quantity", "two"),))
    reply = said(await sold.says("how much for two studio headphones ?", two))
    assert "Postage: Free from ¥99." in reply
    assert "Otherwise" not in reply


async def test_cheaper_ones_of_the_kind_are_shown_and_not_the_coupons(sold: Chat) -> None:
    await sold.says("is the 2 L electric kettle good ?", "product_question")
    reply = await sold.says("anything cheaper ?", replace(means("discount_request"), others=True))
    assert reply is not None
    assert [card.product_id for card in reply.cards] == ["k1"]
    assert "cheaper than Electric kettle, 2 L" in reply.text


async def test_the_versions_are_counted_with_their_prices(sold: Chat) -> None:
    await sold.says("tell me about the electric kettle", "product_question")
    reply = said(await sold.says("what versions are there ?", "product_question"))
    assert "comes in 2 versions" in reply
    assert "1 L: ¥100.00" in reply
    assert "2 L: ¥140.00" in reply


async def test_the_second_of_the_versions_on_one_card(sold: Chat) -> None:
    await sold.says("electric kettle", "product_search")
    assert "¥140.00" in said(await sold.says("how much is the second one ?", "price_question"))


async def test_a_products_own_warranty_goes_before_the_pages(sold: Chat) -> None:
    sold.pages.passages = {"wash": "Wash everything cold."}
    await sold.says("tell me about the wool jumper", "product_question")
    assert "Care: hand wash" in said(await sold.says("how do I wash it ?", "usage_help"))


async def test_the_whole_name_goes_before_parts_of_it_and_what_is_open_is_asked(sold: Chat) -> None:
    assert "Weight: 600 g (Glass kettle)" in said(
        await sold.says("how heavy is the glass kettle ?", "product_question")
    )
    reply = await sold.says("how heavy is a kettle ?", "product_question")
    assert reply is not None
    assert {card.title for card in reply.cards} == {"Glass kettle", "Electric kettle, 1 L"}


async def test_what_a_lock_may_have_is_no_other_product(sold: Chat) -> None:
    await sold.says("how heavy are the studio headphones ?", "product_question")
    reply = said(await sold.says("does it have a speaker ?", "product_question"))
    assert "Studio headphones" in reply
    assert "Bluetooth speaker" not in reply


@pytest.mark.parametrize(
    ("text", "meaning"), [("what is the cheapest shipping ?", "shipping_fee"), ("太贵 了", "price_question")]
)
async def test_dear_and_cheap_compare_no_versions_where_that_is_not_asked(
    sold: Chat, text: str, meaning: str
) -> None:
    await sold.says("tell me about the electric kettle", "product_question")
    assert "¥140.00" not in said(await sold.says(text, meaning))


@pytest.mark.parametrize(
    ("text", "read_as", "answer"),
    [
        ("how to wash the wool jumper", "usage_help", "hand wash"),
        ("头戴式耳机 多少克", "price_question", "252克"),
    ],
)
async def test_a_product_that_is_named_is_told_of_whatever_the_question_was_taken_for(
    sold: Chat, text: str, read_as: str, answer: str
) -> None:
    assert answer in said(await sold.says(text, read_as))


@pytest.mark.parametrize(
    ("asked", "other", "answer"),
    [
        ("how heavy are the studio headphones ?", "and the bluetooth earbuds ?", "Weight: 40 g"),
        ("头戴式耳机 多重", "蓝牙耳机 呢", "净重：40克"),
    ],
)
async def test_what_was_asked_of_one_product_is_told_of_the_next_that_is_only_named(
    sold: Chat, asked: str, other: str, answer: str
) -> None:
    await sold.says(asked, "product_question")
    assert answer in said(await sold.says(other, Meaning(intents=())))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("how much is the large electric kettle ?", "¥140.00"),
        ("电热水壶 大号 多少钱", "¥140.00"),
    ],
)
async def test_the_large_one_is_the_version_with_most(sold: Chat, text: str, answer: str) -> None:
    reply = said(await sold.says(text, "price_question"))
    assert answer in reply
    assert len({"¥100.00", "¥140.00"} & set(reply.replace(",", " ").replace("，", " ").split())) < 2
