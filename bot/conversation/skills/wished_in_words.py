"""Wishes that no intent of the reader's stands for, by words that always mean them; and what else a reader takes such
a message for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.conversation.ownership import case_named
from bot.conversation.phrases import asks, word_test
from nlu.types import EntityKind, Understanding

_of_an_order = word_test(
    "包裹 快递 订单 物流 退款 发票", "order parcel package delivery deliver* refund invoice courier tracking"
)
refuses = word_test(
    "不用 不必 不要 别 不需要 用不着 取消 撤回 不想 算了",
    "don't dont do_not no_need no_longer not stop cancel forget anymore any_more never_mind nevermind",
)
_informs = word_test(
    "告诉 通知 提醒 说一声 叫我 喊我 知会 吱一声 滴我",
    "give_me_a_shout give_us_a_shout give_me_a_heads_up drop_me_a_line"
    " tell_me let_me_know notify_me notif* ping_me message_me remind* alert* text_me write_me write_to_me email_me"
    " tell_us let_us_know",
)
_comes_back = word_test(
    "到货 补货 来货 重新上架 有货了 有货…告诉 有货…通知 有货…提醒 有货…说一声 有货…叫我",
    "back_in_stock in_stock_again available_again back_in restock* it's_back is_back they're_back are_back be_back"
    " comes_back come_back back_on_sale once_in_stock when_in_stock",
)


_once_there = word_test("到了 到货 有了 有货 来了 补了 回来 到时", "when once as_soon_as")


def takes_notice(text: str) -> bool:
    """Whether somebody wants to be told once it is so far, of whatever was spoken of."""
    return _informs(text) and _once_there(text) and not (refuses(text) or _of_an_order(text) or "?" in text)


def asks_for_restock(text: str) -> bool:
    """Whether somebody wants to be told when something is back, or no longer."""
    return _informs(text) and _comes_back(text) and not _of_an_order(text)


def drops(last: str, read: Understanding) -> bool:
    """Whether a message says of a notice that was asked for just before that it is no longer needed."""
    return last == "restock_notice" and read.intent == "deny" and refuses(read.text)


_bulk = word_test(
    "批量 团购 大批 大量 批发 采购 集采 报价 报个价 公司 企业 单位 学校 员工",
    "bulk wholesale quote quotation offer company business office team staff employees school event resell*",
)
_quotation = word_test(
    "报个价 报一个价 报价单 给个报价 出个价 出个报价 给报个价",
    "quotation a_quote quote_us quote_me bulk_order put_together_a_price quote_to quote_for",
)
_asks_how_many_are_sold = word_test(
    "怎么 如何 最少 起订 起订量 几件起", "how_do how_can how_does minimum least"
)
"""The pages say it; nothing is asked of the shop yet."""
_MANY = 10
_PLACES_ZH = (
    "前台",
    "门卫",
    "保安",
    "门口",
    "驿站",
    "快递柜",
    "丰巢",
    "物业",
    "传达室",
    "邻居",
    "隔壁",
    "车库",
    "信箱",
)
_PUTS = ("leave", "put", "pop", "drop", "stick", "hide")
_PLACES_EN = (
    "shed", "porch", "garage", "back_door", "behind_the_bins", "gate", "reception", "front_desk", "concierge",
    "neighbour", "neighbor", "neighbours", "neighbors", "next_door", "hallway", "safe_place", "letterbox", "mailbox",
)  # fmt: skip
"""Where a parcel may be put, which nobody asks of goods."""
_couriers = word_test(
    "放门卫 放到门卫 放在门卫 放保安 放门口 放到门口 放在门口 放驿站 放到驿站 放在驿站 放快递柜 放到快递柜 放在快递柜"
    " 放丰巢 放前台 放到前台 放在前台 放物业 放到物业 放在物业 放菜鸟 放代收点 放到代收点 放传达室 放收发室 放邻居"
    " 别敲门 不要敲门 别按门铃 不要按门铃"
    " 送之前…电话 送前…电话 送货前…电话 送到前…电话 派送前…电话 派件前…电话 配送前…电话 到之前…电话 到了…打电话"
    " 到了…打我电话 周末…再送 工作日…送 晚上…再送 下班后…送",
    "leave_it_with leave_it_at_the leave_it_at_my leave_it_at_number leave_it_by leave_it_in leave_it_outside"
    " leave_the_parcel leave_the_package"
    " leave_my_parcel leave_my_package leave_with_the leave_at_the leave…with_the_guard leave…with_reception"
    " leave…with…neighbour leave…with…neighbor ring_before call_before phone_before call_me_before ring_me_before"
    " ring…before_deliver* ring…before_drop* call…before_deliver* call…before_drop* ring_the_bell don't_ring"
    " do_not_ring don't_knock do_not_knock deliver…after deliver_only put_it_in_the_locker in_the_parcel_locker"
    " take_it_in take_them_in take_the_parcel_in",
    " ".join(f"{verb}…{place}" for verb in ("放", "交给", "留给", "塞") for place in _PLACES_ZH),
    " ".join(f"{verb}…{place}" for verb in _PUTS for place in _PLACES_EN),
)
_promised = word_test("说好 答应 承诺 说过", "promised never_came was_told said_you_would no_call")
_makes_complaint = word_test("投诉", "complain complaint complaining")
_denied = word_test("不是投诉 没投诉", "not_a_complaint no_complaint isn't_a_complaint")
_asks_how = word_test(
    "怎么投诉 如何投诉 哪里投诉 在哪投诉 怎样投诉 向谁投诉 不投诉 不想投诉",
    "how where who whom what's_the address complaints don't_want_to_complain not_complaining",
)
_past = word_test(
    "已经 被放 是放 放了 放的 为什么 怎么 凭什么 没放", "left why was were didn't did_not already has_been"
)
_calls = word_test(
    "给我打电话 给我打个电话 给我打一个电话 给我回电话 给我回个电话 给我来个电话 回我电话 回个电话 回一个电话 打给我"
    " 致电给我 打我电话 打我手机 电话联系我 打个电话给我 打电话给我 回电给我 给我回电 来个电话 电话里说 电话里聊",
    "call_me_back call_me_at call_me_on call_me_tomorrow call_me_today call_me_later call_me_please call_me_this"
    " call_me_in please_call_me can_you_call_me could_you_call_me can_someone_call can_somebody_call someone_call_me"
    " somebody_call_me ring_me phone_me callback call_back speak_on_the_phone talk_on_the_phone",
    " ".join(f"give_{whom}_a_{how}" for whom in ("me", "us") for how in ("call", "ring", "bell", "buzz")),
)


_of_case = word_test("投诉 受理编号 工单", "complaint my_case case_number the_case")
_how_it_stands = word_test(
    "怎么样了 怎样了 进展 有结果 结果呢 结果出 处理得 处理到 处理好 处理完 有消息 有没有消息 到哪一步 有回复",
    "any_news news_on news_about update status progress what_happened what_became how_is how's how_does heard_anything"
    " any_reply any_answer anyone_looked looked_at looked_into no_one_had_read unanswered bring_up pull_up filed_one"
    " complaint_number was_closed",
)


def asks_for_case(text: str) -> bool:
    """Whether somebody asks how what is with people stands, by its number or as their complaint."""
    return case_named(text) is not None or (_of_case(text) and _how_it_stands(text))


def complains(text: str) -> bool:
    """Whether somebody plainly makes a complaint, and doesn't deny it or ask how that is done or stands."""
    other = asks_for_case(text) or _asks_how(text) or _denied(text)
    return _makes_complaint(text) and not other


def asks_how_to_complain(text: str) -> bool:
    """Whether somebody asks how a complaint is made."""
    return _makes_complaint(text) and _asks_how(text)


_unpaid = word_test(
    "待付款 未付款 没付款 未支付 待支付 没到账 不显示付款",
    "unpaid not_paid awaiting_payment waiting_for_payment",
)
_have_paid = word_test(
    "付了 付过 已付 已经付 付完 支付了 扣了 扣款了 扣过 付款时间",
    "paid_at paid_on paid_it i_paid i've_paid have_paid already_paid paid_for charged money_was_taken"
    " money_has_been_taken",
)
_points = word_test("积分", "points")
_missing = word_test(
    "没到 没有到 没给 没加 少了 还没 不见了 没收到",
    "missing not_arrived haven't_arrived have_not_arrived didn't_get not_there"
    " haven't_got not_credited never_came still_no didn't_arrive not_received",
)
_repairs = word_test("寄修 维修 返修 修一下 修理 送修", "repair send_it_in send_in_for fix_it get_it_fixed")
names_fault = word_test(
    "坏了 不能用 不工作 开不了机 充不进 漏水 漏电 不亮 不转 没反应 故障 裂了",
    "broken broke doesn't does_not won't stopped_working not_working leaks faulty defective dead",
)
_redirects = word_test(
    "改派 转寄 改送 转送 改寄", "redirect reroute divert forward_my_parcel forward_the_parcel send_it_on_to"
)
_still = word_test(
    "没动 没更新 没有更新 不更新 不动了 没有动 一直停在 卡在 卡住",
    "hasn't_moved has_not_moved not_moved hasn't_updated has_not_updated no_update no_updates not_updated stuck"
    " stands_still stood_still",
)
_way = word_test("物流 快递 包裹 运单 单号", "parcel package tracking order shipment delivery")
shares_parcels = word_test(
    "合并发货 合并成 合并一起 合单 并单 合在一起发 合到一起发 一起发货 拆单 拆成 分开发货 分两个包裹 分成两个",
    "into_one_parcel into_one_package in_one_parcel in_one_package one_shipment combine…order* merge…order*"
    " send…orders…together ship…orders…together put…orders…together pack…orders…together"
    " ship_them_together send_them_together split…order* split…parcels split_it_into in_two_parcels",
)
_erases = word_test(
    "删除我的数据 删除我的资料 删除我的信息 删掉我的数据 删除我的个人信息 删除我的账户数据 清除我的数据",
    "delete_my_data erase_my_data remove_my_data delete_all_my_data erase_all_my_data delete_my_personal_data"
    " delete_my_information",
)
_ask_ways = word_test(
    "怎么 如何 多久 几天 多少钱 能不能 吗 收费", "how do_you can_i what which much long cost policy is_there"
)


_UNPAID = "payment_problem"
"""The intent of who speaks of a payment that doesn't show."""


def _pays(text: str) -> bool:
    return _unpaid(text) and _have_paid(text) and not _ask_ways(text)


def words_if(says: Callable[[str], bool]) -> Callable[[str], str]:
    """Takes all that is said where it says something, else nothing."""
    return lambda text: text.strip() if says(text) else ""


def erases(text: str) -> bool:
    """Whether somebody wants all that is kept of them deleted."""
    return _erases(text) and not refuses(text) and not _ask_ways(text)


def tells_courier(text: str) -> bool:
    """Whether somebody says what is to be done with a parcel, and not what was done."""
    return _couriers(text) and not _past(text)


_chases = word_test(
    "催一下 催催 催快递 催下 问问快递 问快递 问一下快递 问下快递 联系快递 联系一下快递 联系下快递 找快递问 跟快递确认",
    "ask_the_courier ask_the_carrier contact_the_courier contact_the_carrier ring_the_courier call_the_courier"
    " chase_it chase_them chase_the chase_this chase_up",
)


def _chases_parcel(text: str) -> bool:
    return _chases(text) and not (refuses(text) or asks(text))


has_not_come = word_test(
    "没到 没有到 没收到 没有收到 还没来 没送到 没影 影子都 只来了 只到了 只收到",
    "never_turned_up never_arrived never_came hasn't_turned_up hasn't_arrived haven't_arrived hasn't_come haven't_come"
    " didn't_arrive didn't_turn_up no_sign_of still_not_here not_here_yet"
    " only_one_came only_one_arrived only_one_has only_got_one",
)
"""Something that was ordered isn't there."""
_not_to_be_sent = word_test(
    "不等了 不想等了 不想再等 别发了 不用发了 不要发了 别寄了 不用寄了 不要寄了 不用送了 别送了 不用给我发 不用给我寄",
    "don't_send_it don't_send_them dont_send_it dont_send_them do_not_send_it do_not_send_them don't_bother_sending"
    " dont_bother_sending no_need_to_send don't_ship_it don't_ship_them not_waiting_any done_waiting",
)


def stops_sending(text: str) -> bool:
    """Whether somebody says of an order that is spoken of that it is not to be sent."""
    return _not_to_be_sent(text) and not asks(text)


_gives_back = word_test(
    "只好退 那就退 退了吧 退掉吧 退货吧 退吧 我要退货 我想退货 要退掉 想退掉 帮我退 寄回给你们 寄还给你们",
    "i'll_send_it_back i'll_send_them_back want_to_send_it_back want_to_send_them_back like_to_send_it_back"
    " like_to_send_them_back want_to_return like_to_return",
)


def _sends_back(text: str) -> bool:
    return _gives_back(text) and not (refuses(text) or asks(text))


def _asks_for_call(text: str) -> bool:
    return _calls(text) and not (refuses(text) or _couriers(text) or _promised(text))


def _asks_for_quote(read: Understanding) -> bool:
    counts = (one.value for one in read.entities if one.kind is EntityKind.QUANTITY)
    many = any(count.isdecimal() and int(count) >= _MANY for count in counts)
    bulk = many and _bulk(read.text) and not _asks_how_many_are_sold(read.text)
    return bulk or _quotation(read.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A wish by its words."""

    says: Callable[[Understanding], bool]
    taken_for: frozenset[str]
    """Intents that a reader may see in the same words: they wish nothing besides."""


_OF_GOODS = frozenset((
    "stock_question", "product_question", "product_search", "price_question", "recommend_request", "place_order"
))  # fmt: skip
_OF_THE_WAY = frozenset(
    ["shipping_options", "order_status", "delivery_problem", "delivery_time", "human_agent", "store_info"]
)
TO_BE_TOLD = frozenset({"restock_notice"})
"""Wishes that are one to be told something: a question's words in them make no question of them."""
_SAID: Mapping[str, Said] = {
    "restock_notice": Said(
        says=lambda read: asks_for_restock(read.text),
        taken_for=_OF_GOODS | {"delivery_time", "opt_in", "order_status", "shipping_options"},
    ),
    "request_status": Said(
        says=lambda read: asks_for_case(read.text),
        taken_for=frozenset(
            {"complaint", "human_agent", "order_status", "refund_status", "delivery_problem", "store_info"}
        ),
    ),
    "complaint": Said(
        says=lambda read: complains(read.text),
        taken_for=frozenset({"order_status", "delivery_problem", "delivery_time", "leave_review"}),
    ),
    "payment_check": Said(
        says=lambda read: _pays(read.text) or (read.intent == _UNPAID and _have_paid(read.text)),
        taken_for=frozenset({_UNPAID, "order_status", "order_facts", "payment_methods", "refund_status"}),
    ),
    "points_check": Said(
        says=lambda read: _points(read.text) and _missing(read.text) and not _ask_ways(read.text),
        taken_for=frozenset({"membership_points", "order_status", "delivery_problem", "refund_status"}),
    ),
    "repair_request": Said(
        says=lambda read: _repairs(read.text) and names_fault(read.text) and not _ask_ways(read.text),
        taken_for=frozenset(
            {
                "warranty_repair",
                "item_problem",
                "order_status",
                "usage_help",
                "return_request",
                "product_question",
            }
        ),
    ),
    "redirect": Said(
        says=lambda read: _redirects(read.text) and not _past(read.text),
        taken_for=frozenset({"change_address", "account_address", "order_status", "delivery_problem"}),
    ),
    "parcels": Said(
        says=lambda read: shares_parcels(read.text) and not _past(read.text),
        taken_for=frozenset(
            {
                "change_order",
                "shipping_options",
                "order_status",
                "delivery_time",
                "shipping_fee",
                "place_order",
                "order_facts",
                "delivery_problem",
            }
        ),
    ),
    "stands_still": Said(
        says=lambda read: _still(read.text) and _way(read.text),
        taken_for=frozenset(
            {"order_status", "delivery_problem", "delivery_time", "chase_parcel", "complaint", "order_facts"}
        ),
    ),
    "quote": Said(
        says=_asks_for_quote,
        taken_for=_OF_GOODS
        | {"discount_request", "store_info", "delivery_time", "human_agent", "invoice_request"},
    ),
    "delivery_note": Said(
        says=lambda read: tells_courier(read.text),
        taken_for=frozenset(
            {
                "shipping_options",
                "change_address",
                "account_address",
                "delivery_time",
                "order_status",
                "store_info",
                "delivery_problem",
                "human_agent",
                "change_order",
                "chase_parcel",
                "order_facts",
                "usage_help",
            }
        ),
    ),
    "chase_parcel": Said(
        says=lambda read: _chases_parcel(read.text),
        taken_for=_OF_THE_WAY,
    ),
    "return_request": Said(
        says=lambda read: _sends_back(read.text),
        taken_for=frozenset(
            [
                "refund_request",
                "refund_status",
                "return_policy",
                "item_problem",
                "cancel_order",
                "order_status",
            ]
        ),
    ),
    "call_back": Said(
        says=lambda read: _asks_for_call(read.text),
        taken_for=frozenset({"human_agent", "store_info", "account_problem", "order_status"}),
    ),
}


def meant(read: Understanding) -> str:
    """The wish that a message plainly has by its words; empty where it has none of these."""
    return next((intent for intent, said in _SAID.items() if said.says(read)), "")


def alone(intent: str, wished: frozenset[str]) -> bool:
    """Whether the intents that were read in a message are nothing but such a wish."""
    return wished <= _SAID[intent].taken_for | {intent}
