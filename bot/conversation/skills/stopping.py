"""Whether a message plainly says that no more offers are to be sent.

A plain "stop" is obeyed at once. What only resembles one is asked about: a refusal that nobody meant is as wrong as
one that isn't heard. The model can't draw the line alone, for it is as sure of "stop sending me reminders about the
delivery" as of many a real one; nor can words. So the more the words say, the less certain it need be.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence

from bot.conversation.phrases import word_test
from bot.conversation.read_message import sentences_of
from bot.conversation.skills.talk import TALK
from nlu.acts import Wish
from nlu.types import Understanding

# What is sent to any service to be left alone, wherever text messages are.
_KEY_WORDS = frozenset({
    "stop", "stopall", "stop all", "unsubscribe", "unsub", "opt out", "td", "t", "退订", "退訂", "回t退订",
    "取消订阅", "取消訂閱",
})  # fmt: skip
# These name nothing that is sent: while the bot helps with something, they may be about that.
_NO_MORE = frozenset({
    "stop it", "leave me alone", "别发了", "别再发了", "不要发了", "不要再发了", "别给我发了", "别再给我发了",
    "别推了", "停", "停止", "停止发送",
})  # fmt: skip
_refusing = word_test(
    "别 別 不要 不用 不必 不想 不愿 不需要 不再 不收 不接收 不接受 不同意 没同意 勿 停 关 關 取消 屏蔽 拒 撤回"
    " 移出 删掉 唔好",
    "stop quit cease end enough don't dont do_not never no not no_longer leave_me_off leave_me_alone mute"
    " disable cancel"
    " block remov* take_me take_my take_this get_me get_my get_this delete_me delete_my delete_this get_rid turn…off"
    " switch…off shut…off withdraw revoke sick_of",
)
_leaving = word_test(
    "退订 退訂 取消…订阅 取消…訂閱 不订阅 不訂閱 不…订阅 名单 名單",
    "unsub unsubscribe opt_out opt-out opt_me_out opting_out opting-out opting_me_out mailing_list marketing_list"
    " contact_list email_list sms_list call_list your_list the_list this_list that_list",
)
_advertising = word_test(
    "广告 廣告 推广 推廣 推销 推銷 促销 促銷 营销 營銷 推送 推播 群发 活动消息 活动信息 活动短信 活动通知"
    " 活动邮件 优惠消息 优惠信息"
    " 优惠短信 优惠通知 优惠邮件 优惠的消息 上新消息 上新信息 上新短信 上新通知 上新邮件 上新的通知 新品消息"
    " 新品信息 新品短信 新品通知"
    " 新品邮件 新品的消息 活动的消息",
    "ad ads advert adverts advertis* marketing promo promos promotion promotions promotional newsletter newsletters"
    " spamming",
)
_writing = word_test(
    "消息 信息 短信 訊息 簡訊 邮件 通知 优惠 联系 聯繫 扰 擾 别烦 别来烦 别再烦 勿烦 推荐给我 推荐东西给我"
    " 给我推荐$ 给我推荐了$",
    "messag* msg* text texts texting email* e-mail* mail mails mailing notification notifications offer offers deal"
    " deals spam discount_code discount_codes coupon coupons write_me writing_me write_to_me writing_to_me"
    " contact_me contacting_me"
    " ping_me pinging_me bother_me bothering_me pester_me pestering_me harass_me harassing_me disturb_me"
    " disturbing_me recommend_me recommending_me recommend_to_me recommending_to_me hear_from_you",
)
_for_good = word_test(
    "再 以后 今后 停", "stop quit cease enough never no_longer no_more anymore any_more any_longer again"
)
_of_an_order = word_test(
    "订单 訂單 催单 快递 物流 包裹 发货 送货 退货 退款 发票 验证码 付",
    "order orders deliver* parcel parcels package packages ship* refund refunds return returns invoice invoices"
    " courier"
    " couriers tracking subscription box",
)
_opens_question = word_test(
    "吗 嘛 么 呢 是不是 会不会 有没有 如何 哪",
    "^how ^why ^what ^when ^where ^who ^which ^does ^did ^do ^is ^are ^am ^was ^were ^can ^could ^will ^would"
    " ^shall ^if",
)
_opens_order = word_test("^do_not")
_requests = word_test(
    "^怎么 ^如何 ^怎样 ^咋 ^能 ^可不可以 ^可以",
    "^can_you ^can_u ^could_you ^could_u ^would_you ^would_u ^will_you ^will_u ^how_do ^how_can ^how_could ^how_to",
)
_FIRST = (
    "hi", "hello", "hey", "please", "pls", "plz", "kindly", "okay", "ok", "so", "and", "but", "now", "你好", "您好",
    "请问", "请", "麻烦", "求求你们", "求求您", "求求你", "求求", "求你们", "求您", "求你",
)  # fmt: skip
_LAST = ("please", "pls", "plz", "thanks", "thank you", "thx", "now", "谢谢", "吧", "啊", "好吗", "行吗")
_MARKS = " ,，!！.。?？~～\t\n"
_CLAUSE_ENDS = str.maketrans({**dict.fromkeys(",，;；.。!！", "\n"), "?": "?\n", "？": "？\n"})

_SAID, _HINTED, _NOT_SAID = 0.05, 0.85, 0.97
"""How likely the model must find it, by how much the words say."""


def says_stop(text: str, understanding: Understanding | None, *, busy: bool) -> bool:
    """Whether somebody plainly wants no more offers.

    Args:
        understanding: what the model makes of the same text.
        busy: the bot is helping with something, which words such as 别发了 may be about.
    """
    bare = _bare(text).strip(_MARKS)
    if bare in _KEY_WORDS or (not busy and bare in _NO_MORE):
        return True
    return understanding is not None and _reads_as_stop(understanding)


def stopping_part(parts: Sequence[Understanding]) -> Understanding | None:
    """The first clause of a message that plainly says so, whatever the others are about."""
    return next((part for part in parts if _reads_as_stop(part)), None)


async def refused(
    text: str, read: Callable[[Sequence[str]], Awaitable[list[Understanding]]]
) -> list[tuple[Wish, Understanding]]:
    """A sentence of several that plainly wants no more offers: that is heard whatever was read of the whole.

    Args:
        text: the message.
        read: understands texts by themselves.
    """
    sentences = sentences_of(text)
    refusing = [one for one in sentences if len(sentences) > 1 and _refusing(one) and _advertising(one)]
    said = stopping_part(await read(refusing)) if refusing else None
    if said is None:
        return []
    start = text.find(said.text)
    end = start + len(said.text)
    return [(Wish(intent="opt_out", probability=1.0, text=said.text, start=start, end=end), said)]


def _bare(text: str) -> str:
    """A text in lower case without greeting before and thanks behind it; its last mark stays."""
    text = text.casefold().strip()
    while (first := next((word for word in _FIRST if _begins(text, word)), "")) != "":
        text = text[len(first) :].lstrip(_MARKS)
    bare = text.rstrip(_MARKS.replace("?", "").replace("？", ""))
    last = next((word for word in _LAST if _ends(bare, word)), "")
    return bare[: len(bare) - len(last)].rstrip(" ,，!！") if last else text


def _begins(text: str, word: str) -> bool:
    return text.startswith(word) and not (word.isascii() and text[len(word) : len(word) + 1].isalnum())


def _ends(text: str, word: str) -> bool:
    before = text[: -len(word)][-1:]
    return text.endswith(word) and not (word.isascii() and before.isalnum())


def _without_negated(text: str) -> str:
    """A text without the words that "can't" and "cannot" stand before: who can't stop wants no stop."""
    words = text.casefold().split()
    pairs = zip(["", *words], words, strict=False)
    return " ".join(word for before, word in pairs if not (before.endswith("n't") or before == "cannot"))


def _reads_as_stop(read: Understanding) -> bool:
    wish = next((one.intent for one in read.intents if one.intent not in TALK), None)
    chance = next((one.probability for one in read.intents if one.intent == "opt_out"), 0.0)
    if wish != "opt_out" or chance < _SAID:
        return False
    needed = _needed(read.text)
    return chance >= needed and not _asks(read.text, request=needed == _SAID)


def _needed(text: str) -> float:
    """How likely the model must find it. Advertising is nothing else; a message may be one about an order."""
    refuses = _refusing(text)
    if refuses and _advertising(text):
        return _SAID
    if _of_an_order(text):
        return math.inf
    refuses_writing = refuses and _writing(text)
    if _leaving(text) or (refuses_writing and _for_good(_without_negated(text))):
        return _SAID
    return _HINTED if refuses_writing else _NOT_SAID


def _asks(text: str, *, request: bool) -> bool:
    """Whether something is asked; where it may be a `request`, "how do I opt out" and 能不能别发广告 ask nothing."""
    clauses = [part.strip() for part in _bare(text).translate(_CLAUSE_ENDS).splitlines() if part.strip()]
    if not clauses or (request and len(clauses) == 1 and _requests(clauses[0])):
        return False
    last = clauses[-1]
    return last.endswith(("?", "？")) or (_opens_question(last) and not _opens_order(last))
