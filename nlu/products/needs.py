"""What somebody needs: for whom, for what, how much, and what it must not be; read from messages and kept over them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nlu.products import ages, bodies, extent, lexicon, measures
from nlu.products.budgets import Budget, budget, count, in_all

ANIMALS = ("cat", "dog", "rodent", "rabbit", "bird", "fish", "pet")
CHILD = 14 * 12
"""Below this age, in months, goods are recommended only where they are stated to be for it."""
FOR_HEALTH = frozenset({"%coeliac"})
"""Diets that an allergen must be stated to be absent for."""
_WORDS = 12
_SAID = 400
_LONGEST = 4_096
_END = (
    r"(?=[,，。.!！?？;；、]|\band\s(?:he|she|it|they|i|we|the|budget)\b"
    r"|\b(?:but|so|though|tho|because|please|he|she|they)\b|$)"
)
_UNWANTED = re.compile(
    rf"""\b(?:no(?!\s(?:idea|problem|thanks|worries|need|matter|rush|hurry|one|longer))|without|except(?:\sfor)?|(?:any|every)thing\sbut|excluding|avoid(?:ing)?|nothing(?!\selse)
      |(?:do(?:es)?n['’]?t|do(?:es)?\snot|can['’]?t|cannot|won['’]?t|nobody|no\sone)\s(?:really\s)?(?:want|like|likes|eat|eats|drink|drinks|have|do|stand|use|wear|need|touch|take)(?:\s(?:it|them|to\shave))?
      |not(?!\s(?:sure|yet|too\s(?:expensive|much|dear)|really|only|just|bad))(?:\s(?:too|so|very|any|an?|the))?|(?:is|are|was|does|do)n['’]?t(?!\s(?:sure|it|that|there|have|too|mind|care|matter|know|worry))(?:\s(?:too|so|very|any|an?|the))?|steers?\sclear\sof
      |stays?\soff|outside(?:\sof)?
      |any\s\w+\sbut
      |other\sthan|instead\sof|hates?|dislikes?|refuses?|sick\sof|free\s(?:of|from))
      \s(?P<en>[^,，。.!！?？;；]{{2,48}}?){_END}
    | \b(?P<free>[a-z]+)[-\s]free\b
    | (?:不要|不想要?|别要|别买|不能有|不含|不吃|不能[吃喝穿用碰戴]|不[喝穿用戴]|没得|不放|不加|不喜欢|不爱吃?|讨厌|除了
        |别(?!的|人|处|家|样|名)(?:太|放|送|买|来|给|有|是|用)?|不太|不(?=[甜辣苦咸]))
      (?:太|是|有|那种|任何)?
      (?P<zh>[^,，。.!！?？;；]{{1,12}}?)(?=的|以外|之外|就行|就好|都行|的话|[,，。.!！?？;；]|$)
    | (?:一点|半点)?(?P<topic>[^,，。.!！?？;；、\s他她我它]{{1,8}}?)[他她我它]?们?[都也就]?
        (?:不能有|不要|不碰|不考虑|不行|不能要|不能吃|吃不了|不吃|太多了?|不好看|难看)(?=[的了吧啊,，。.!！?？;；]|$)
    | (?<!有)(?:没有?|无)(?P<lack>[^,，。.!！?？;；\s吗么呢]{{1,6}})的(?!吗)""",
    re.IGNORECASE | re.VERBOSE,
)
_OWNED = re.compile(
    rf"""\b(?:has|have)(?:\sgot)?\s(?P<list>[^.!?;]{{2,80}}?)\salready\b
    | \b(?:already\s(?:has|have|had|got|owns?)|(?:has|have|['’]s|['’]ve)\s(?:already\s)?got|owns
      |(?:['’]s|['’]ve)(?:\sgot)?(?=\s[^,.!?;]{{1,40}}\salready))
      \s(?P<en>[^,，。.!！?？;；]{{2,40}}?)(?:\salready)?{_END}
    | (?:已经|早就|都)有了?(?P<zh>[^,，。.!！?？;；了\s]{{1,8}})
    | [我他她它](?:们)?有(?!点|些|时|没)(?P<has>[^,，。.!！?？;；了\s]{{1,16}})了
    | (?P<before>[^,，。.!！?？;；\s他她我它]{{1,6}}?)[他她我它]?们?(?:已经|早就|家里|家|都){{0,2}}有了
    | (?P<all>[^,，。.!！?？;；\s他她我它]{{1,10}}?)[我他她]们?都有(?=[,，。.!！;；]|$)
    | ^\W*[我他她]们?有(?!点|些|时|没|个)(?P<mine>[^,，。.!！?？;；了\s]{{1,8}})\W*$
    | ^\W*(?:i|we|he|she)(?:['’]ve|\shave|\shas)(?:\sgot)?\s(?:an?|the|some|my)\s(?P<ours>[^,.!?;]{{2,24}})\W*$""",
    re.IGNORECASE | re.VERBOSE,
)
_ALLERGY = re.compile(
    rf"""\b(?:allergic|allergy|allergies|intolerant|reacts?|sensitive)\s(?:reaction\s)?to\s(?P<en>[^,，。.!！?？;；]{{2,40}}?){_END}
    | \b(?P<kind>[a-z]+(?:\s(?:and|or)\s[a-z]+)?)[-\s](?:allerg(?:y|ies)|intoleran(?:t|ce))
    | \b(?P<whose>(?!(?:s|is|re|are|m|am|was|be|been|not|very|so|really|also|who|[a-z]+ly)\b)[a-z]+)
      [-\s]allergic\b(?!\sto)
    | 对(?P<zh>[^,，。.!！?？;；\s]{{1,10}}?)(?:是|会|有|严重|都){{0,3}}(?:过敏|不耐受)
    | (?P<before>(?:(?![对我他她])[\u4e00-\u9fff]){{1,4}})(?:过敏|不耐受)""",
    re.IGNORECASE | re.VERBOSE,
)
_CHEAPER = re.compile(
    r"^\W*(?:(?:any(?:thing)?|something|some|ones?|show me|have you(?: got)?|got|is there|do you have)\b.{0,24})?"
    r"\b(?:cheaper|less expensive|cheapest|more affordable)\b"
    r"(?!.{0,12}\b(?:for me|if)\b)"
    r"|\b(?:too|bit|little) (?:expensive|pricey|dear)\b|out of (?:my|the) budget"
    r"|便宜(?:一?点|些)?(?:儿)?的|更便宜|最便宜的|再便宜.{0,2}的|太贵|有点贵|贵了",
    re.IGNORECASE,
)
_DEARER = re.compile(
    r"\b(?:nicer|fancier|more expensive|higher end|more upmarket)\b|贵一?点的|高档|更好一?点的|上档次",
    re.IGNORECASE,
)
_ROOM = re.compile(
    r"\b(?:kids?|child(?:ren)?|bab(?:y|ies)|toddlers?)['’]?s?['’]?\s(?:bed)?rooms?\b"
    r"|(?:儿童|小孩|孩子|宝宝|婴儿)的?(?:房间?|卧室)",
    re.IGNORECASE,
)
"""A room is named by whose it is; what is for the room isn't for them."""
_WAITS = re.compile(
    r"\b(?:(?:can|could|will|['’]ll|happy to|willing to|prepared to|don['’]t mind) wait(?:ing)?|no (?:hurry|rush)"
    r"|not in a(?:ny)? (?:hurry|rush)|any ?time (?:before|by)"
    r"|(?:before|by|until) [\w ]{2,24} (?:is|will be) (?:fine|ok(?:ay)?))\b"
    r"|(?:前|之前)(?:能)?[到收]?[到货]?就[行好]|不着?急|(?:可以|能|愿意|慢慢)等|等得[到起了及]",
    re.IGNORECASE,
)
_SWAPS = re.compile(
    r"\binstead\b|\bwhat about\b|\bhow about\b|\bmake (?:it|that)\b|换成|改成|改送|换|那.{0,8}呢",
    re.IGNORECASE,
)
_AND = re.compile(r"\s(?:and|or|nor|like|such as)\s|比如|例如|[,，、/]|和|或者?|跟|以及|还有|也不要")
_WORD = re.compile(r"[\w'’-]++")
_FILLER = frozenset((
    "it", "that", "this", "them", "any", "some", "an", "a", "the", "to", "too", "very", "of", "for", "with",
    "in", "on", "anything", "something", "stuff", "things", "thing", "taste", "tasting", "flavour",
    "flavoured", "flavor", "flavored", "kind", "products", "product", "items", "please", "really", "made",
    "like", "else", "already", "her", "him", "his", "their", "my", "your", "one", "ones", "type", "sort",
    "smell", "at", "all", "plenty", "lot", "lots", "enough", "many", "several", "weird", "strong",
    "artificial",
))  # fmt: skip
_FILLER_ZH = re.compile(r"^(?:家里|太|很|有|是|那种|任何|什么|一些|一|这些|这|吃|喝|送|买|带)")
_ENDING_ZH = re.compile(r"(?:[味口类]|味儿|口味|之类|产品|东西|什么|款|的|了|吧|啊|哦|啦|呢|们)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something needed, as far as it has been told. Sums are in major units of the shop's currency."""

    people: tuple[str, ...] = ()
    """Kinds of the lexicon, without `@`: woman, man, adult, child, baby, cat, dog, pet, young, present, self."""
    recipient: str = ""
    """In the customer's words."""
    age: int | None = None
    """Months; of a pet, too."""
    words: tuple[str, ...] = ()
    """What it is, what it is for, what is liked."""
    said: str = ""
    """The messages that told it, without what it must not be."""
    taste: str = ""
    """What is liked or wanted, in the customer's words, to be said back."""
    low: float | None = None
    high: float | None = None
    count: int = 1
    """How many, or for how many people."""
    in_all: bool = False
    """The sums are for all of them together."""
    about: bool = False
    """The price is to come near to `high`."""
    unwanted: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    cheaper: bool = False
    dearer: bool = False
    by: str = ""
    """The day by which it is needed, ISO."""
    place: str = ""
    """Where it is needed."""
    waits: bool = False
    """What is sold out and expected back does, too."""
    extent: str = ""
    """`little` or `much` of it, as in `nlu.products.extent`."""

    @property
    def limits(self) -> bool:
        """Whether it tells what must hold, and not only what is wished for."""
        return bool(
            self.low is not None or self.high is not None or self.unwanted or self.owned or self.allergies
            or self.age is not None or self.cheaper or self.dearer or self.waits or measures.asked(self.said)
        )  # fmt: skip

    @property
    def known(self) -> bool:
        """Whether anything at all is told."""
        return self.limits or bool(self.people or self.words)

    @property
    def child(self) -> bool:
        """Whether it is for somebody so young that goods have to be stated to be for them."""
        if self.animal:
            return False
        if self.age is not None:
            return self.age < CHILD
        return bool({"child", "baby"} & set(self.people))

    @property
    def each(self) -> tuple[float | None, float | None]:
        """What one may cost, at least and at most."""
        share = self.count if self.in_all else 1
        return (
            None if self.low is None else self.low / share,
            None if self.high is None else self.high / share,
        )

    @property
    def animal(self) -> bool:
        """Whether it is for a pet."""
        return bool(set(ANIMALS) & set(self.people))

    def for_other_goods(self) -> Need:
        """What holds still where other goods are looked for: whom they are for, what must not harm them, and what may
        be spent on somebody."""
        other = replace(self, words=(), said="", taste="", owned=(), unwanted=(), extent="")
        for_whom = set(self.people) - {"self"}
        return other if for_whom else replace(other, low=None, high=None, about=False)

    def then(self, told: Need, *, anew: bool) -> Need:
        """What is needed after another message; what was said holds, unless another need is begun.

        Args:
            told: by the message.
            anew: it wishes for goods of its own.
        """
        before = self
        others = _others(frozenset(self.people), frozenset(told.people))
        known_person = bool(set(self.people) & _PERSONS)
        if others and known_person and (told.words or anew):
            # For somebody else: what was said of the first person is not of this one.
            before = Need(
                low=self.low, high=self.high, about=self.about, count=self.count, in_all=self.in_all
            )
            if not told.words:
                before = replace(before, words=self.words, said=self.said)
        elif others and known_person:
            before = replace(self, people=(), age=None, owned=(), allergies=(), recipient="")
        elif anew and told.words and self.words:
            before = self.for_other_goods()
        # What is refused, or owned, is looked for no longer.
        refused = (*told.unwanted, *told.owned)
        if refused:
            said = before.said
            for phrase in refused:
                said = said.replace(phrase, "")
            held = tuple(word for word in before.words if not any(_names(phrase, word) for phrase in refused))
            before = replace(before, words=held, said=said)
        priced = told.low is not None or told.high is not None
        return Need(
            people=tuple(dict.fromkeys((*told.people, *before.people))),
            recipient=told.recipient or before.recipient,
            age=told.age if told.age is not None else before.age,
            words=tuple(dict.fromkeys((*told.words, *before.words)))[:_WORDS],
            said=f"{told.said} {before.said}".strip()[:_SAID],
            taste=told.taste or before.taste,
            low=before.low if told.low is None and _still(before.low, told.high) else told.low,
            high=before.high if told.high is None and _still(told.low, before.high) else told.high,
            count=told.count if told.count > 1 else before.count,
            in_all=told.in_all if priced else before.in_all,
            about=told.about if priced else before.about,
            # What is wished for now is refused no longer.
            unwanted=tuple(
                dict.fromkeys(
                    (*(one for one in before.unwanted if not _asked_for(one, told)), *told.unwanted)
                )
            )[:_WORDS],
            owned=tuple(dict.fromkeys((*before.owned, *told.owned)))[:_WORDS],
            allergies=tuple(dict.fromkeys((*before.allergies, *told.allergies)))[:_WORDS],
            cheaper=told.cheaper,
            dearer=told.dearer,
            by=told.by or self.by,
            place=told.place or self.place,
            waits=told.waits or self.waits,
            extent=told.extent or before.extent,
        )


def _still(low: float | None, high: float | None) -> bool:
    """Whether a bound still holds beside one that is told."""
    return low is None or high is None or low <= high


def _asked_for(phrase: str, told: Need) -> bool:
    return any(_names(phrase, word) for word in told.words)


def _names(phrase: str, word: str) -> bool:
    """Whether a word asks for just what a phrase is: who has a teapot still likes tea."""
    return lexicon.pattern(phrase) in f"{lexicon.field(word)} "


def _others(known: frozenset[str], told: frozenset[str]) -> bool:
    """Whether a message speaks of somebody else than before."""
    before, now = known & _PERSONS, told & _PERSONS
    flipped = (
        {"woman", "man"} <= before | now and not {"woman", "man"} <= before and not {"woman", "man"} <= now
    )
    return bool(before) and bool(now) and (flipped or not before & now)


_PERSONS = frozenset({"woman", "man", "adult", "child", "baby", "self", *ANIMALS})


def swaps(text: str) -> bool:
    """Whether a message changes what is looked for, rather than beginning anew."""
    return _SWAPS.search(text) is not None


def read(text: str, words: Sequence[str] = (), told: Mapping[str, Sequence[str]] | None = None) -> Need:
    """What one message tells.

    Args:
        text: the message, folded.
        words: those of it that may name or narrow down goods.
        told: stretches of the message by the reader's slots.
    """
    slots = tuple(sorted((slot, tuple(parts)) for slot, parts in (told or {}).items()))
    return _read(text[:_LONGEST], tuple(words), slots)


@lru_cache(64)
def _read(text: str, words: tuple[str, ...], told: tuple[tuple[str, tuple[str, ...]], ...]) -> Need:
    slots = dict(told)
    allergies, rest = _taken(_ALLERGY, text)
    allergies = tuple(dict.fromkeys(map(_allergen, allergies)))
    spent = budget(bodies.hidden(rest), (*slots.get("budget_max", ()), *slots.get("budget_min", ())))
    # "No more than 200" refuses no goods.
    rest = (
        rest if spent is None else rest[: spent.start] + "," * (spent.end - spent.start) + rest[spent.end :]
    )
    owned, rest = _taken(_OWNED, rest)
    unwanted, rest = _taken(_UNWANTED, rest)
    eaten = lexicon.said_of(text, "%")
    # A diet for one's health is no liking: what isn't stated may do harm.
    allergies = (*allergies, *(one.strip() for one in lexicon.goods_of(*sorted(eaten & FOR_HEALTH))))
    diets = lexicon.goods_of(*sorted(eaten - FOR_HEALTH))
    unwanted = tuple(dict.fromkeys((*unwanted, *(one.strip() for one in diets))))
    animals = lexicon.said_of(text, "@") & {f"@{one}" for one in ANIMALS}
    # "She has a cat" tells of a pet, and not that she needs no more of it.
    owned = tuple(one for one in owned if not lexicon.said_of(one, "@"))
    age, rest = ages.read(rest, slots.get("age", ())), ages.hidden(rest)
    people = tuple(sorted(name[1:] for name in lexicon.said_of(_ROOM.sub(" ", rest), "@") | animals))
    lower = rest.lower()
    # What counts is told by quantities; their words name nothing.
    kept = tuple(word for word in words if word.lower() in lower and not measures.is_of_one(word, rest))
    return Need(
        people=people,
        recipient=next(iter(slots.get("recipient", ())), ""),
        age=age,
        words=kept,
        said=rest.strip(" ,"),
        taste=next((one for one in slots.get("taste", ()) if one in rest), ""),
        low=_sum(spent, "low"),
        high=_sum(spent, "high"),
        count=count(text),
        in_all=spent is not None and in_all(text),
        about=spent is not None and spent.about,
        unwanted=unwanted,
        owned=owned,
        allergies=allergies,
        # A sum says how much cheaper.
        cheaper=_CHEAPER.search(text) is not None and spent is None,
        dearer=_DEARER.search(text) is not None,
        waits=_WAITS.search(text) is not None,
        extent=extent.wished(text),
    )


def _allergen(phrase: str) -> str:
    """What a phrase without gaps tells of that is known: 坚果 of 家里人坚果."""
    return phrase if phrase.isascii() else max(lexicon.asks(phrase), key=len, default=phrase)


def _sum(spent: Budget | None, bound: str) -> float | None:
    value = getattr(spent, bound) if spent is not None else None
    return None if value is None else float(value)


def _taken(pattern: re.Pattern[str], text: str) -> tuple[tuple[str, ...], str]:
    """The phrases that a pattern finds, and the text without them, of the same length."""
    phrases, rest = list[str](), text
    for match in pattern.finditer(text):
        said = next((part for part in match.groups() if part), "")
        parts = [cleaned for part in _AND.split(said) if (cleaned := _cleaned(part))]
        phrases += parts
        if parts:
            rest = rest[: match.start()] + "," * (match.end() - match.start()) + rest[match.end() :]
    return tuple(dict.fromkeys(phrases)), rest


def _cleaned(phrase: str) -> str:
    """A phrase without what only builds a sentence."""
    if phrase.isascii():
        words = [word for word in _WORD.findall(phrase.lower()) if word not in _FILLER]
        return " ".join(words)
    before, text = "", phrase.strip()
    while before != text:
        before, text = text, _ENDING_ZH.sub("", _FILLER_ZH.sub("", text))
    return text
