"""Where an answer of the bot's comes from, in plain lines: below it in the console, and by `liuke ask --why`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.conversation.trace import Entry, Fact, Price, ReadAs, Shown, Trace
from bot.staff.console.words import Words


def lines(words: Words, trace: Trace) -> list[str]:
    """What the message was read as, who answered, and each thing that the answer says with its place."""
    return [
        *_read(words, trace.read),
        *_skills(words, trace.skills),
        *(_entry(words, entry) for entry in trace.entries),
        *(_fact(words, fact) for fact in trace.facts),
        *(_price(words, price) for price in trace.prices),
        *(_shown(words, card) for card in trace.shown),
    ]


def _read(words: Words, read: ReadAs) -> Iterator[str]:
    if read.pressed:
        yield words("why-pressed", action=read.pressed)
    if not read.intent:
        return
    intent = words("why-chance", what=words.of("intent", read.intent), chance=_percent(read.chance))
    wishes = [words.name("intent", wish) for wish in read.wishes if wish != read.intent]
    notes = [words("why-wishes", wishes=words("comma").join(wishes))] if wishes else []
    notes += [words.of("act", act) for act in read.acts]
    notes += [words.of("danger", read.danger)] if read.danger else []
    yield words("why-read", what=words("why-and").join([intent, *notes]))


def _skills(words: Words, skills: Sequence[str]) -> Iterator[str]:
    if skills:
        yield words("why-skill", skill=words("comma").join(words.of("skill", name) for name in skills))


def _entry(words: Words, entry: Entry) -> str:
    written = words.name("written", entry.language)
    place = words("why-entry", page=entry.page, title=entry.title, written=written)
    found = words("why-chance", what=place, chance=_percent(entry.chance))
    return words("why-and").join([found, words("why-by-before")] if entry.by_before else [found])


def _fact(words: Words, fact: Fact) -> str:
    said = words("why-and").join(
        words("why-value", name=words.name("fact", name), value=value) if value else words.name("fact", name)
        for name, value in fact.said.items()
    )
    thing = words(f"why-{fact.of}", which=fact.which) if fact.which else words(f"why-of-{fact.of}")
    return words("why-fact", thing=thing, said=said, some="yes" if said else "no", text=fact.text)


def _price(words: Words, price: Price) -> str:
    rules = [
        words("why-taken-off", rule=words.of("rule", rule.code), share=_percent(rule.share))
        if rule.share
        else words.of("rule", rule.code)
        for rule in price.rules
    ]
    kind = "why-price-personal" if price.personal else "why-price-for-all"
    return words(kind, product=price.product, rules=words("why-and").join(rules), policy=price.policy)


def _shown(words: Words, card: Shown) -> str:
    if not card.policy:
        return words("why-card", title=card.title, product=card.product)
    reasons = words("why-and").join(words.of("because", reason) for reason in card.reasons)
    return words(
        "why-recommended", title=card.title, product=card.product, reasons=reasons, policy=card.policy
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g}"
