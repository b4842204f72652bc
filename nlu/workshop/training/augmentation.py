"""The ways in which customers write the same thing differently.

Full-width forms and traditional characters need no examples: the normaliser undoes them before the encoder reads.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import pypinyin

from nlu.words import Words
from nlu.workshop.datasets import Example

Change = Callable[[str, random.Random], str]

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SIGN = re.compile(r"[,.!?;:，。！？；：、']")
_SHORT_WORD = re.compile(r"[\u4e00-\u9fff]{2,3}")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
SHARE_LOOSE = 0.3
SHARE_SPELT = 0.6

_PADDING_ZH = (
    ("你好，", ""), ("您好，请问", ""), ("亲，", ""), ("在吗？", ""), ("请问一下", ""), ("那个，", ""),
    ("客服你好，", ""),
    ("", "，谢谢"), ("", "，麻烦了"), ("", "，谢谢亲"), ("", "呢"), ("", "啊"), ("", "呀"), ("", "哈"),
    ("", "～"), ("", "？？"),
    ("麻烦问一下，", ""), ("我想问下", ""), ("哎，", ""), ("", "，急"), ("hello，", ""), ("老板，", ""),
    ("亲亲，", ""),
)  # fmt: skip
_PADDING_EN = (
    ("hi, ", ""), ("hello, ", ""), ("hey ", ""), ("hi there, ", ""), ("good morning, ", ""), ("excuse me, ", ""),
    ("so ", ""), ("um ", ""), ("quick question: ", ""), ("", " please"), ("", " pls"), ("", " thanks"), ("", " thx"),
    ("", " thank you"), ("", " ??"), ("", " tnx in advance"), ("", " mate"), ("dear team, ", ""), ("ok so ", ""),
)  # fmt: skip
_SHORT_FORMS = {
    "please": "pls", "you": "u", "your": "ur", "are": "r", "thanks": "thx", "because": "cuz", "people": "ppl",
    "order": "ordr", "message": "msg", "tomorrow": "tmrw", "today": "2day", "to": "2", "for": "4", "want to": "wanna",
    "going to": "gonna", "i am": "im", "i'm": "im", "don't": "dont", "can't": "cant", "what's": "whats",
    "haven't": "havent", "didn't": "didnt", "doesn't": "doesnt", "it's": "its", "and": "n", "with": "w/",
    "about": "abt",
    "address": "addy", "delivery": "delivry", "package": "pkg", "discount": "disc", "received": "recieved",
    "definitely": "definately", "address ": "adress ", "receipt": "reciept", "quantity": "qty", "number": "no.",
}  # fmt: skip
_SHORTENED = tuple(
    (re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE), short) for word, short in _SHORT_FORMS.items()
)
_MIXED = {
    "订单": "order", "快递": "包裹", "退款": "refund", "取消": "cancel", "尺码": "size", "客服": "CS",
    "发票": "invoice",
    "地址": "address", "优惠券": "coupon", "物流": "tracking", "付款": "pay", "会员": "VIP", "折扣": "discount",
    "退货": "return", "支付": "pay", "颜色": "color", "包裹": "package", "推荐": "recommend", "保修": "warranty",
    "价格": "price", "什么": "啥", "怎么": "咋", "没有": "木有", "多少": "几多", "不要": "表",
    "是不是": "是8是", "这个": "介个", "知道": "造", "喜欢": "稀饭", "拜拜": "88", "就是": "就4",
    "什么时候": "啥时候",
    "哪里": "哪儿", "可以": "阔以", "现在": "宪在", "一下": "哈", "还没": "还没得", "谢谢": "3Q",
}  # fmt: skip
_EMOJI = {
    "negative": ("😡", "😤", "😭", "😠", "🙄", "💢", "👎", "😞", "🤬", "!!!", "???"),
    "positive": ("😊", "👍", "❤️", "😄", "🥰", "🎉", "😍", "💯", "🌹"),
    None: ("🙏", "😅", "🤔", "📦", "😂", "…", "~", "👀"),
}
_JOINS_ZH = (
    "，还有", "，另外", "。顺便问下", "，对了", "，然后", " ", "，", " 顺便", "，再", " 还有", "？", "。", "；还想问",
)  # fmt: skip
_JOINS_EN = (
    " and ", ", also ", ". also, ", " and also ", ". one more thing: ", ", plus ", ". ", " n ", ", and then ", " + ",
    "? ", ", oh and ", " & ", ". by the way ",
)  # fmt: skip


def is_chinese(text: str) -> bool:
    """Whether the text holds a Chinese character."""
    return bool(_CHINESE.search(text))


@cache
def _homophones(*, loosely: bool) -> dict[str, tuple[str, ...]]:
    """Character → frequent characters that sound the same, tone aside; loosely, as many southerners speak."""
    sounds: dict[str, list[str]] = defaultdict(list)
    for character in _frequent_characters():
        sound = pypinyin.lazy_pinyin(character)[0]
        sounds[_blurred(sound) if loosely else sound].append(character)
    return {
        character: tuple(other for other in group if other != character)
        for group in sounds.values()
        for character in group
        if len(group) > 1
    }


def _blurred(sound: str) -> str:
    """Pinyin with the sounds made alike that input methods let people mix up: zh/z, n/l, -ng/-n."""
    hard = sound.replace("zh", "z").replace("ch", "c").replace("sh", "s")
    return ("l" + hard[1:] if hard.startswith("n") else hard).removesuffix("g")


def _frequent_characters() -> list[str]:
    """The characters of GB 2312's first level: the 3,755 in frequent use, ordered by sound."""
    codes = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    characters = (code.decode("gb2312", errors="ignore") for code in codes)
    return [character for character in characters if character]


def pinyin_typo(text: str, rng: random.Random) -> str:
    """One to three Chinese characters, more in a longer text, become others that sound the same or nearly so."""
    table = _homophones(loosely=rng.random() < SHARE_LOOSE)
    letters = list(text)
    places = [place for place, character in enumerate(letters) if character in table]
    for place in rng.sample(places, min(len(places), 1 + min(2, len(places) // 9))):
        letters[place] = rng.choice(table[letters[place]])
    return "".join(letters)


def left_as_pinyin(text: str, rng: random.Random) -> str:
    """A Chinese word as it was keyed in, or its initials alone, where the rest still shows what is meant."""
    words = [word for word in _words().cut(text) if _SHORT_WORD.fullmatch(word) and len(text) > len(word) + 2]
    if not words:
        return text
    word = rng.choice(words)
    sounds = pypinyin.lazy_pinyin(word)
    return text.replace(word, "".join(sounds if rng.random() < SHARE_SPELT else [s[0] for s in sounds]), 1)


@cache
def _words() -> Words:
    return Words()


def keyboard_typo(text: str, rng: random.Random) -> str:
    """Slips in an English text, one or more by its length: a letter swapped, dropped, doubled or its neighbour hit."""
    letters = list(text)
    for _ in range(rng.randint(1, 1 + len(letters) // 12)):
        places = [i for i, c in enumerate(letters[:-1]) if c.isascii() and c.isalpha()]
        if not places:
            break
        at = rng.choice(places)
        slip = rng.randrange(4)
        if slip == 0:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif slip == 1:
            letters[at] = ""
        elif slip == 2:
            letters[at] *= 2
        else:
            letters[at] = _neighbour(letters[at], rng)
        letters = list("".join(letters))
    return "".join(letters)


def _neighbour(letter: str, rng: random.Random) -> str:
    for row in _KEYBOARD:
        at = row.find(letter.lower())
        if at >= 0:
            return row[max(0, min(len(row) - 1, at + rng.choice((-1, 1))))]
    return letter


def polite_padding(text: str, rng: random.Random) -> str:
    """Words before or after that add no meaning."""
    before, after = rng.choice(_PADDING_ZH if is_chinese(text) else _PADDING_EN)
    return f"{before}{text.rstrip('。.!？?') if after else text}{after}"


def short_forms(text: str, rng: random.Random) -> str:
    """Chat spellings in English, mixed and slang words in Chinese."""
    if is_chinese(text):
        chosen = [word for word in _MIXED if word in text]
        for word in rng.sample(chosen, min(len(chosen), 2)):
            text = text.replace(word, _MIXED[word], 1)
        return text
    for pattern, short in _SHORTENED:
        if rng.random() < 0.6:
            text = pattern.sub(short, text)
    return text


def without_punctuation(text: str, rng: random.Random) -> str:
    """As typed in a hurry."""
    return _SIGN.sub(" " if is_chinese(text) else "", text).strip() or text


_CHANGES: tuple[tuple[Change, float], ...] = (
    (polite_padding, 0.25),
    (short_forms, 0.2),
    (without_punctuation, 0.25),
    (pinyin_typo, 0.4),
    (left_as_pinyin, 0.08),
    (keyboard_typo, 0.25),
)


def augment(example: Example, rng: random.Random) -> Example:
    """The same message written another way; what it means and feels stays."""
    text = example.text
    for change, probability in _CHANGES:
        if rng.random() < probability:
            text = change(text, rng)
    if rng.random() < 0.08:
        mood = example.sentiment if example.sentiment in _EMOJI and rng.random() < 0.7 else None
        text += rng.choice(_EMOJI[mood])
    return replace(example, text=text, original=example.original or example.text)


def join(first: Example, second: Example, rng: random.Random) -> Example:
    """Two wishes in one message."""
    chinese = is_chinese(first.text)
    glue = rng.choice(_JOINS_ZH if chinese else _JOINS_EN)
    stem = first.text.rstrip("。.!！ ") if glue[0] in "，。,. " else first.text
    sentiments = {first.sentiment, second.sentiment} - {"neutral", None}
    return replace(
        first,
        text=f"{stem}{glue}{second.text}",
        intents=tuple(dict.fromkeys([*(first.intents or ()), *(second.intents or ())]))[:3],
        sentiment=sentiments.pop() if len(sentiments) == 1 else ("neutral" if not sentiments else None),
        urgent=bool(first.urgent or second.urgent),
        offensive=_either(first.offensive, second.offensive),
    )


def _either(first: bool | None, second: bool | None) -> bool | None:
    """True where one is; unknown where one might be."""
    if first or second:
        return True
    return None if None in (first, second) else False


TALK = frozenset({"greeting", "thanks", "goodbye", "affirm", "deny", "chitchat", "out_of_scope", "opt_out"})


def joinable(examples: Sequence[Example]) -> dict[bool, list[Example]]:
    """Our own one-wish messages by whether they are Chinese; small talk beside a wish is not a wish."""
    found: dict[bool, list[Example]] = {True: [], False: []}
    for example in examples:
        one = example.intents and len(example.intents) == 1 and example.intents[0] not in TALK
        if one and example.source.startswith("corpus/") and len(example.text) < 80:
            found[is_chinese(example.text)].append(example)
    return found
