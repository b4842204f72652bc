"""What words say that always mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_GAP = 16
_MARKS = "。.!！?？"
# What people send to any service to get its messages.
_START_WORDS = frozenset({"subscribe", "resubscribe", "subscribe again", "订阅", "重新订阅"})
# A message of such words asks how what was asked of the shop stands.
_REQUEST_WORDS = frozenset({"my requests", "my request", "我的申请", "我的请求", "我申请的"})
# A message of one such word asks where it is.
_PARCEL_WORDS = frozenset(
    {"parcel", "package", "my parcel", "my package", "tracking", "快递", "物流", "包裹", "我的快递"}
)


def word_test(*tables: str) -> Callable[[str], bool]:
    """Whether a text has one of the words of a table: Chinese ones anywhere, others as whole words.

    Args:
        tables: words with spaces between them. `_` stands for a space in one, `*` for any ending, `…` for up to
            sixteen characters of one sentence, `^` for the beginning of the text and `$` for its end, but for marks.
    """
    words = [_Word.of(word) for table in tables for word in table.split()]

    def has(text: str) -> bool:
        lower = text.casefold()
        return any(word.stands_in(lower) for word in words)

    return has


@dataclass(frozen=True, slots=True)
class _Word:
    parts: tuple[str, ...]
    begins: bool
    ends: bool
    open: bool

    @classmethod
    def of(cls, word: str) -> _Word:
        bare = word.strip("^$").casefold().replace("_", " ")
        parts = tuple(part for one in bare.split("…") if (part := one.rstrip("*")))
        return cls(parts, word.startswith("^"), word.endswith("$"), bare.endswith("*"))

    def stands_in(self, text: str) -> bool:
        first = self.parts[0]
        ends = _ends_of(text, first, 0, self._open(0))
        if self.begins:
            ends = (end for end in ends if not any(map(str.isalnum, text[: end - len(first)])))
        return any(self._goes_on(text, end) for end in ends)

    def _goes_on(self, text: str, end: int) -> bool:
        for place in range(1, len(self.parts)):
            part = self.parts[place]
            rest = text[end : end + _GAP + len(part)]
            sentence = min((at for mark in _MARKS if (at := rest.find(mark)) >= 0), default=len(rest))
            # What follows the part tells whether it ends there, and may lie beyond the sentence.
            found = next(_ends_of(text[: end + sentence + 1], part, end, self._open(place)), 0)
            if not found or found > end + sentence:
                return False
            end = found
        return not self.ends or not any(map(str.isalnum, text[end:]))

    def _open(self, place: int) -> bool:
        return self.open and place == len(self.parts) - 1


def _ends_of(text: str, part: str, start: int, open_end: bool) -> Iterator[int]:
    """Where a part ends in a text, as often as it stands there; letters that go on make another word of it."""
    at = text.find(part, start)
    while at >= 0:
        end = at + len(part)
        before = part[0].isascii() and at > 0 and _in_word(text[at - 1])
        after = part[-1].isascii() and not open_end and end < len(text) and _in_word(text[end])
        if not (before or after):
            yield end
        at = text.find(part, at + 1)


def _in_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


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


_QUESTION_MARKS = ("?", "？")
_question_words = word_test(
    "吗 嘛 么 呢 是不是 会不会 能不能 有没有 如何 哪 多少 几 啥 谁 咋 为何 多久 没$",
    "how hows why what what's whats when whens where where's wheres who who's whos which"
    " ^is ^are ^was ^were ^do ^does ^did ^has ^have"
    " ^isn't ^isnt ^aren't ^arent ^wasn't ^wasnt ^doesn't ^doesnt ^hasn't ^hasnt ^am_i",
)
_ENDS = re.compile(r"(?<=[。！？!?；;\n])|(?<=\.)\s")
"""Between the sentences of a text, which keep their marks."""
asks_a_favour = word_test(
    "^能 ^可不可以 ^可以 ^麻烦", "^can_you ^can_i ^can_we ^could_you ^could_i ^could_we ^would_you ^will_you"
)
"""Something is wished, or asked, in the form of a request."""


def asks(text: str) -> bool:
    """Whether something is plainly asked, and not wished for in the form of a question."""
    return any(_asks_in(sentence.strip()) for sentence in _ENDS.split(text))


def _asks_in(sentence: str) -> bool:
    marked = any(mark in sentence for mark in _QUESTION_MARKS)
    return not asks_a_favour(sentence) and (marked or _question_words(sentence))


def asks_for_hours(text: str) -> bool:
    """Whether somebody wants to know when people are there, not one of them now."""
    return _hours_of_people(text) and not _transfers(text)


means_instead = word_test(
    "我说的是 我是说 我指的是 我的意思是 说的不是", "i_meant i_mean i'm_talking_about i_was_talking_about"
)
"""Something else is meant than what was understood."""


takes_back = word_test("撤回 撤销 撤掉 撤了 撤单 收回去", "take…back takes…back withdraw* undo revoke*")
"""Something that was asked of the shop is taken back, where something was."""

_GLAD = set("😀😃😄😁😊🙂😍🥰😘👍👏🙏❤💕🌹🎉😂🤣😆🥳👌💪😋✨")
_SAD = set("😡🤬😠👎😤😞😢😭😣😖😩😫💔🙁☹😔😒🙄")


def subscribes(text: str) -> bool:
    """Whether the whole text is the usual word for wanting offers."""
    return text.casefold().strip(" .!。！") in _START_WORDS


def names_a_parcel(text: str) -> bool:
    """Whether the whole text is a word for a parcel."""
    return text.casefold().strip(" ?？.。!！").rstrip("呢呀啊") in _PARCEL_WORDS


def names_requests(text: str) -> bool:
    """Whether the whole text is a word for what somebody asked of the shop."""
    return text.casefold().strip(" ?？.。!！").rstrip("呢呀啊") in _REQUEST_WORDS


def mood(text: str) -> str:
    """glad, sad or none: what emoji without words say."""
    characters = set(text)
    if characters & _SAD:
        return "sad"
    return "glad" if characters & _GLAD else "none"
