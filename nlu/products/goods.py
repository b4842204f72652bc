"""What a shop states of its goods, as far as it decides for whom they are, and what speaks against them for a need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from nlu.products import lexicon
from nlu.products import stated as stating
from nlu.products.concepts import wanted
from nlu.products.lexicon import field, goods_of, pattern
from nlu.products.needs import ANIMALS, CHILD, Need

_TODDLER, _FULL_GROWN = 36, 12
"""Months: up to when goods for babies are fit, and from when a pet is grown."""
_MEANT = 60
"""Characters of a description."""
_PREFIX = 5
"""Letters from which on a word also stands for longer ones that begin so: decaf, decaffeinated."""
_FREE_LABEL = re.compile(r"free.?from|^free$|without|不含|无添加|不添加", re.IGNORECASE)
_MADE_OF = re.compile(r"material|fabric|filling|composition|材质|面料|填充", re.IGNORECASE)
_HOLDS = re.compile(r"contents|includes?|in the box|内含|包含|清单", re.IGNORECASE)
FOR_WHOM = re.compile(r"\bage|suitable|^for$|年龄|月龄|适合|适用", re.IGNORECASE)
_NOT_THERE = re.compile(
    r"\b(?:free (?:from|of)|without|contains no)\b:?[^.;。；]*|\bnot?\s\w+|\b\w+[- ]free\b"
    r"|\bun(?:scented|sweetened|salted)\b"
    r"|\bdecaf\w*|(?:不含|不加|无添加|零添加|未添加)[:：]?[^.;,，。；\s]*|[无非零][\u4e00-\u9fff]{1,2}|0糖|低因",
    re.IGNORECASE,
)
_OF_AGE = re.compile(r"岁|月龄|years? old|\bages?\b", re.IGNORECASE)
_RANGE = re.compile(
    r"(?P<low>\d{1,3})\s?(?P<unit>months?|mo\b|个?月龄?|years?|岁)?\s?(?:-|–|—|~|至|到|to)\s?(?P<high>\d{1,3})\s?(?P<unit2>months?|mo\b|个?月龄?|years?|岁)"
    r"|(?P<from>\d{1,3})\s?(?P<unit3>months?|个月|月龄|years?|岁)\s?(?:\+|起|以上|and (?:up|over|older))"
    r"|(?:from|over|above|ages?)\s(?P<from2>\d{1,3})\s?(?P<unit4>months?|years?|\+)?"
    r"|(?:up to|under)\s(?P<upto>\d{1,3})\s?(?P<unit5>months?|years?)"
    r"|(?P<upto2>\d{1,3})\s?(?P<unit6>个月|岁)以下",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"[&,/、，+]|\band\b|和|与|及", re.IGNORECASE)
_HARD = (
    "toys", "books", "electronics", "appliance", "cup", "teapot", "pot", "headphones", "fan", "torch", "luggage", "bag",
    "wallet", "powerbank", "ceramic", "glass", "~writing", "~computer", "~photo", "~cooking", "~home",
)  # fmt: skip
"""Kinds of goods that are neither eaten nor put on the skin nor worn."""
_FOOD = frozenset({"nuts", "peanut", "milk", "egg", "gluten", "soy", "seafood", "meat"})
"""Allergens that matter in what is eaten or put on the skin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """One product as it is searched and judged; texts are `lexicon.field`s."""

    id: str
    group: str
    name: str
    """In all languages, without what tells variants apart."""
    options: str
    category: str
    values: str
    """What attributes hold, save what it is free from."""
    labels: str
    about: str
    """The description, without what is said not to be there."""
    free: str
    """What it is stated to be free from."""
    ages: tuple[tuple[int, int | None], ...] = ()
    """Months, from and to, that it is stated to be for."""
    made_of: bool = False
    """Its material is stated."""
    one_kind: bool = True
    """Its category is of one kind of goods, not of several, which it need not be."""
    facts: tuple[tuple[str, str], ...] = ()
    """Labels and values as they are stated."""
    told: tuple[str, ...] = ()
    """Category, name and the beginning of the description, in each language: what it means."""

    @classmethod
    def of(
        cls,
        *,
        id: str,
        group: str = "",
        names: Sequence[str],
        category: Sequence[str] = (),
        options: Iterable[tuple[str, str]] = (),
        facts: Iterable[tuple[str, str]] = (),
        about: Sequence[str] = (),
    ) -> Goods:
        """From what the shop tells, in all languages; facts and options are labels and values."""
        chosen, told = list(options), list(facts)
        name = " / ".join(names)
        for _, value in chosen:
            name = name.replace(value, " ")
        stated = [pair for pair in told if not _FREE_LABEL.search(pair[0])]
        text = " / ".join(about)
        free = [value for label, value in told if _FREE_LABEL.search(label)]
        free += [
            match.group()
            for part in (*names, *(value for _, value in told), text)
            for match in _NOT_THERE.finditer(part)
        ]
        # What is stated as "none" is stated not to be there.
        free += [label for label, answer in stating.answers(told).items() if answer == "no"]
        whom = [value for label, value in told if FOR_WHOM.search(label)]
        return cls(
            id=id,
            group=group or id,
            name=field(_NOT_THERE.sub(" ", name)),
            options=field(_NOT_THERE.sub(" ", " / ".join(value for _, value in chosen))),
            category=field(" / ".join(category)),
            values=field(_NOT_THERE.sub(" ", " / ".join(value for _, value in stated))),
            labels=field(" / ".join(label for label, _ in stated)),
            about=field(_NOT_THERE.sub(" ", text)),
            free=field(" / ".join(free)),
            ages=tuple(dict.fromkeys(span for part in (*whom, *names) for span in _ages(part, part in whom))),
            made_of=any(_MADE_OF.search(label) for label, _ in stated),
            facts=(*told, *chosen),
            one_kind=not any(_SEVERAL.search(one) for one in category),
            told=tuple(
                f"{kind} {called} {text[:_MEANT]}".strip()
                for kind, called, text in zip_longest(category, names, about, fillvalue="")
                if called
            ),
        )

    @property
    def called(self) -> str:
        """Its names and its category."""
        return self.name + self.category

    @property
    def stated(self) -> str:
        """All that it is stated to be itself, without labels."""
        return self.name + self.options + self.values + self.about

    @property
    def all(self) -> str:
        """The same, and its category."""
        return self.stated + self.category

    def is_of(self, kind: str, text: str) -> bool:
        """Whether one of its texts says that it is of a kind of the lexicon."""
        return any(word in text for word in goods_of(kind))


def _ages(text: str, sure: bool) -> list[tuple[int, int | None]]:
    """Ages in months that a text states; of a name those only that say so."""
    found = list[tuple[int, int | None]]()
    for match in _RANGE.finditer(text) if sure or _OF_AGE.search(text) else ():
        unit = next(
            (match[name] for name in ("unit2", "unit3", "unit4", "unit5", "unit6") if match[name]), "years"
        )
        months = unit.lower().startswith("mo") or "月" in unit
        first = (match["unit"] or "").lower()
        low_months = months if not first else first.startswith("mo") or "月" in first
        low = match["low"] or match["from"] or match["from2"] or "0"
        high = match["high"] or match["upto"] or match["upto2"]
        found.append(
            (
                _months(low, low_months),
                None if high is None else _months(high, months) + (0 if months else 11),
            )
        )
    return found


def _months(number: str, months: bool) -> int:
    return int(number) if months else int(number) * 12


def states_free(need: Need, label: str, value: str) -> bool:
    """Whether an attribute states that what is not wanted isn't in it."""
    text = (
        field(value)
        if _FREE_LABEL.search(label)
        else field(" ".join(match.group() for match in _NOT_THERE.finditer(value)))
    )
    return any(word in text for phrase in (*need.allergies, *need.unwanted) for word in _words_of(phrase)[0])


def against(need: Need, goods: Goods) -> str:
    """What speaks against goods for a need, of what they are; empty: nothing.

    `pet`, `age`, `whom`: they are for somebody else. `allergy`: they are stated to hold it, `unstated`: what must be
    known for safety isn't stated. `stated`: what is stated isn't what is asked for. `unwanted`, `owned`,
    `upkeep`: nothing that is wished for. The price, and whether there are any, is for others to look at.
    """
    for reason, holds in _AGAINST:
        if holds(need, goods):
            return reason
    return ""


def _wrong_pet(need: Need, goods: Goods) -> bool:
    text = goods.called + goods.values
    # A book about a cat is for nobody's cat.
    about = goods.is_of("!about", goods.called)
    species = {kind for kind in ANIMALS if not about and goods.is_of(f"@{kind}", text)}
    if not need.animal:
        return any(goods.is_of(f"@{kind}", goods.called) for kind in species)
    wished, known = {*need.people} & set(ANIMALS) - {"pet"}, species - {"pet"}
    if not (known & wished if wished and known else species):
        return True
    young = "young" in need.people or (need.age is not None and need.age < _FULL_GROWN)
    grown = need.age is not None and need.age >= _FULL_GROWN
    if (young and goods.is_of("@grown", goods.all)) or (
        grown and goods.is_of("@young", goods.called + goods.values)
    ):
        return True
    return need.age is not None and not _in_ages(goods, need.age)


def _unfit_for_child(need: Need, goods: Goods) -> bool:
    """Whether goods are stated to be for another age; so young, nothing is fit that isn't stated to be."""
    if need.animal or not need.child:
        return False
    age = need.age
    baby, child = goods.is_of("@baby", goods.called), goods.is_of("@child", goods.called)
    if age is None:
        return "baby" in need.people and not baby and not any(low < _TODDLER for low, _ in goods.ages)
    if goods.ages and not _in_ages(goods, age):
        return True
    to_the_end = any(high is not None for _, high in goods.ages)
    if goods.ages and (to_the_end or not baby):
        return False
    return bool(baby and age >= _TODDLER) or bool(child and not baby and age < _TODDLER)


def _unstated_for_child(need: Need, goods: Goods) -> bool:
    if need.animal or not need.child:
        return False
    return not (goods.ages or goods.is_of("@baby", goods.called) or goods.is_of("@child", goods.called))


def _in_ages(goods: Goods, age: int) -> bool:
    return all(low <= age and (high is None or age <= high) for low, high in goods.ages)


def _for_others(need: Need, goods: Goods) -> bool:
    people = set(need.people)
    if need.animal:
        return False
    if not need.child and (people & {"adult", "self"} or (need.age or 0) >= CHILD):
        small = [high for _, high in goods.ages if high is not None and high < CHILD]
        if small or goods.is_of("@baby", goods.called) or goods.is_of("@child", goods.name):
            return True
    if not need.child and "child" not in people and goods.is_of("@child", goods.name):
        return True
    woman, man = (
        goods.is_of("@woman", goods.name + goods.options),
        goods.is_of("@man", goods.name + goods.options),
    )
    return ("man" in people and "woman" not in people and woman and not man) or (
        "woman" in people and "man" not in people and man and not woman
    )


def _allergic(need: Need, goods: Goods) -> bool:
    return any(word in goods.all for phrase in need.allergies for word in _words_of(phrase)[0])


def _unstated_allergen(need: Need, goods: Goods) -> bool:
    if not need.allergies:
        return False
    text = goods.called + goods.labels
    for phrase in need.allergies:
        _, kinds = _words_of(phrase)
        # Free from peanuts is not free from nuts.
        if any(word in goods.free for word in _stated(phrase)):
            continue
        touched = goods.is_of("!edible", text) or goods.is_of("!topical", text)
        worn = goods.is_of("!worn", text)
        hard = any(goods.is_of(kind, text) for kind in _HARD)
        if (
            touched
            or not (goods.made_of or hard or worn)
            or (worn and not goods.made_of and not kinds & _FOOD)
        ):
            # What it may be of is not known, or isn't stated.
            return True
    return False


@lru_cache(1_024)
def _words_of(phrase: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Patterns of an allergen and of what holds it, and its kinds."""
    kinds = frozenset(kind for kind in lexicon.said_of(phrase) if kind[0] != "~")
    words = [pattern(word) for word in _split(phrase)]
    return tuple(dict.fromkeys((*words, *goods_of(*sorted(kinds))))), kinds


@lru_cache(1_024)
def _refused(phrase: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Patterns of the words of a phrase that have to stand together, and of the goods of the kind that it is."""
    asked = lexicon.asks(phrase)
    whole = " ".join(lexicon.forms(phrase)) if phrase.isascii() else phrase
    own = tuple(_beginning(word) for word in _split(phrase))
    # Who wants nothing noisy refuses no goods that are good against noise.
    return own, goods_of(*sorted(kind for kind in asked.get(whole, ()) if kind[0] != "~"))


@lru_cache(1_024)
def _stated(phrase: str) -> tuple[str, ...]:
    """Patterns of what a statement calls it that something isn't there."""
    kinds = [kind for kind in lexicon.said_of(phrase) if kind[0] != "~"]
    return tuple(_beginning(word) for word in (*_split(phrase), *(lexicon.free_of(*kinds) if kinds else ())))


def _split(phrase: str) -> list[str]:
    return phrase.split() if phrase.isascii() else [phrase]


def _beginning(word: str) -> str:
    own = pattern(word)
    return own.rstrip() if word.isascii() and len(own.strip()) >= _PREFIX else own


def _unwanted(need: Need, goods: Goods) -> bool:
    for phrase in need.unwanted:
        words, kind = _refused(phrase)
        if phrase.lower() in lexicon.free_of():
            # Who wants no decaf wants it with.
            if any(word in goods.free for word in words):
                return True
            continue
        text = goods.stated + (goods.category if goods.one_kind else "")
        held = all(word in text for word in words) or any(word in text + goods.labels for word in kind)
        if held and not any(word in goods.free for word in _stated(phrase)):
            return True
    return False


def _owned(need: Need, goods: Goods) -> bool:
    held = " / ".join(value for label, value in goods.facts if _HOLDS.search(label))
    text = goods.name + goods.options + field(held)
    for phrase in need.owned:
        words, kind = _refused(phrase)
        if all(word in text for word in words) or any(word in text for word in kind):
            return True
    return False


def _measured(need: Need, goods: Goods) -> bool:
    return not stating.meets(need.said, goods.facts)


def _not_as_stated(need: Need, goods: Goods) -> bool:
    """Whether what is stated as yes, no or a level isn't what is asked for."""
    refused = (*need.unwanted, *need.allergies)
    return any(
        wish and not stating.agrees(wish, answer)
        for label, answer in stating.answers(goods.facts).items()
        if (wish := stating.asked(need.said, refused, label))
    )


def labels_asked(need: Need, goods: Iterable[Goods]) -> frozenset[str]:
    """Labels of some goods' yes, no or level that a need speaks of."""
    labels = {label for one in goods for label in stating.answers(one.facts)}
    refused = (*need.unwanted, *need.allergies)
    return frozenset(label for label in labels if stating.asked(need.said, refused, label))


def _upkeep(need: Need, goods: Goods) -> bool:
    """Whether they only keep a household going, which nobody gives as a present."""
    given = bool({"present", "adult", "woman", "man"} & set(need.people)) or not need.words
    if not given or need.animal or not goods.is_of("!upkeep", goods.called + goods.options):
        return False
    asked = any(one.met_in(goods.name) for one in wanted(need) if not one.whom)
    return not asked and not lexicon.said_of(need.said, "!upkeep")


_AGAINST = (
    ("pet", _wrong_pet),
    ("age", _unfit_for_child),
    ("whom", _for_others),
    ("allergy", _allergic),
    ("unwanted", _unwanted),
    ("owned", _owned),
    ("stated", _not_as_stated),
    ("stated", _measured),
    ("upkeep", _upkeep),
    ("unstated", _unstated_for_child),
    ("unstated", _unstated_allergen),
)
"""In this order: what isn't stated is said only of what would fit otherwise."""
