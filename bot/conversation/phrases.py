"""What words say that always mean the same, and where one wish of a message ends and the next begins."""

from __future__ import annotations

import re

_CLAUSES = 6
# What people send to any service to be left alone, and to come back.
_STOP_WORDS = frozenset(
    {"stop", "unsubscribe", "stop it", "td", "t", "退订", "回t退订", "取消订阅", "别发了"}
)
_START_WORDS = frozenset({"subscribe", "resubscribe", "subscribe again", "订阅", "重新订阅"})
# A message of one such word asks where it is.
_PARCEL_WORDS = frozenset(
    {"parcel", "package", "my parcel", "my package", "tracking", "快递", "物流", "包裹", "我的快递"}
)
_THANKS = re.compile(r"谢谢|多谢|感谢|\b(thanks|thank you|thx|cheers)\b", re.IGNORECASE)
_PERSON = re.compile(
    r"人工|客服|真人|活人|找人|\b(person|human|agent|operator|representative|someone|somebody|staff)\b", re.I
)
_HOURS = re.compile(
    r"^(?!.*[转找叫换]).*("
    r"(几点|什么时[候间]|啥时候|多晚)[^,，。]{0,6}(有|才有|是|到)?(人工|客服|真人)[^,，。]{0,4}$"
    r"|(人工|客服)[^,，。]{0,4}(几点|什么时[候间]|啥时候)[^,，。]{0,2}(上班|下班|在线|在|开始|结束)"
    r"|(人工|客服)的?(工作|上班|在线|服务)时间)"
    r"|\b(when|what time|which hours|until when)\b.{0,12}\b(agents?|customer service|support|staff|humans?|people)\b"
    r".{0,12}\b(open|there|available|working|work|online|closed?|around)\W*$"
    r"|\b(customer service|support|staff) hours\b",
    re.IGNORECASE,
)
_ABOUT_ME = re.compile(
    r"\b(know|have|store|keep|hold|saved?)\b.{0,12}\b(about|on) me\b"
    r"|(知道|了解|存了?|保存了?|收集了?|掌握了?)(有)?(关于)?我的?(什么|哪些|多少)",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"(别的|其他的?|其它的?)(款|的)?(吗|呢|么|吧)?\s*[？?。]?$|换一(个|批|款|些)|还有(什么|哪些|没有)"
    r"|\b(something|anything) else\b|\bothers?\b|\bother ones\b",
    re.IGNORECASE,
)
_FOR_WHOM = re.compile(
    r"(送|给|替|帮).{0,14}(朋友|闺蜜|妈|爸|老婆|老公|媳妇|男友|女友|对象|孩子|儿子|女儿|娃|宝宝|同事|同学|老师|领导|客户|长辈|老人"
    r"|奶奶|爷爷|外婆|外公|姥姥|姥爷|婆婆|岳父|岳母|姐|妹|哥|弟|侄|邻居|室友|自己)"
    r"|\b(for|to|treat)\s+(a|an|my|our|her|his|the)?\s*(\w+[ -]){0,4}(friends?|mum|mom|mother|dad|father|parents?|wife"
    r"|husband|partner|boyfriend|girlfriend|son|daughter|kids?|child|children|baby|toddler|teen(ager)?|nephew|niece|sister"
    r"|brother|colleagues?|boss|teacher|neighbou?rs?|gran(d\w+)?|nan|myself|year[- ]old)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[。！？!?；;\n]+"
    r"|[,，、]?\s*(?=另外|还有[，,就想我]|顺便|对了|再问|同时)"
    r"|(?:,\s*|\s+)(?=and\s+(?:also|can|could|do|does|what|when|where|how|is|i|please|send|give)\b|also\b|plus\b"
    r"|by the way\b|another thing\b)"
    r"|\.\s+",
    re.IGNORECASE,
)


def clauses_of(text: str) -> list[str]:
    """The parts of a message that may be wishes of their own; none where it is all one."""
    parts = [part.strip() for part in _CLAUSE.split(text) if part and part.strip()]
    return parts if 1 < len(parts) <= _CLAUSES else []


def asks_for_hours(text: str) -> bool:
    """Whether somebody wants to know when people are there, not one of them now."""
    return _HOURS.search(text) is not None


def about_messages(text: str) -> str | None:
    """`opt_out` or `opt_in` where the whole text is the word for it."""
    word = text.casefold().strip(" .!。！")
    if word in _STOP_WORDS:
        return "opt_out"
    return "opt_in" if word in _START_WORDS else None


def names_a_parcel(text: str) -> bool:
    """Whether the whole text is a word for a parcel."""
    return text.casefold().strip(" ?？.。!！").rstrip("呢呀啊") in _PARCEL_WORDS


def asks_what_is_known(text: str) -> bool:
    """Whether somebody asks what the shop knows about them."""
    return _ABOUT_ME.search(text) is not None


def asks_for_others(text: str) -> bool:
    """Whether somebody wants to see others than those shown."""
    return _OTHERS.search(text) is not None


def names_for_whom(text: str) -> bool:
    """Whether somebody is named whom something is for."""
    return _FOR_WHOM.search(text) is not None


def asks_for_a_person(text: str) -> bool:
    """Whether a person of the shop's is named."""
    return _PERSON.search(text) is not None


def thanks(text: str) -> bool:
    """Whether there are thanks in it."""
    return _THANKS.search(text) is not None
