"""Whether a message plainly says that no more offers are to be sent.

A plain "stop" is obeyed at once. What only resembles one is asked about: a refusal that nobody meant is as wrong as
one that isn't heard. The model can't draw the line alone, for it is as sure of "stop sending me reminders about the
delivery" as of many a real one; nor can words. So the more the words say, the less certain it need be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from bot.conversation.skills.talk import TALK
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
_refusing = re.compile(
    r"\b(stop|quit|cease|end|enough|don'?t|do not|never|no|not|no longer|leave me (off|alone)|mute|disable|cancel|block"
    r"|remov\w+|(take|get|delete) (me|my|this)|get rid|(turn|switch|shut)\b.{0,24}\boff|withdraw|revoke|sick of)\b"
    r"|别|別|不要|不用|不必|不想|不愿|不需要|不再|不收|不接[收受]|不同意|没同意|勿|停|关|關|取消|屏蔽|拒|撤回|移出|删掉|唔好",
    re.IGNORECASE,
).search
_leaving = re.compile(
    r"\b(unsub(scribe)?|opt(ing)?[ -](me )?out|(mailing|marketing|contact|email|sms|call|your|the|this|that) list)\b"
    r"|退订|退訂|(取消|不).{0,2}(订阅|訂閱)|名单|名單",
    re.IGNORECASE,
).search
_advertising = re.compile(
    r"\b(ads?|adverts?|advertis\w+|marketing|promos?|promotions?|promotional|newsletters?|spamming)\b"
    r"|广告|廣告|推广|推廣|推销|推銷|促销|促銷|营销|營銷|推送|推播|群发|(活动|优惠|上新|新品).{0,2}(消息|信息|短信|通知|邮件)",
    re.IGNORECASE,
).search
_writing = re.compile(
    r"\b(messag\w+|msg\w*|text(s|ing)?|e-?mail(s|ing)?|mail(s|ing)?|notifications?|offers?|deals?|spam|discount codes?"
    r"|coupons?|(writ|contact|ping|bother|pester|harass|disturb|recommend)\w*( to)? me|hear from you)\b"
    r"|消息|信息|短信|訊息|簡訊|邮件|通知|优惠|联系|聯繫|扰|擾|[别勿].?烦|推荐(东西)?给我|给我推荐了?$",
    re.IGNORECASE,
).search
_for_good = re.compile(
    r"(?<!n't )(?<!cannot )\b(stop|quit|cease|enough|never|no longer|no more|any ?more|any longer|again)\b"
    r"|再|以后|今后|停",
    re.IGNORECASE,
).search
_of_an_order = re.compile(
    r"\b(orders?|deliver\w*|parcels?|packages?|ship\w*|refunds?|returns?|invoices?|couriers?|tracking|subscription|box)\b"
    r"|订单|訂單|催单|快递|物流|包裹|发货|送货|退货|退款|发票|验证码|付",
    re.IGNORECASE,
).search
_POLITE = re.compile(
    r"^(((hi|hello|hey|please|pls|plz|kindly|ok(ay)?|so|and|but|now)\b|你好|您好|请问?|麻烦|求求?(你们?|您)?)[\s,，!！]*)+"
    r"|[\s,，!！]{0,4}(\b(please|pls|plz|thanks|thank you|thx|now)|谢谢|吧|啊|好吗|行吗)[\s.。!！?？]*$",
    re.IGNORECASE,
)
_CLAUSES = re.compile(r"[,，;；.。!！\n]+|(?<=[?？])")
_SENTENCES = re.compile(r"[。！？!?；;\n]+|\.\s{1,3}")
_QUESTION = re.compile(
    r"(how|why|what|when|where|who|which|does|did|do(?! not)|is|are|am|was|were|can|could|will|would|shall|if)\b",
    re.IGNORECASE,
)
_QUESTION_ZH = re.compile(r"吗|嘛|么|呢|是不是|会不会|有没有|如何|哪")
_REQUEST = re.compile(
    r"(can|could|would|will) (you|u)\b|how (do|can|could|to)\b|怎么|如何|怎样|咋|能|可不可以|可以",
    re.IGNORECASE,
)

_SAID, _HINTED, _NOT_SAID = 0.05, 0.85, 0.97
"""How likely the model must find it, by how much the words say."""


def says_stop(text: str, understanding: Understanding | None, *, busy: bool) -> bool:
    """Whether somebody plainly wants no more offers.

    Args:
        understanding: what the model makes of the same text.
        busy: the bot is helping with something, which words such as 别发了 may be about.
    """
    bare = _POLITE.sub("", text.casefold().strip()).strip(" .!。！~～")
    if bare in _KEY_WORDS or (not busy and bare in _NO_MORE):
        return True
    return understanding is not None and _reads_as_stop(understanding)


def stopping_part(parts: Sequence[Understanding]) -> Understanding | None:
    """The first clause of a message that plainly says so, whatever the others are about."""
    return next((part for part in parts if _reads_as_stop(part)), None)


def refusing_sentences(text: str) -> list[str]:
    """Of several sentences those whose words refuse advertising: each is to be read by itself."""
    sentences = [part.strip() for part in _SENTENCES.split(text) if part.strip()]
    return [one for one in sentences if len(sentences) > 1 and _refusing(one) and _advertising(one)]


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
    if _leaving(text) or (refuses_writing and _for_good(text)):
        return _SAID
    return _HINTED if refuses_writing else _NOT_SAID


def _asks(text: str, *, request: bool) -> bool:
    """Whether something is asked; where it may be a `request`, "how do I opt out" and 能不能别发广告 ask nothing."""
    clauses = [clause for part in _CLAUSES.split(_POLITE.sub("", text.strip())) if (clause := part.strip())]
    if not clauses or (request and len(clauses) == 1 and _REQUEST.match(clauses[0])):
        return False
    last = clauses[-1]
    return last.endswith(("?", "？")) or bool(_QUESTION.match(last) or _QUESTION_ZH.search(last))
