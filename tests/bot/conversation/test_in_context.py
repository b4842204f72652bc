"""What a message does where it stands: plainly enough or not, of another order, told later, said a second time."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bot.conversation.memory import Memory, OpenTask
from bot.conversation.registry import REGISTRY
from bot.conversation.skills.language import of_words
from bot.conversation.skills.order_lines import meant
from bot.conversation.turn import Asked, Slot
from nlu.acts import Act, Question
from nlu.types import DialogueContext, Understanding
from nlu.workshop.dialogues import labels
from storage.orders import OrderLine
from storage.requests import WITHDRAWN, Request, Requests
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning, ScriptedUnderstander, does

YES = does(Act.YES)
CHATTED = (("chitchat", 0.3),)


def unsure(act: Act, chance: float = 0.6) -> Meaning:
    """A message that rather does this, and by its own words alone does nothing."""
    return Meaning(intents=CHATTED, acts={act: chance}, wishes=())


async def requests(chat: Chat) -> dict[str, Request]:
    """Those of the conversation that stand, by kind."""
    conversation = (await chat.contact()).conversation.id
    async with chat.store.read() as connection:
        made = await Requests(connection).of_conversation(conversation)
    return {one.kind: one for one in made if one.note != WITHDRAWN}


async def _cancelled(chat: Chat) -> None:
    await chat.says("取消 A8000", "cancel_order")
    await chat.says("好的", YES)
    assert (await requests(chat))["cancel_order"].order_number == "A8000"


async def test_a_yes_that_only_the_context_tells_is_asked_for_again(bought: Chat) -> None:
    await bought.says("取消 A8000", "cancel_order")
    assert "取消" in said(await bought.says("然后呢", unsure(Act.YES, 0.99)))
    assert not await requests(bought)
    await bought.says("好的", YES)
    assert "cancel_order" in await requests(bought)


@pytest.mark.parametrize(("answer", "left"), [(YES, 0), (does(Act.NO), 1)])
async def test_what_may_take_a_request_back_is_asked_about_first(
    bought: Chat, answer: Meaning, left: int
) -> None:
    await _cancelled(bought)
    assert "撤回" in said(await bought.says("要不还是算了吧", unsure(Act.WITHDRAWS)))
    assert len(await requests(bought)) == 1
    await bought.says("就这样", answer)
    assert len(await requests(bought)) == left


async def test_what_plainly_takes_it_back_does_so_at_once(bought: Chat) -> None:
    await _cancelled(bought)
    assert "撤回" in said(await bought.says("不取消了", unsure(Act.WITHDRAWS, 0.95)))
    assert not await requests(bought)


async def test_another_order_meant_takes_back_the_first_and_asks_for_that(bought: Chat) -> None:
    await _cancelled(bought)
    reply = said(await bought.says("弄错了，是 A9000", unsure(Act.CORRECTS, 0.95)))
    assert "A9000" in reply
    assert not await requests(bought)
    await bought.says("好的", YES)
    assert (await requests(bought))["cancel_order"].order_number == "A9000"


async def test_another_order_that_may_be_meant_takes_nothing_back(bought: Chat) -> None:
    await _cancelled(bought)
    await bought.says("那 A9000 呢", unsure(Act.CORRECTS))
    assert (await requests(bought))["cancel_order"].order_number == "A8000"


@pytest.mark.parametrize("text", ["真不错", "surprise me"])
async def test_words_that_can_be_no_address_are_not_taken_for_one(bought: Chat, text: str) -> None:
    await bought.says("A8000 改地址", "change_address")
    await bought.says(text, does(Act.GIVES))
    assert not await requests(bought)
    await bought.says("杭州市文三路 2 号", does(Act.GIVES))
    assert "change_address" in await requests(bought)


async def test_how_money_comes_back_is_added_without_being_asked_for(bought: Chat) -> None:
    await bought.says("A1019 想退货", "return_request")
    await bought.says("不喜欢", does(Act.GIVES))
    await bought.says("都是", does(Act.GIVES, points=(0, 1)))
    paid = does(slots=(("payment_method", "支付宝"),), wishes=(("refund_request", "钱退到支付宝"),))
    assert "补充" in said(await bought.says("钱退到支付宝", paid))
    made = await requests(bought)
    assert set(made) == {"return"}
    assert made["return"].details["payment_method"] == "支付宝"


async def test_a_change_of_what_has_arrived_is_an_exchange_and_the_reverse(bought: Chat) -> None:
    assert "换货" in said(await bought.says("A1019 改一下", "change_order"))
    other = Meaning(intents=CHATTED, wishes=(("exchange_request", "A8000 换一个"),))
    assert "A8000" in said(await bought.says("A8000 换一个", other))
    await bought.says("龙井茶", does(Act.GIVES))
    await bought.says("大袋的", does(Act.GIVES))
    assert set(await requests(bought)) == {"change_order"}


async def test_an_address_told_where_a_change_is_asked_for_changes_the_address_alone(bought: Chat) -> None:
    await bought.says("A8000 能改一下吗", "change_order")
    told = (("address", "杭州市文三路2号3栋502"),)
    wish = does(slots=told, wishes=(("change_address", "改成 杭州市文三路2号3栋502"),))
    filed = said(await bought.says("改成 杭州市文三路2号3栋502", wish))
    assert "哪一件" not in filed
    # Were the change still asked about, this would be taken for it.
    await bought.says("不对 是5栋", does(Act.CORRECTS, slots=(("address_part", "5栋"),)))
    made = await requests(bought)
    assert set(made) == {"change_address"}
    assert made["change_address"].details["address"] == "杭州市文三路2号5栋502"


@pytest.mark.parametrize(
    ("text", "spoken", "language"),
    [
        ("发到 zhangwei@example.com", "en", "zh"),
        ("send it to me@example.com", "en", "en"),
        ("me@a.com", "en", "zh"),
    ],
)
def test_an_e_mail_address_is_in_no_language(text: str, spoken: str, language: str) -> None:
    turn: Any = SimpleNamespace(language="zh", memory=Memory())
    read: Any = SimpleNamespace(text=text, language=spoken, understood=True)
    assert of_words(turn, read) == language


async def test_what_is_asked_by_a_question_of_its_own_is_told_again(chat: Chat) -> None:
    chat.pages.passages["到付"] = "可以货到付款，手续费 5 元。"
    first = said(await chat.says("可以到付吗", "payment_methods"))
    again = said(await chat.says("新疆到付也行吗", "payment_methods"))
    assert first in again
    assert again != first


async def test_a_wish_said_in_a_whole_sentence_answers_the_question_for_it(bought: Chat) -> None:
    await bought.says("A1019 想退货", "return_request")
    again = Meaning(intents=(("return_request", 0.9),), acts={Act.ASIDE: 0.9})
    await bought.says("我要退陶瓷杯，杯口有裂缝", again)
    assert "陶瓷杯" in (await requests(bought))["return"].details["items"]


async def test_what_is_nearly_understood_is_answered_where_that_does_nothing_else(bought: Chat) -> None:
    faint = Meaning(intents=(("order_status", 0.2),), understood=False)
    assert "A1024" in said(await bought.says("俺那个 A1024 嘞", faint))
    # A setting is none that may be changed on a guess.
    setting = Meaning(intents=(("cancel_order", 0.2),), understood=False)
    assert "您是想问" in said(await bought.says("那个啥", setting))
    assert not await requests(bought)


async def test_the_nearest_passage_is_shown_as_such_before_giving_up(chat: Chat) -> None:
    chat.pages.passages["腌菜坛"] = "腌菜坛要放在阴凉处。"
    nothing = Meaning(intents=CHATTED, understood=False)
    assert "阴凉处" in said(await chat.says("腌菜坛咋整", nothing))


async def test_the_same_answer_is_not_given_twice(bought: Chat) -> None:
    first = said(await bought.says("A1024 到哪了", "order_status"))
    again = said(await bought.says("A1024 呢", "order_status"))
    third = said(await bought.says("A1024 啊", "order_status"))
    assert "没有新的变化" in again
    assert len({first, again, third}) == 3


async def test_thanks_may_be_answered_alike(chat: Chat) -> None:
    assert said(await chat.says("谢谢", "thanks")) == said(await chat.says("谢谢", "thanks"))


async def test_who_tells_more_of_what_they_look_for_goes_on_looking(chat: Chat) -> None:
    await chat.says("推荐一下", "recommend_request")
    more = does(Act.ADDS, slots=(("taste", "喝茶"),), wishes=())
    chat.understander.script["推荐一下\n她爱喝茶"] = Meaning(intents=(("recommend_request", 0.9),))
    reply = await chat.says("她爱喝茶", more)
    assert reply is not None
    assert [card.product_id for card in reply.cards] == ["p1"]


async def test_what_is_told_of_a_search_is_not_added_to_a_request_made_before(bought: Chat) -> None:
    await _cancelled(bought)
    await bought.says("推荐一下", "recommend_request")
    bought.understander.script["推荐一下\n她爱喝茶"] = Meaning(intents=(("recommend_request", 0.9),))
    more = does(Act.ADDS, slots=(("taste", "喝茶"),), wishes=())
    assert "补充" not in said(await bought.says("她爱喝茶", more))
    assert "喝茶" not in str((await requests(bought))["cancel_order"])


async def test_the_second_is_that_of_what_was_shown_last(bought: Chat) -> None:
    await bought.says("A1024 到哪了", "order_status")
    await bought.says("推荐一下", "recommend_request")
    shown = Memory.recall((await bought.contact()).conversation.memory, bought.now)
    second = shown.products[1]
    names = {"p1": "龙井茶", "p2": "陶瓷杯", "p3": "竹茶盘", "p4": "旧茶壶"}
    wish = does(points=(1,), intent="price_question")
    assert names[second] in said(await bought.says("第二个多少钱", wish))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("the Action Camera", {"camera-a"}),
        ("Action Camera and the Digital Camera", {"camera-a", "camera-d"}),
        ("the blue Earbuds", {"blue"}),
        ("the Earbuds", {"blue", "black"}),
        ("the one with the zoom 3x", {"camera-d"}),
    ],
)
def test_products_are_meant_by_the_whole_of_their_names(text: str, names: set[str]) -> None:
    titles = {
        "camera-a": "Action Camera, glass lens",
        "camera-d": "Digital Camera, zoom 3x",
        "blue": "Earbuds, color blue",
        "black": "Earbuds, color black",
    }
    lines = tuple(
        OrderLine(product_id=name, quantity=1, unit_price=1, name_zh=title, name_en=title)
        for name, title in titles.items()
    )
    read = SimpleNamespace(words=tuple(text.split()), entities=())
    turn: Any = SimpleNamespace(text=text, understanding=read, pointed_at=(), language="en")
    order: Any = SimpleNamespace(lines=lines)
    found = meant(turn, order, OpenTask(name="return"))
    assert set(filter(None, found.split("\n"))) == names


def test_the_version_that_is_wanted_names_no_other_product() -> None:
    names = ("Tea Kettle, material steel", "Bookshelf, material glass")
    lines = tuple(
        OrderLine(product_id=name, quantity=1, unit_price=1, name_zh=name, name_en=name) for name in names
    )
    text = "material glass instead"
    read = SimpleNamespace(words=tuple(text.split()), entities=())
    turn: Any = SimpleNamespace(text=text, understanding=read, pointed_at=(), language="en")
    order: Any = SimpleNamespace(lines=lines)
    known = OpenTask(name="change_items", values={"items": names[0]})
    assert meant(turn, order, known) == names[0]


@pytest.mark.parametrize(
    ("slot", "asked"),
    [
        (Slot(name="title", told_by=("invoice_title",)), Asked(kind="value", slot="invoice_title")),
        (Slot(name="items", lists_lines=True), Asked(kind="choice", slot="item")),
        (Slot(name="note"), Asked(kind="value", slot="note")),
    ],
)
def test_a_slot_is_asked_for_by_what_tells_it(slot: Slot, asked: Asked) -> None:
    assert slot.asked_as == asked


def test_the_reader_knows_what_slots_are_told_by() -> None:
    told = {name for task in REGISTRY.tasks.values() for slot in task.slots for name in slot.told_by}
    assert told <= set(labels.SLOTS)


async def test_the_reader_is_told_what_was_asked_for(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Question | None] = []
    read = ScriptedUnderstander.understand

    def reading(
        self: ScriptedUnderstander, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        seen.append(dialogue.state.question if dialogue is not None else None)
        return read(self, texts, dialogue)

    monkeypatch.setattr(ScriptedUnderstander, "understand", reading)
    await chat.link()
    await chat.says("A1024 开发票", "invoice_request")
    seen.clear()
    await chat.says("嗯……", CHATTED[0][0])
    assert Question(kind="value", task="invoice", slot="invoice_title") in seen
