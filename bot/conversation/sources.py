"""What is taken while a message is answered, and what of it the answer says in the end.

Everything that is said passes `Turn.say`, which notes it here; so do passages of the pages where they are put into
words, and decisions of retention. A skill looks at more than it says, and answers are put together, cut and left out
afterwards: what the answer comes from is that which stands in its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from bot.conversation.trace import Entry, Fact, Of, Price, ReadAs, Rule, Shown, Trace
from bot.messages import Reply
from nlu.types import Passage
from retention.types import Offer, Reason, Recommendation

_NAMES = ((Of.REQUEST, "request"), (Of.CODE, "code"), (Of.ORDER, "number"), (Of.PRODUCT, "name"))
"""The value of a text that says what it is about, in every text of the bot's: the first that it has."""
_OF_CUSTOMERS = ("greeting", "link", "outreach")
"""First words of the ids of texts whose name is the customer's."""
_BEGINNINGS = {
    Of.ORDER: "order orders parcel parcels refund shipping way record return verdict",
    Of.PRODUCT: "attribute compare fact price product stock total variant version versions",
    Of.CODE: "code coupon coupons offer",
    Of.REQUEST: "request requests",
}
"""First words of the ids of texts that are about one of these, which another text of the same answer may name."""
_SPEAK_OF = {first: of for of, firsts in _BEGINNINGS.items() for first in firsts.split()}
_PERSONAL = frozenset({"address", "email", "measures", "phone", "told", "wanted"})
"""Values that are kept with the message alone."""
_QUOTING = frozenset({"repeat-short", "said-again", "still-needed"})
"""Texts whose value `text` is an answer of the bot's, which may hold any of these."""
_ATTRIBUTE = "attribute"
_LONGEST = 80
_MOST = 24
_ENDS_A_SENTENCE = re.compile(r"[.!?:。！？：…]\s{0,2}$|\n\s{0,4}$|^\s{0,4}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """Words that were made, and what they say."""

    words: str
    what: Fact | Entry | Price
    bare: bool = False
    """They hold no value: elsewhere the same words may come from something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where something stands in an answer."""

    start: int
    end: int
    said: _Said

    def within(self, other: _Place) -> bool:
        """Whether it is a part of something longer."""
        longer = other.end - other.start > self.end - self.start
        return longer and other.start <= self.start and self.end <= other.end


@dataclass(slots=True)
class Sources:
    """Gathers while a message is answered: it is the one value of a turn that grows, since what is looked at is known
    only where it is looked at."""

    _said: dict[tuple[str, str], _Said] = field(default_factory=dict)
    _by_before: set[tuple[str, str]] = field(default_factory=set)
    _recommended: dict[str, Recommendation] = field(default_factory=dict)

    def text(self, text_id: str, words: str, values: Mapping[str, str | int]) -> None:
        """A text was put into words."""
        key = (text_id, words)
        if words.strip() and key not in self._said:
            fact = _fact(text_id, words, {name: str(value) for name, value in values.items()})
            self._said[key] = _Said(words=words.strip(), what=fact, bare=not values)

    def by_before(self, passages: Sequence[Passage]) -> None:
        """These were found by the message and what was said before it."""
        self._by_before |= {(one.page, one.title) for one in passages}

    def passage(self, passage: Passage, words: str) -> None:
        """An entry of the pages, or a part of it, was put into words."""
        entry = Entry(
            page=passage.page,
            title=passage.title,
            language=passage.language,
            chance=round(float(passage.score), 3),
            by_before=(passage.page, passage.title) in self._by_before,
        )
        if words.strip():
            self._said[f"{entry.page}\n{entry.title}", words] = _Said(words=words.strip(), what=entry)

    def recommended(self, items: Sequence[Recommendation]) -> None:
        """Products were chosen for this customer."""
        self._recommended |= {item.product: item for item in items}

    def price(self, offer: Offer, words: str) -> None:
        """A price was decided for this customer, and put into words."""
        decided = Price(
            product=offer.product,
            policy=offer.policy,
            personal=offer.personal,
            rules=tuple(map(_rule, offer.reasons)),
        )
        self._said[f"price {offer.product}", words] = _Said(words=words, what=decided)

    def of(self, reply: Reply, read: ReadAs, skills: Sequence[str]) -> Trace:
        """What of all that an answer says."""
        places = self._places(reply)
        taken = [one.said.what for one in places]
        return Trace(
            read=read,
            skills=tuple(dict.fromkeys(skills)),
            entries=tuple(dict.fromkeys(one for one in taken if isinstance(one, Entry))),
            facts=_facts(reply, places)[:_MOST],
            shown=tuple(self._shown(card.product_id, card.title) for card in reply.cards),
            prices=tuple(one for one in taken if isinstance(one, Price)),
        )

    def _places(self, reply: Reply) -> list[_Place]:
        answer = "\n".join(_parts(reply))
        found = []
        for said in self._said.values():
            start = answer.find(said.words)
            if start >= 0 and (not said.bare or _stands_alone(answer, start, said.words)):
                found.append(_Place(start=start, end=start + len(said.words), said=said))
        return sorted(found, key=lambda one: (one.start, -one.end))

    def _shown(self, product: str, title: str) -> Shown:
        chosen = self._recommended.get(product)
        if chosen is None:
            return Shown(product=product, title=title)
        reasons = tuple(reason.code for reason in chosen.reasons)
        return Shown(product=product, title=title, policy=chosen.policy, reasons=reasons)


def _parts(reply: Reply) -> list[str]:
    """The words of an answer: its text, then each card's."""
    return [reply.text, *(f"{card.title}\n{card.text}" for card in reply.cards)]


def _stands_alone(answer: str, start: int, words: str) -> bool:
    """Whether words are whole sentences where they stand."""
    before, after = answer[:start], answer[start + len(words) :]
    ends = not after or _ENDS_A_SENTENCE.search(words) is not None or after.startswith("\n")
    return ends and _ENDS_A_SENTENCE.search(before[-8:] if before else "") is not None


def _rule(reason: Reason) -> Rule:
    return Rule(code=reason.code, share=max(0.0, round(reason.weight, 4)))


def _fact(text_id: str, words: str, values: Mapping[str, str]) -> Fact:
    """What a text says: the values that stand in its words, and what they are about."""
    first = text_id.partition("-")[0]
    kept = {
        name: "" if name in _PERSONAL or (name == "text" and text_id in _QUOTING) else _short(value)
        for name, value in values.items()
        if value and value in words and not (name == "name" and first in _OF_CUSTOMERS)
    }
    value = next((name for name in ("value", "values") if name in kept), "")
    if value and "label" in kept:
        kept = {kept.pop("label"): kept.pop(value), **kept}
    spoken_of = _SPEAK_OF.get(first, Of.SHOP)
    for of, name in _NAMES:
        # What an order's text names is a line of the order.
        if name in kept and not (of is Of.PRODUCT and spoken_of is Of.ORDER):
            return Fact(of=of, text=text_id, which=kept.pop(name), said=kept)
    return Fact(of=spoken_of, text=text_id, said=kept)


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _facts(reply: Reply, places: Sequence[_Place]) -> tuple[Fact, ...]:
    """The facts in the order in which they are said. A text within another is a part of what that says; one that names
    no thing of its own is about that which was named before it, or the product of its card."""
    entries = [one for one in places if isinstance(one.said.what, Entry)]
    found: list[tuple[_Place, Fact]] = []
    named: dict[Of, str] = {}
    for place in places:
        fact = place.said.what
        if not isinstance(fact, Fact) or any(place.within(entry) for entry in entries):
            continue
        outer = next((number for number, (one, _) in enumerate(found) if place.within(one)), None)
        if outer is not None and (fact.text == _ATTRIBUTE or not fact.which or found[outer][1].which):
            if fact.text == _ATTRIBUTE:
                found[outer] = (found[outer][0], _with(found[outer][1], fact))
            continue
        if fact.of in (Of.PRODUCT, Of.SHOP) and not fact.which:
            fact = _of_card(reply, place, fact)
        fact = replace(fact, which=fact.which or named.get(fact.of, ""))
        named[fact.of] = fact.which
        last = found[-1][1] if found else None
        if last is not None and _goes_on(last, fact):
            found[-1] = (found[-1][0], _with(last, fact))
        else:
            found.append((place, fact))
    return tuple(fact for _, fact in found)


def _of_card(reply: Reply, place: _Place, fact: Fact) -> Fact:
    ends = accumulate(len(part) + 1 for part in _parts(reply))
    card = sum(place.start >= end for end in ends) - 1
    return fact if card < 0 else replace(fact, of=Of.PRODUCT, which=reply.cards[card].title)


def _goes_on(last: Fact, fact: Fact) -> bool:
    """Whether a fact is of the same thing as the one before it, and another row of the same or an attribute more."""
    same = (last.of, last.which) == (fact.of, fact.which)
    row = fact.text in (_ATTRIBUTE, last.text)
    return same and row and bool(fact.said) and not last.said.keys() & fact.said.keys()


def _with(fact: Fact, attribute: Fact) -> Fact:
    """A fact and an attribute that is a part of its words."""
    own = {name: value for name, value in fact.said.items() if name != "facts"}
    return replace(fact, said={**own, **attribute.said})
