"""Nothing is filed before it is whole: what is missing is asked for, one question at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nlu.acts import Act
from storage.requests import Request, Requests
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning, does

TAX_NUMBER = "91330106MA27XA1234"
YES = does(Act.YES, intent="affirm")


async def made(chat: Chat) -> list[Request]:
    """The requests that are still to be decided, oldest first."""
    async with chat.store.read() as connection:
        return await Requests(connection).find()


async def test_a_building_alone_puts_the_orders_own_address_right(bought: Chat) -> None:
    await bought.says("A8000 改地址", "change_address")
    await bought.says("2栋1801", does(Act.GIVES, slots=(("address", "2栋1801"),)))
    (one,) = await made(bought)
    assert one.details["address"] == "杭州文三路 1 号2栋1801"


async def test_a_street_without_a_town_is_not_filed(bought: Chat) -> None:
    await bought.says("A8000 改地址", "change_address")
    asked = said(await bought.says("天目街7号", does(Act.GIVES, slots=(("address", "天目街7号"),))))
    assert "天目街7号" in asked
    assert not await made(bought)
    await bought.says("杭州市西湖区", does(Act.GIVES))
    (one,) = await made(bought)
    assert one.details["address"] == "杭州市西湖区天目街7号"


async def test_a_phone_number_that_lacks_a_digit_is_asked_for_again(bought: Chat) -> None:
    await bought.says("A8000 改地址", "change_address")
    told = (("address", "杭州市天目街7号"), ("phone", "1380000567"))
    assert "1380000567" in said(await bought.says("杭州市天目街7号 1380000567", does(Act.GIVES, slots=told)))
    assert not await made(bought)
    await bought.says("13800005678", does(slots=(("phone", "13800005678"),)))
    (one,) = await made(bought)
    assert (one.details["address"], one.details["phone"]) == ("杭州市天目街7号", "13800005678")


async def _company(chat: Chat) -> None:
    await chat.says("A1019 开发票", "invoice_request")
    assert "税号" in said(await chat.says("蓝天有限公司", does(Act.GIVES)))
    assert not await made(chat)


async def test_a_companys_invoice_needs_its_tax_number(bought: Chat) -> None:
    await _company(bought)
    await bought.says(TAX_NUMBER, does(slots=(("tax_number", TAX_NUMBER),)))
    (one,) = await made(bought)
    assert (one.details["title"], one.details["tax_number"]) == ("蓝天有限公司", TAX_NUMBER)


async def test_a_company_without_a_tax_number_says_so(bought: Chat) -> None:
    await _company(bought)
    await bought.says("没有税号", does(Act.NO))
    (one,) = await made(bought)
    assert one.details["tax_number"] == "–"


async def test_the_last_characters_of_a_tax_number_are_put_right(bought: Chat) -> None:
    await _company(bought)
    await bought.says(TAX_NUMBER, does(slots=(("tax_number", TAX_NUMBER),)))
    end = does(Act.CORRECTS, slots=(("tax_number", "2X"),))
    assert "91330106MA27XA122X" in said(await bought.says("最后两位是2X", end))
    (one,) = await made(bought)
    assert one.details["tax_number"] == "91330106MA27XA122X"


async def test_an_e_mail_address_that_is_none_is_asked_for_again(bought: Chat) -> None:
    told = (("invoice_title", "王小明"), ("email", "wang@qq"))
    first = Meaning(intents=(("invoice_request", 0.9),), slots=told)
    assert "wang@qq" in said(await bought.says("A1019 发票开给王小明，发到 wang@qq", first))
    assert not await made(bought)


async def test_what_is_added_to_a_version_is_kept_beside_it(bought: Chat) -> None:
    first = Meaning(intents=(("exchange_request", 0.9),), slots=(("colour", "深蓝"),))
    await bought.says("A1019 陶瓷杯换深蓝", first)
    await bought.says("数量改成3个", does(Act.ADDS, slots=(("quantity", "3个"), ("size", "大号"))))
    (one,) = await made(bought)
    assert "深蓝" in one.details["wanted"]
    assert "大号" in one.details["wanted"]


async def test_another_things_value_is_none_of_what_was_asked_of_the_shop(bought: Chat) -> None:
    where = (("address", "杭州市文三路2号"),)
    await bought.says("A8000 改地址", "change_address")
    await bought.says("杭州市文三路2号", does(Act.GIVES, slots=where))
    account = does(
        Act.ADDS,
        wishes=(("account_address", "账户地址也改成宁波市天目街7号"),),
        slots=(("address", "宁波市天目街7号"),),
    )
    await bought.says("账户地址也改成宁波市天目街7号", account)
    addresses = {one.kind: one.details["address"] for one in await made(bought)}
    assert addresses == {"change_address": "杭州市文三路2号", "account_address": "宁波市天目街7号"}


async def test_of_several_wishes_the_second_question_waits_for_the_first(bought: Chat) -> None:
    parts = (("cancel_order", "取消A8000"), ("invoice_request", "给A1019开发票"))
    for _, part in parts:
        bought.understander.script[part] = does()
    first = said(await bought.says("取消A8000，给A1019开发票", does(wishes=parts)))
    assert "要取消订单 A8000" in first
    assert "接着办" in first
    assert "抬头" not in first
    reply = said(await bought.says("对", YES))
    assert "抬头" in reply
    await bought.says("个人", does(Act.GIVES))
    assert {(one.kind, one.order_number) for one in await made(bought)} == {
        ("cancel_order", "A8000"),
        ("invoice", "A1019"),
    }


async def test_a_value_for_something_else_under_way_goes_there(bought: Chat) -> None:
    await bought.says("A8000 改地址", "change_address")
    aside = does(Act.ASIDE, wishes=(("invoice_request", "给A1019开发票"),))
    await bought.says("顺便给A1019开发票", aside)
    await bought.says("杭州市文三路2号", does(Act.GIVES, slots=(("address", "杭州市文三路2号"),)))
    (one,) = await made(bought)
    assert (one.kind, one.details["address"]) == ("change_address", "杭州市文三路2号")


async def test_a_no_may_name_what_is_wished_instead(bought: Chat) -> None:
    await bought.says("取消 A8000", "cancel_order")
    other = Meaning(intents=(("change_address", 0.7),), acts={Act.NO: 0.9}, wishes=())
    assert "收货信息" in said(await bought.says("不是，我是要改地址", other))
    assert not await made(bought)


async def test_a_refund_of_what_has_not_left_is_a_cancellation_read_back(bought: Chat) -> None:
    assert "要取消订单 A8000" in said(await bought.says("A8000 不要了，退钱", "refund_request"))
    assert not await made(bought)
    await bought.says("对", YES)
    (one,) = await made(bought)
    assert one.kind == "cancel_order"


@pytest.mark.parametrize("text", ["那我付款方式能换吗", "换成红色要多久"])
async def test_a_question_adds_nothing_to_what_was_asked_for(bought: Chat, text: str) -> None:
    await bought.says("A1019 开发票", "invoice_request")
    await bought.says("个人", does(Act.GIVES))
    before = await made(bought)
    await bought.says(text, does(wishes=(("payment_methods", text),), slots=(("payment_method", "付款"),)))
    assert await made(bought) == before


async def test_an_address_told_in_parts_is_put_together_whole_and_apart_from_where_the_order_goes(
    bought: Chat,
) -> None:
    await bought.says("A8000 改地址", "change_address")
    town = "武汉市洪山区"
    assert town in said(await bought.says(town, does(Act.GIVES, slots=(("address", town),))))
    assert not await made(bought)
    await bought.says("珞喻路88号 3栋1单元502", does(Act.GIVES, slots=(("address", "珞喻路88号"),)))
    (one,) = await made(bought)
    assert one.details["address"] == "武汉市洪山区珞喻路88号 3栋1单元502"


@pytest.mark.parametrize(
    ("text", "read", "address"),
    [
        (
            "8 Jasmine Street, unit 05-11, Leeds LS2 8AB please",
            "8 Jasmine Street, unit 05",
            "8 Jasmine Street, unit 05-11, Leeds LS2 8AB",
        ),
        ("it's 12 Mill Lane, flat 3, Brighton", "3", "12 Mill Lane, flat 3, Brighton"),
    ],
)
async def test_of_an_answer_that_is_an_address_nothing_is_cut_off(
    bought: Chat, text: str, read: str, address: str
) -> None:
    await bought.says("A8000 改地址", "change_address")
    await bought.says(text, does(Act.GIVES, slots=(("address", read),)))
    (one,) = await made(bought)
    assert one.details["address"] == address


async def test_a_yes_is_no_part_of_an_address(bought: Chat) -> None:
    await bought.says("A8000 改地址", "change_address")
    await bought.says("武汉市洪山区", does(Act.GIVES, slots=(("address", "武汉市洪山区"),)))
    assert "武汉市洪山区对" not in said(
        await bought.says("对", replace(does(Act.GIVES), intents=(("affirm", 0.9),)))
    )
