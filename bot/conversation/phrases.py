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
_GLAD = set("😀😃😄😁😊🙂😍🥰😘👍👏🙏❤💕🌹🎉😂🤣😆🥳👌💪😋✨")
_SAD = set("😡🤬😠👎😤😞😢😭😣😖😩😫💔🙁☹😔😒🙄")


def subscribes(text: str) -> bool:
    """Whether the whole text is the usual word for wanting offers."""
    return text.casefold().strip(" .!。！") in _START_WORDS


def names_a_parcel(text: str) -> bool:
    """Whether the whole text is a word for a parcel."""
    return text.casefold().strip(" ?？.。!！").rstrip("呢呀啊") in _PARCEL_WORDS


def mood(text: str) -> str:
    """glad, sad or none: what emoji without words say."""
    characters = set(text)
    if characters & _SAD:
        return "sad"
    return "glad" if characters & _GLAD else "none"
