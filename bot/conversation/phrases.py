"""What words say that always mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable

# What people send to any service to get its messages.
_START_WORDS = frozenset({"subscribe", "resubscribe", "subscribe again", "订阅", "重新订阅"})
# A message of one such word asks where it is.
_PARCEL_WORDS = frozenset(
    {"parcel", "package", "my parcel", "my package", "tracking", "快递", "物流", "包裹", "我的快递"}
)


def word_test(*tables: str) -> Callable[[str], bool]:
    """Whether a text has one of the words of a table: Chinese ones anywhere, others as whole words.

    Args:
        tables: words with spaces between them. `_` stands for a space in one, `*` for any ending, `…` for up to
            sixteen characters, `^` for the beginning of the text and `$` for its end but for marks.
    """
    words = sorted({word for table in tables for word in table.split()}, key=len, reverse=True)
    compiled = re.compile("|".join(_pattern(word) for word in words), re.IGNORECASE)
    return lambda text: compiled.search(text) is not None


def _pattern(word: str) -> str:
    inside = re.escape(word.strip("^$*"))
    for mark, meaning in (("_", " "), ("…", r"[^。.!！?？]{0,16}?"), (r"\*", r"\w*")):
        inside = inside.replace(mark, meaning)
    begins, ends = ("" if not word.strip("^$*")[at].isascii() else r"\b" for at in (0, -1))
    begins = r"^\W{0,3}" if word.startswith("^") else begins
    ends = r"\W*$" if word.endswith("$") else r"\w*" if word.endswith("*") else ends
    return f"{begins}{inside}{ends}"


thanks = word_test("谢谢 多谢 感谢 thanks thank_you thx cheers")
"""There are thanks in it."""
asks_for_a_person = word_test(
    "人工 客服 真人 活人 找人 找个人 真的人 转接 经理 主管 老板 领导 负责人 专员 同事 店员",
    "person human* agent operator representative rep someone somebody staff manager supervisor advisor adviser"
    " colleague people customer_service real_one live_chat",
)
"""A person of the shop's is named."""
_hours_of_people = word_test(
    "几点…客服$ 几点…人工$ 几点…真人$ 什么时候…客服$ 什么时候…人工$ 啥时候…客服$ 多晚…客服$ 客服…几点 人工…几点"
    " 客服…上班 人工…上班 客服…下班 人工…下班 客服…在线 人工…在线 客服…时间 人工…时间",
    "when…is…support when…is…customer_service when…are…agent* when…are…people when…are…staff when…are…human*"
    " what_time…is…support what_time…is…customer_service what_time…are…agent* what_time…are…staff"
    " until_when…support until_when…customer_service customer_service_hours support_hours staff_hours",
)
_transfers = word_test("转 找 叫 换")
asks_what_is_known = word_test(
    "知道…我的什么 知道…我的哪些 知道…我什么 知道…我多少 了解…我什么 存了…我的什么 存了…我的哪些 存了…我什么"
    " 保存了…我的 保存…我的哪些 收集了…我的 收集…我什么 掌握…我的 存着我",
    "know…about_me know…on_me have…about_me have…on_me store…about_me store…on_me keep…about_me keep…on_me"
    " hold…about_me hold…on_me save*…about_me save*…on_me",
)
"""Somebody asks what the shop knows about them."""


def asks_for_hours(text: str) -> bool:
    """Whether somebody wants to know when people are there, not one of them now."""
    return _hours_of_people(text) and not _transfers(text)


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
