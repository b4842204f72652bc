"""Buttons of what is under way: pressed late, twice, beside another task, and after more was told."""

from __future__ import annotations

from nlu.acts import Act
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, said
from tests.bot.conversation.test_tasks import CANCEL, YES, first, made, says, wishes
from tests.fakes import does


async def test_buttons_of_an_old_keyboard_do_what_still_can_be_done(bought: Chat) -> None:
    reply = await bought.says("取消 A8000", "cancel_order")
    yes = action(reply, "change:cancel-yes")
    await bought.says("算了", does(Act.WITHDRAWS))
    await bought.presses(yes)
    await bought.presses(yes)
    assert len(await made(bought)) == 1
    await bought.says("不取消了", does(Act.WITHDRAWS))
    await bought.store.write(lambda c: shop.add_order(c, "o8", "A8000", "shipped"))
    assert "取消不了了" in said(await bought.presses(yes))
    assert not await made(bought)
    assert "过期" in said(await bought.presses("change:cancel-yes:o3")) or not await made(bought)


async def test_a_button_of_one_task_leaves_the_other_open(bought: Chat) -> None:
    await says(bought, CANCEL)
    title = await bought.says("顺便给A1019开发票", wishes("invoice_request", "给A1019开发票", Act.ASIDE))
    await bought.presses(action(title, "invoice:personal"))
    await bought.says("A8000 取消吧", wishes("cancel_order", "取消吧"))
    await bought.says("对", YES)
    assert {one.kind for one in await made(bought)} == {"cancel_order", "invoice"}


async def test_the_button_keeps_what_was_told_before_it(bought: Chat) -> None:
    told = first("invoice_request", slots=(("email", "a@b.cn"),))
    title = await bought.says("A1019 开发票发到 a@b.cn", told)
    await bought.presses(action(title, "invoice:personal"))
    (one,) = await made(bought)
    assert (one.details["title"], one.details["email"]) == ("personal", "a@b.cn")
