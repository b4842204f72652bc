"""Which lines of an order the parts of a message name, and whether they say that these stay as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.conversation.phrases import word_test
from bot.conversation.skills import order_asked, order_words, product_words
from storage.orders import OrderLine

_PART = re.compile(
    r"[。！？!?；;\n，,、]+|\.(?=\s|$)|(?<=[\u4e00-\u9fff])\s|\s(?=[\u4e00-\u9fff])|\b(?:and|but)\b|但"
)
_STAYS = order_words.words(
    "留|不退|不换|不动|不用动|不用退|不用换|不用改|不改|别动|不取消|没问题|没毛病|没坏|没事|是好的|好好的|完好|照旧|不变"
    "|挺好|原来|keep|keeping|kept|same|unchanged|fine|stay|stays|is ok|are ok|is okay|are okay|is good|are good"
    "|is great|are great|works|work|as is|as it is|as they are|happy with|love the|not the|not my|no problem with"
    "|nothing wrong with"
)
"""Of what is named beside them nothing is to be done."""
_TAKES_OUT = order_words.words(
    "不要|不想要|不需要|去掉|删|取消|退掉|撤掉|拿掉|remove|removed|drop|take out|take off|take it out|take it off"
    "|leave out|cancel|cancelled|canceled|delete|without|don't want|don't need|get rid of|off my order|off the order"
)
_takes_apart = word_test("take…off take…out leave…out")
_OUT_OF = order_words.words(
    "里面|里的|里头|其中|一样东西|一件东西|当中|单里|中的|其他|其它|别的|剩下|其余"
    "|from my order|from the order|from that order"
    "|from this order|from order|off my order|off the order|in my order|in the order|in that order|in order|out of"
    "|part of|one thing"
    "|one item|one of|the rest|everything else|the others|only the|just the"
)
"""Only some of an order is meant."""
_WHOLE = order_words.words(
    "整单|整个订单|全部|全都|全取消|都取消|whole order|entire order|whole thing|all of it|whole lot|the lot"
)
_LITTLE = frozenset(
    {"a", "all", "also", "an", "both", "my", "please", "that", "the", "these", "this", "those", "too"}
)
_BEFORE = "个口只件条把台双张那这的和把将，, "
_BEHIND = "子儿不也都是的有和买坏碎太就要想我没留吧呢了还退换改取，,。 "
"""What may stand around a name of one sign."""
_INSTEAD_SAID = ("换成", "改成", "换为", "改为", "instead", "swap", "switch to", "change it to")
_INSTEAD = order_words.words("|".join(_INSTEAD_SAID))
_INSTEAD_WORDS = re.compile("|".join(_INSTEAD_SAID), re.IGNORECASE)
"""What is wanted stands behind these, or before an "instead" that ends a sentence."""
_SIGNS = re.compile("[\u4e00-\u9fff]{2,}")
_FROM = re.compile(r"\b(?:from|off|out of|within)\b[^,.;]{0,60}\borders?\b", re.IGNORECASE)
_RUN = 2
_SIGN = re.compile("[\u4e00-\u9fff]")


def named(text: str, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """The lines that words name, by words of their names that not all lines have; none where they name all alike."""
    said = frozenset(_words(text))
    fits = [_own(line, text, said) for line in lines]
    return [
        line
        for line, own in zip(lines, fits, strict=True)
        if own and not any(own < others for others in fits) and any(own != others for others in fits)
    ]


def of_each(text: str, lines: Sequence[OrderLine]) -> dict[str, str]:
    """What a text says of each of some lines, by their products: of several the parts that name them alone."""
    if len(lines) < 2:
        return {line.product_id: text for line in lines}
    said = [(part, named(part, lines)) for part in _PART.split(text) if part]
    return {
        line.product_id: " ".join(
            part for part, of in said if [one.product_id for one in of] == [line.product_id]
        )
        for line in lines
    }


def stays(text: str) -> bool:
    """Whether words say of something that it stays as it is."""
    return order_asked.says(text, _STAYS)


def staying(text: str, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """The lines that a message says to stay as they are."""
    found: list[OrderLine] = []
    same = False
    for part in _PART.split(text):
        here = named(part, lines) if part else []
        if not here:
            same = same and not part.strip()
            continue
        # A part that is only a name says the same as the one before it.
        same = stays(part) or (same and _only_names(part, here))
        found += here if same else []
    return list(dict.fromkeys(found))


def takes_out(text: str) -> bool:
    """Whether words want something to be left out."""
    return order_asked.says(text, _TAKES_OUT) or _takes_apart(text)


def taken_out(text: str, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """The lines that parts of a message want to be left out; not those that only say which order is meant."""
    parts = [part for part in _PART.split(text) if part and takes_out(part) and _names_things(part)]
    out = {line.product_id for part in parts for line in named(part, lines)}
    return [line for line in lines if line.product_id in out]


def _names_things(text: str) -> bool:
    return not order_asked.of_an_order(text) or order_asked.says(text, _OUT_OF) or bool(_FROM.search(text))


def says_what_instead(text: str) -> bool:
    """Whether words say what is wanted in place of what was ordered."""
    said = order_asked.says(text, _INSTEAD)
    rest = [word for part in _INSTEAD_WORDS.split(text)[1:] for word in _words(part) + _SIGNS.findall(part)]
    before = _words(text) if text.casefold().rstrip(" .!?").endswith("instead") else []
    return said and any(product_words.means_something(word) for word in [*rest, *before])


def of_a_part(text: str, lines: Sequence[OrderLine]) -> bool:
    """Whether words mean some of what is in an order, and not the order by what is in it."""
    if order_asked.says(text, _WHOLE) and not staying(text, lines):
        return False
    if order_asked.says(text, _OUT_OF):
        return True
    if taken_out(text, lines) or staying(text, lines):
        return True
    return bool(named(text, lines)) and not order_asked.of_an_order(text)


def _words(text: str) -> list[str]:
    return product_words.latin(text.casefold())


def _own(line: OrderLine, text: str, said: frozenset[str]) -> set[str]:
    """Words of a line's names that are said and may name it; of a Chinese one pairs of signs."""
    name = line.name_zh
    pairs = {name[start : start + _RUN] for start in range(len(name) - 1)}
    signs = {pair for pair in pairs if pair in text and all(_SIGN.match(sign) for sign in pair)}
    latin = said.intersection(_words(line.name_en))
    return {word for word in latin | signs if product_words.means_something(word)} | endings(name, text)


def endings(name: str, text: str) -> set[str]:
    """锅 names 麦饭石不粘炒锅: the last sign of a part of the name, where it is a word of its own in the text."""
    return {part[-1] for part in name.split() if _SIGN.match(part[-1]) and _alone(part[-1], text)}


def _alone(sign: str, text: str) -> bool:
    return sign in text and any(
        said == sign and (before in _BEFORE) and (behind in _BEHIND)
        for before, said, behind in zip(f" {text}", text, f"{text[1:]} ", strict=False)
    )


def _only_names(part: str, lines: Sequence[OrderLine]) -> bool:
    called = {word for line in lines for word in _words(line.name_en)}
    return all(word in called or word in _LITTLE for word in _words(part)) and not _SIGN.search(part)
