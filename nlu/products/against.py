"""What speaks against goods for a need: who they aren't for, what they hold, what isn't stated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from nlu.entities.attributes import colours
from nlu.products import lexicon, measures, sized
from nlu.products import stated as stating
from nlu.products.concepts import wanted
from nlu.products.goods import FREE_LABEL, NOT_THERE, Goods
from nlu.products.lexicon import field, goods_of, pattern
from nlu.products.needs import ANIMALS, CHILD, FOR_HEALTH, Need

_FIRST_YEAR, _TODDLER, _FULL_GROWN = 12, 36, 12
"""Months: up to when a baby is one, up to when goods for babies are fit, and from when a pet is grown."""
_DIETS = ("%vegan", "%vegetarian")
_OF_FOOD = frozenset({"%pregnant"})
"""What speaks against nothing but what is eaten or put on the skin."""
_PREFIX = 5
"""Letters from which on a word also stands for longer ones that begin so: decaf, decaffeinated."""
_HARD = (
    "toys", "books", "electronics", "appliance", "cup", "teapot", "pot", "headphones", "fan", "torch", "luggage", "bag",
    "wallet", "powerbank", "ceramic", "glass", "~writing", "~computer", "~photo", "~cooking", "~home",
)  # fmt: skip
"""Kinds of goods that are neither eaten nor put on the skin nor worn."""
_FOOD = frozenset({"nuts", "peanut", "milk", "egg", "gluten", "soy", "seafood", "meat"})
"""Allergens that matter in what is eaten or put on the skin."""
_WITH = re.compile(
    r"\b(?:with|including|incl\.?)\s(?:an?\s|the\s|its\s|own\s)?([a-z]{3,})|(?:带|含|附)([\u4e00-\u9fff]{2,3})",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"colou?r|颜色|花色", re.IGNORECASE)
_HOLDS = re.compile(r"contents|includes?|in the box|内含|包含|清单", re.IGNORECASE)


def states_free(need: Need, label: str, value: str) -> bool:
    """Whether an attribute states that what is not wanted isn't in it."""
    text = (
        field(value)
        if FREE_LABEL.search(label)
        else field(" ".join(match.group() for match in NOT_THERE.finditer(value)))
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
        # A baby of whom no more is told may be the youngest.
        return "baby" in need.people and (
            any(low >= _FIRST_YEAR for low, _ in goods.ages) or (not baby and not goods.ages)
        )
    if goods.ages and not _in_ages(goods, age):
        return True
    to_the_end = any(high is not None for _, high in goods.ages)
    if goods.ages and (to_the_end or not baby):
        return False
    return bool(baby and age >= _TODDLER) or bool(child and not baby and age < _TODDLER)


def _unstated_for_child(need: Need, goods: Goods) -> bool:
    if need.animal or not need.child:
        return False
    if _in_their_size(need, goods):
        return False
    return not (goods.ages or goods.is_of("@baby", goods.called) or goods.is_of("@child", goods.called))


def _in_their_size(need: Need, goods: Goods) -> bool:
    """Whether goods are stated to be of the size, or for the measures, that are told of somebody."""
    tall = [one for one in measures.asked(need.said) if one.unit == "mm"]
    met = any(measures.stands(one, goods.facts)[0] == measures.MET for one in tall)
    return met or sized.meets(need.said, goods.facts)


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
    if (
        not need.child
        and people - {"present", "child"}
        and "child" not in people
        and goods.is_of("@child", goods.name)
    ):
        return True
    woman, man = (
        goods.is_of("@woman", goods.name + goods.options),
        goods.is_of("@man", goods.name + goods.options),
    )
    return ("man" in people and "woman" not in people and woman and not man) or (
        "woman" in people and "man" not in people and man and not woman
    )


def _allergic(need: Need, goods: Goods) -> bool:
    text = goods.all + goods.traces
    return any(word in text for phrase in need.allergies for word in _words_of(phrase)[0])


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


def _unstated_diet(need: Need, goods: Goods) -> bool:
    """Whether neither a diet that is asked for nor what goods are made of is stated."""
    diets = lexicon.said_of(need.said, "%") - FOR_HEALTH
    text = goods.called + goods.labels
    if not (goods.is_of("!edible", text) or goods.is_of("!topical", text)):
        diets -= _OF_FOOD
    if not diets or goods.listed:
        return False
    return not all(any(pattern(word) in goods.stated for word in lexicon.asked_of(one)) for one in diets)


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
        held = all(word in text for word in words) or any(word in text for word in kind)
        held = held or _of_label(" ".join((phrase, *kind)), goods) or _of_colour(phrase, goods)
        if held and not (any(word in goods.free for word in _stated(phrase)) or _by_diet(phrase, goods)):
            return True
    return False


def _of_label(said: str, goods: Goods) -> bool:
    """Whether goods state how much of it there is, and don't deny it, under a label that words call: alcohol."""
    words = field(said)
    return any(
        stating.named_in(label, words) and stating.answers(((label, value),)).get(label) != "no"
        for label, value in goods.facts
    )


def _of_colour(phrase: str, goods: Goods) -> bool:
    """Whether goods are stated to be of a colour, in whatever language it is called."""
    called = _coloured(phrase)
    return bool(called) and any(
        called & _coloured(value) for label, value in goods.facts if _COLOUR.search(label)
    )


def _coloured(text: str) -> frozenset[str]:
    """The colours that a text names; of what is a colour for sure also 橙 without its 色."""
    return frozenset(one.value for said in (text, f"{text}色") for one in colours(said))


def _by_diet(phrase: str, goods: Goods) -> bool:
    """Whether goods are stated to be for a diet in which what a phrase names isn't eaten: vegan cheese has no milk."""
    _, kinds = _words_of(phrase)
    return any(
        {f" {kind} " for kind in kinds} & set(lexicon.goods_of(diet))
        and any(pattern(word) in goods.name + goods.values for word in lexicon.asked_of(diet))
        for diet in _DIETS
    )


def _owned(need: Need, goods: Goods) -> bool:
    held = " / ".join(NOT_THERE.sub(" ", value) for label, value in goods.facts if _HOLDS.search(label))
    text = goods.name + goods.options + field(held)
    for phrase in need.owned:
        words, kind = _refused(phrase)
        if all(word in text for word in words) or any(word in text for word in kind):
            return True
    return False


def _lacking(need: Need, goods: Goods) -> bool:
    """Whether it is stated to be without what it is to come with."""
    with_ = [next(filter(None, match.groups())) for match in _WITH.finditer(need.said)]
    lacks = field(
        " / ".join(
            match.group()
            for label, value in goods.facts
            if _HOLDS.search(label)
            for match in NOT_THERE.finditer(value)
        )
    )
    return any(_beginning(word) in lacks for said in with_ for word in _split(said))


def _measured(need: Need, goods: Goods) -> bool:
    return measures.breaks(need.said, goods.facts)


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
    ("stated", _lacking),
    ("upkeep", _upkeep),
    ("unstated", _unstated_for_child),
    ("unstated", _unstated_allergen),
    ("unstated", _unstated_diet),
)
"""In this order: what isn't stated is said only of what would fit otherwise."""
