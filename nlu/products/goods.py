"""What a shop states of its goods, as far as it decides for whom they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from nlu.products import stated as stating
from nlu.products.lexicon import field, goods_of

_MEANT = 60
"""Characters of a description."""
FREE_LABEL = re.compile(r"free.?from|^free$|without|不含|无添加|不添加", re.IGNORECASE)
_TRACES = re.compile(r"may (?:also )?contain|traces|可能含|可能有", re.IGNORECASE)
LISTED = re.compile(r"ingredient|allergen|配料|成分|原料|致敏|过敏原", re.IGNORECASE)
"""Labels under which all that goods are made of, or all allergens in them, are listed."""
_MADE_OF = re.compile(r"material|fabric|filling|composition|材质|面料|填充", re.IGNORECASE)
FOR_WHOM = re.compile(r"\bage|suitable|^for$|年龄|月龄|适合|适用", re.IGNORECASE)
NOT_THERE = re.compile(
    r"\b(?:free (?:from|of)|without|contains no)\b:?[^.;。；]*"
    r"|\bnot?\s(?:(?:proper|real|for|in|suitable\sfor|meant\sfor|to\sbe\sused\s(?:in|on|with))\s(?:the\s)?)?\w+"
    r"|\b\w+[- ]free\b"
    r"|\bun(?:scented|sweetened|salted)\b"
    r"|\bdecaf\w*|(?:不含|不加|不用|不防|不带|无添加|零添加|未添加)[:：]?[^.;,，。；\s]*|[无非零][\u4e00-\u9fff]{1,2}|0糖|低因",
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
_REFUSED = re.compile(r"(?:\bnot?\b|n['’]t\b|不)[^,.;，。；]*$", re.IGNORECASE)
_APART = re.compile(r"[,，(（;；|]|\s[-–—]\s")
_SEVERAL = re.compile(r"[&,/、，+]|\band\b|和|与|及", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """What a shop writes of a product in one language."""

    language: str
    name: str
    text: str
    """Category, description, options and attributes, a line each."""
    kind: str = ""
    """The category."""


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
    traces: str = field("")
    """What it is stated to hold perhaps, though it isn't made of it."""
    listed: bool = False
    """What it is made of, or which allergens are in it, is listed."""
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
    written: tuple[Written, ...] = ()
    """All that is written of it, in each language that it has a name in."""

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
        written: Sequence[Written] = (),
    ) -> Goods:
        """From what the shop tells, in all languages; facts and options are labels and values."""
        chosen, told = list(options), list(facts)
        name = " / ".join(names)
        for _, value in chosen:
            name = name.replace(value, " ")
        traces = [value for label, value in told if _TRACES.search(label)]
        stated = [pair for pair in told if not (FREE_LABEL.search(pair[0]) or _TRACES.search(pair[0]))]
        text = " / ".join(about)
        free = [value for label, value in told if FREE_LABEL.search(label)]
        free += [
            match.group()
            for part in (*names, *(value for _, value in told), text)
            for match in NOT_THERE.finditer(part)
        ]
        # What is stated as "none" is stated not to be there.
        free += [label for label, answer in stating.answers(told).items() if answer == "no"]
        whom = [value for label, value in told if FOR_WHOM.search(label)]
        return cls(
            id=id,
            group=group or id,
            name=field(NOT_THERE.sub(" ", name)),
            options=field(NOT_THERE.sub(" ", " / ".join(value for _, value in chosen))),
            category=field(" / ".join(category)),
            values=field(NOT_THERE.sub(" ", " / ".join(value for _, value in stated))),
            labels=field(" / ".join(label for label, _ in stated)),
            about=field(NOT_THERE.sub(" ", text)),
            free=field(" / ".join(free)),
            traces=field(" / ".join(traces)),
            listed=any(LISTED.search(label) for label, _ in stated),
            ages=tuple(dict.fromkeys(span for part in (*whom, *names) for span in _ages(part, part in whom))),
            made_of=any(_MADE_OF.search(label) for label, _ in stated),
            facts=(*told, *chosen),
            one_kind=not any(_SEVERAL.search(one) for one in category),
            told=tuple(
                f"{kind} {called} {text[:_MEANT]}".strip()
                for kind, called, text in zip_longest(category, names, about, fillvalue="")
                if called
            ),
            written=tuple(written),
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


def called_alike(name: str) -> str:
    """What goods that differ only in size or colour are both called: a name before what tells it apart."""
    return _APART.split(name)[0].strip().lower()


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
        if _REFUSED.search(text[: match.start()]):
            # "Not for babies under 12 months" is for those from 12 months on.
            if high is not None:
                found.append((_months(high, months), None))
            continue
        found.append(
            (
                _months(low, low_months),
                None if high is None else _months(high, months) + (0 if months else 11),
            )
        )
    return found


def _months(number: str, months: bool) -> int:
    return int(number) if months else int(number) * 12
