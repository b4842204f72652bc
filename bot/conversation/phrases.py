"""What words say that always mean the same."""

from __future__ import annotations

import re

# What people send to any service to get its messages.
_START_WORDS = frozenset({"subscribe", "resubscribe", "subscribe again", "订阅", "重新订阅"})
# A message of one such word asks where it is.
_PARCEL_WORDS = frozenset(
    {"parcel", "package", "my parcel", "my package", "tracking", "快递", "物流", "包裹", "我的快递"}
)
thanks = re.compile(r"谢谢|多谢|感谢|\b(thanks|thank you|thx|cheers)\b", re.IGNORECASE).search
"""There are thanks in it."""
asks_for_a_person = re.compile(
    r"人工|客服|真人|活人|找人|\b(person|human|agent|operator|representative|someone|somebody|staff)\b",
    re.IGNORECASE,
).search
"""A person of the shop's is named."""
asks_for_hours = re.compile(
    r"^(?!.*[转找叫换]).*("
    r"(几点|什么时[候间]|啥时候|多晚)[^,，。]{0,6}(有|才有|是|到)?(人工|客服|真人)[^,，。]{0,4}$"
    r"|(人工|客服)[^,，。]{0,4}(几点|什么时[候间]|啥时候)[^,，。]{0,2}(上班|下班|在线|在|开始|结束)"
    r"|(人工|客服)的?(工作|上班|在线|服务)时间)"
    r"|\b(when|what time|which hours|until when)\b.{0,12}\b(agents?|customer service|support|staff|humans?|people)\b"
    r".{0,12}\b(open|there|available|working|work|online|closed?|around)\W*$"
    r"|\b(customer service|support|staff) hours\b",
    re.IGNORECASE,
).search
"""Somebody wants to know when people are there, not one of them now."""
asks_what_is_known = re.compile(
    r"\b(know|have|store|keep|hold|saved?)\b.{0,12}\b(about|on) me\b"
    r"|(知道|了解|存了?|保存了?|收集了?|掌握了?)(有)?(关于)?我的?(什么|哪些|多少)",
    re.IGNORECASE,
).search
"""Somebody asks what the shop knows about them."""
asks_for_others = re.compile(
    r"(别的|其他的?|其它的?)(款|的)?(吗|呢|么|吧)?\s*[？?。]?$|换一(个|批|款|些)|还有(什么|哪些|没有)"
    r"|\b(something|anything) else\b|\bothers?\b|\bother ones\b",
    re.IGNORECASE,
).search
"""Somebody wants to see others than those shown."""
names_for_whom = re.compile(
    r"(送|给|替|帮).{0,14}(朋友|闺蜜|妈|爸|老婆|老公|媳妇|男友|女友|对象|孩子|儿子|女儿|娃|宝宝|同事|同学|老师|领导|客户|长辈|老人"
    r"|奶奶|爷爷|外婆|外公|姥姥|姥爷|婆婆|岳父|岳母|姐|妹|哥|弟|侄|邻居|室友|自己)"
    r"|\b(for|to|treat)\s{1,2}(a|an|my|our|her|his|the)?\s{0,2}(\w{1,30}+[ -]){0,4}(friends?|mum|mom|mother|dad|father"
    r"|parents?|wife|husband|partner|boyfriend|girlfriend|son|daughter|kids?|child|children|baby|toddler|teen(ager)?|nephew|niece|sister"
    r"|brother|colleagues?|boss|teacher|neighbou?rs?|gran(d\w+)?|nan|myself|year[- ]old)\b",
    re.IGNORECASE,
).search
"""Somebody is named whom something is for."""
_ORDINALS = {
    "一": 0, "1": 0, "first": 0, "one": 0,
    "二": 1, "两": 1, "2": 1, "second": 1, "two": 1,
    "三": 2, "3": 2, "third": 2, "three": 2,
    "四": 3, "4": 3, "fourth": 3, "four": 3,
    "五": 4, "5": 4, "fifth": 4, "five": 4,
}  # fmt: skip
_ORDINAL = re.compile(
    r"第\s{0,2}([一二三四五1-5])|\b(first|second|third|fourth|fifth)\b|(?:number|option|no\.?)\s{0,2}([1-5])\b"
    r"|^\s{0,2}([1-5一二三四五])\s{0,2}[.。!！]?\s{0,2}$",
    re.IGNORECASE,
)
_last = re.compile(
    r"最后(一)?(个|款|件|单)|\bthe last( one)?\b|后(面)?(那|一)(个|款|件)", re.IGNORECASE
).search
_GLAD = set("😀😃😄😁😊🙂😍🥰😘👍👏🙏❤💕🌹🎉😂🤣😆🥳👌💪😋✨")
_SAD = set("😡🤬😠👎😤😞😢😭😣😖😩😫💔🙁☹😔😒🙄")


def subscribes(text: str) -> bool:
    """Whether the whole text is the usual word for wanting offers."""
    return text.casefold().strip(" .!。！") in _START_WORDS


def names_a_parcel(text: str) -> bool:
    """Whether the whole text is a word for a parcel."""
    return text.casefold().strip(" ?？.。!！").rstrip("呢呀啊") in _PARCEL_WORDS


def ordinal(text: str) -> int | None:
    """Which of several is meant by "the second one" or "第二个": 0 is the first, -1 the last."""
    found = _ORDINAL.search(text)
    if found is not None:
        return _ORDINALS[next(group for group in found.groups() if group).lower()]
    return -1 if _last(text) else None


def mood(text: str) -> str:
    """glad, sad or none: what emoji without words say."""
    characters = set(text)
    if characters & _SAD:
        return "sad"
    return "glad" if characters & _GLAD else "none"
