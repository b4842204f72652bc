"""Finding products by a customer's words: what products are called, not how a sentence is built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation.turn import Turn
from nlu.products.lexicon import names_in, other_names, singular
from nlu.types import EntityKind
from storage.catalogue import Catalogue, Product, each_once

_EMPTY = """
的 了 吗 呢 啊 吧 呀 么 嘛 有 没有 有没有 没 卖 你们 你 我 我们 想 要 买 想要 想买 想找 找 个 一个 一款
款 种 哪种 这种 那种 几种 请问 那 这 是 不 什么 怎么 多少 钱 可以 能 能不能 帮 给 看看 看 推荐 商品 东西 产品 还 在
和 就 也 店 店里 家 下 几 一下 哪 哪些 哪里 哪个 多少钱 价格 便宜 适合 好 送 用 一 您 都 会 说 去 得 着
您好 你好 这个 那个 这款 那款 这件 那件 库存 现货 货 有货 来 点 些 最近 今天 明天 昨天 现在 天气
等 多久 久 时候 什么时候 时间 为什么 为啥 怎么样 如何 谁 咋 个人 人 真人 知道 告诉 觉得 一点 有点
别的 其他 其它 新 新的 旧 换 退 发 到 快 慢 里 上 让 把 被 跟 对 从 比 又 再 才 很 太 真 真的 最 多 少
颜色 尺码 尺寸 码 大 小 大一点 小一点 件 双 条 只 套 盒 瓶 台 部 支 张 罐 辆 以内 以下 之内 块 元 还有 有什么 有哪些
朋友 同事 同学 爸 妈 爸爸 妈妈 爸妈 老公 老婆 男朋友 女朋友 男友 女友 长辈 领导 爱 喜欢 平时 预算
第一 第二 第三 第四 第五 第六 第一个 第二个 第三个 第四个 第五个 第六个 最后 最后一个 里面
宁愿 宁可 不要 不想 不是 而 但 但是 因为 所以 如果 还是 或者 然后 已经 一直 应该 需要 麻烦 谢谢 一样
two three four five six seven eight nine ten dozen
a an the this that these those some any no not none nothing something anything everything one ones
i i'm i'd i'll i've im me my mine myself we us our you your yours he she it it's its they them their who whom whose
am is are was were be been being do does did doing done have has had having will would shall should can could may
might must can't cannot don't doesn't didn't isn't aren't won't wouldn't let let's
and or but nor so if then than because while though although as at by for from in into of off on onto out over to
up down with without within about after again against before between during under until since through per via
what what's which how when where why whether there here now just only also too very really quite rather even still
already ever never always maybe perhaps please thanks thank hi hello hey ok okay yes yeah well oh sorry
want like looking look looks need find get got gets give gives show tell know think see say said take make made
come comes coming go goes going buy buying sell sells selling order orders bought put keep use used using work works
long much many more most less least few lot lots other others another else same such own each every both all
friend friends mum mom mother dad father parents wife husband girlfriend boyfriend colleague loves love likes budget
today tomorrow yesterday tonight day days week weeks time times soon later first second third last next new old
good better best nice great bad worse worst cheap cheaper expensive real right wrong sure able possible
stock available price prices cost costs recommend suggest suggestion gift present thing things stuff item items
size sizes colour colours color colors product products person people someone somebody anyone anybody weather money
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
_WISHING = frozenset("想要买找来有个点卖给我您你请的吗呢件款还")
"""Words of these characters alone, such as 想买个, only wish for something."""
_DOING = frozenset("喝吃泡养穿戴")
"""What is done with products, written as one word with them."""
_PACKING = frozenset(
    ("box", "bag", "pack", "pouch", "bottle", "lid", "package", "盒子", "袋子", "瓶子", "箱子", "包装")
)
"""What every order comes in: it names none."""
_LETTERS = 3
"""Shorter Latin words without a digit name nothing."""
_LIMIT = re.compile(
    r"(?:(?:jp|hk|nt|us)?[¥￥$£€₩]\s?)?(?<![\d,])(\d[\d,]*+(?:\.\d++)?)\s?(?:[日韩]元|日圆|円|원|元|块|yuan|yen|won|rmb|pounds?|dollars?)?\s?"
    r"(?:以内|以下|之内|内)"
    r"|(?:under|below|less than|up to|within)\s?(?:(?:jp|hk|nt|us)?[¥￥$£€₩]\s?)?(\d[\d,]*+(?:\.\d++)?)",
    re.IGNORECASE,
)
NARROWING = frozenset(
    {
        EntityKind.COLOUR,
        EntityKind.SIZE,
        EntityKind.QUANTITY,
        EntityKind.AMOUNT,
        EntityKind.DATE,
        EntityKind.ORDER_NUMBER,
        EntityKind.PHONE,
        EntityKind.EMAIL,
    }
)
"""A product is none of these by itself: they only narrow down which one."""
_wish = re.compile(
    r"想|买|要|找|卖|有没有|来(个|一|点)|\b(want|like|need|looking|find|buy|sell|show|after|come in)\b",
    re.IGNORECASE,
).search
_back = re.compile(
    r"\b(it|its|it's|this|that|they|them|these|those)\b|它|这(?!边|里|儿|家|几)|那(个|款|件|种)"
    r"|(?P<quality>[^卖要是能会好行])不(?P=quality)",
    re.IGNORECASE,
).search
_MEASURE = re.compile(r"(?<=\d)\s++(?=[a-z]{1,4}\b)")
_LATIN = re.compile(r"[a-z0-9]+")
_POINTS = 3
"""So many words may stand before a name to point at it."""
_MOST = 12
_LOOKED_AT = 24
_KEPT = 4_096
"""Texts of at most `_SHORT` characters whose words are kept: those of goods are compared again and again."""
_SHORT = 200
_KEPT_LONG = 16


def search_words(turn: Turn) -> list[str]:
    """The words of a message that may name or narrow down a product, with other names of the same product."""
    said = _said(turn)
    return said + [other for word in said for other in _other_names(word)]


def _said(turn: Turn) -> list[str]:
    words = turn.understanding.words if turn.understanding is not None else ()
    wanted = [word for word in words if means_something(word)][:_MOST]
    return wanted + [stem for word in wanted if (stem := _stem(word)) != word and means_something(stem)]


def _other_names(word: str) -> list[str]:
    return list(other_names(word.lower()))


def with_other_names(text: str) -> str:
    """A text with what its words for goods are called besides."""
    lower = text.lower()
    return " ".join([lower, *sorted({other for name in names_in(lower) for other in other_names(name)})])


def _stem(word: str) -> str:
    """杯子 is also found as 保温杯, 护肤品 as 护肤, and who 喝茶 wants 茶: the rest is no part of the name."""
    if len(word) > 1 and word[0] in _DOING:
        return word[1:]
    shorter = (len(word) == 2 and word[1] in "子儿") or (len(word) == 3 and word[2] in "品类")
    return word[:-1] if shorter else word


def means_something(word: str) -> bool:
    """Whether a word may say which product is meant; those that build a sentence don't."""
    lower = word.lower()
    if lower in _EMPTY_WORDS or set(word) <= _WISHING or not any(character.isalnum() for character in word):
        return False
    return not word.isascii() or len(word) >= _LETTERS or any(character.isdigit() for character in word)


def naming_words(turn: Turn) -> list[str]:
    """Those of the message that can name a product: no colour, size, sum, date or bare number."""
    narrowing = (
        {entity.text.casefold() for entity in turn.understanding.entities if entity.kind in NARROWING}
        if turn.understanding is not None
        else set()
    )
    limit = _LIMIT.search(turn.text)
    if limit is not None:
        narrowing.add(limit.group().casefold())
    named = [word for word in _said(turn) if not word.isdecimal()]
    return [word for word in named if not any(word.casefold() in text for text in narrowing)]


def points_back(turn: Turn) -> bool:
    """Whether a message is about what was spoken of before: it says so, or it names no product at all."""
    return _back(turn.text) is not None or not naming_words(turn)


def words_in_name(turn: Turn, name: str) -> frozenset[str]:
    """Those of the words that can name a product that stand in a name; what it was packed in names nothing."""
    own = name.lower()
    said = [word for word in naming_words(turn) if word.lower() not in _PACKING]
    return frozenset(
        word for word in said if any(_stands_in(own, form) for form in (word, *_other_names(word)))
    )


def says_more(turn: Turn, name: str) -> bool:
    """Whether a message says anything besides a name."""
    words = turn.understanding.words if turn.understanding is not None else ()
    besides = [word for word in words if not _stands_in(name.lower(), word) and word[:1].isalnum()]
    return len(besides) > _POINTS or any(map(means_something, besides))


def all_in(text: str, name: str) -> bool:
    """Whether a whole name stands in a text."""
    return bool(name) and says(text, [name.lower()])


def _stands_in(text: str, word: str) -> bool:
    lower = word.lower()
    if word.isascii():
        # 4L is written 4 L, too.
        return any(_contains(form, lower) for form in (text, _MEASURE.sub("", text)))
    return len(word) > 1 and (lower in text or _in_parts(text, lower))


@dataclass(frozen=True, slots=True)
class _Found:
    """A product that the words of a message find, and the names of its category in both languages."""

    product: Product
    category: str

    def fits(self, word: str) -> bool:
        """Whether a word stands in its name, category or attributes."""
        return is_called(self.product, self.category, word)


async def _search(turn: Turn) -> list[_Found]:
    """What the words of a message find, best first; nothing where none of them can name a product."""
    if not naming_words(turn):
        return []
    catalogue = Catalogue(turn.connection)
    found = await catalogue.search(search_words(turn), now=turn.now, limit=_LOOKED_AT)
    names = {
        category.id: f"{category.name_zh} {category.name_en}" for category in await catalogue.categories()
    }
    return [_Found(product, names.get(product.category_id or "", "")) for product in found]


def _without_stems(naming: Sequence[str]) -> list[str]:
    stems = {_stem(word) for word in naming if _stem(word) != word}
    return [word for word in naming if word not in stems]


async def find(turn: Turn, *, limit: int) -> list[Product]:
    """Products that most of the words name, best first, of their variants one; colours and sizes alone find none."""
    naming = naming_words(turn)
    found = await _search(turn)
    fits = [sum(item.fits(word) for word in naming) for item in found]
    most = max(fits, default=0)
    # Whoever wants a cotton shirt wants nothing else of cotton.
    best = (item.product for item, fit in zip(found, fits, strict=True) if fit == most > 0)
    return each_once(best)[:limit]


async def names_products(turn: Turn) -> bool:
    """Whether all words that can name a product stand in the name or the category of one."""
    naming = _without_stems(naming_words(turn))
    return any(
        all(
            _is_named(item.product, item.category, word)
            or _is_named(item.product, item.category, _stem(word))
            for word in naming
        )
        for item in await _search(turn)
    )


def fitting(turn: Turn, products: Sequence[Product]) -> list[Product]:
    """Of some products those that most words of a message fit; none where no word does."""
    naming = naming_words(turn)
    fits = [sum(is_called(product, "", word) for word in naming) for product in products]
    most = max(fits, default=0)
    return [product for product, fit in zip(products, fits, strict=True) if fit == most] if most else []


async def akin(turn: Turn, *, limit: int) -> list[Product]:
    """Products of the kind that a longer Chinese name ends with: for 游戏耳机 other 耳机."""
    kinds = [word[-2:] for word in naming_words(turn) if len(word) > 2 and not word.isascii()]
    if not kinds:
        return []
    found = await Catalogue(turn.connection).search(kinds, now=turn.now, limit=_LOOKED_AT)
    return each_once(
        product
        for product in found
        if any(part.endswith(kind) for part in product.name_zh.split() for kind in kinds)
    )[:limit]


async def find_bare(turn: Turn, *, limit: int) -> list[Product]:
    """Products for a message that is little more than their name: every word of it must fit."""
    naming = naming_words(turn)
    words = turn.understanding.words if turn.understanding is not None else ()
    said = [word for word in words if any(character.isalnum() for character in word)]
    little_else = 2 * len(search_words(turn)) >= len(said)
    if not naming or not (little_else or _wish(turn.text)):
        return []
    return each_once(
        item.product
        for item in await _search(turn)
        if all(item.fits(word) or item.fits(_stem(word)) for word in _without_stems(naming))
    )[:limit]


def is_called(product: Product, category: str, word: str) -> bool:
    """Whether a word stands in a product's name, brand, code, category or attributes as a word of its own."""
    values = " ".join(str(pair[-1]) for faces in product.facts.values() for pair in faces.values() if pair)
    return any(_is_named(product, category, name, values) for name in (word, *_other_names(word)))


def _is_named(product: Product, category: str, word: str, values: str = "") -> bool:
    own = f"{product.name_zh} {product.name_en} {product.brand} {product.code}".lower()
    text = f"{own} {category} {values}".lower()
    lower = word.lower()
    if word.isascii() or len(word) > 1:
        return _stands_in(text, word) if word.isascii() else lower in text or _in_parts(own, lower)
    return lower in category or any(part.endswith(lower) for part in own.split())


def _in_parts(name: str, word: str) -> bool:
    """Whether a name holds both halves of a Chinese word: 头戴式降噪耳机 is a 头戴式耳机."""
    cuts = range(2, len(word) - 1) if not word.isascii() else ()
    return any(word[:cut] in name and word[cut:] in name for cut in cuts)


def latin(text: str) -> list[str]:
    """The Latin words of a text in lower case, in the singular."""
    return _spaced(text).split()


def _spaced(text: str) -> str:
    """The Latin words of a text in lower case, in the singular, with a space around each."""
    return (_spaced_short if len(text) <= _SHORT else _spaced_long)(text)


def _made_spaced(text: str) -> str:
    return f" {' '.join(map(singular, _LATIN.findall(text)))} "


_spaced_short, _spaced_long = lru_cache(_KEPT)(_made_spaced), lru_cache(_KEPT_LONG)(_made_spaced)


def _contains(text: str, part: str) -> bool:
    """Whether the Latin words of a part stand in a text one after another, both in lower case."""
    return _spaced(part) in _spaced(text) and not _spaced(part).isspace()


def says(text: str, words: Iterable[str]) -> bool:
    """Whether a text contains one of these words, folded, as words of their own where they are Latin."""
    lower = text.lower()
    return any(_contains(lower, word.lower()) if word.isascii() else word in lower for word in words if word)
