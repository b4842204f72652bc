"""List prices that were proposed, and what they earned, in words: the same in the console and on the command line."""

from __future__ import annotations

from bot.conversation.wording import money
from bot.shop.prices import FILE
from bot.staff.console.offer_words import proposed
from bot.staff.console.words import Words
from bot.staff.list_outcome import Outcome
from retention.pricing.effect import Effect
from storage.price_proposals import LEFT_ALONE, RULE, StoredProposal


def change(words: Words, one: StoredProposal) -> str:
    """The price before and after."""
    percent = f"{100 * (one.new_price / one.old_price - 1):+.1f}" if one.old_price else ""
    before, after = (money(each, one.currency) for each in (one.old_price, one.new_price))
    return words("list-change", before=before, after=after, percent=percent)


def gain(words: Words, one: StoredProposal) -> str:
    """What it is expected to earn."""
    more, low, high = (money(round(each), one.currency) for each in (one.gain, one.low, one.high))
    return words("list-gain", gain=more, low=low, high=high)


def because(words: Words, one: StoredProposal) -> str:
    """Why it was proposed."""
    return words("because", reasons=words("comma").join(proposed(words, one.reasons, one.currency)))


def state(words: Words, one: StoredProposal) -> str:
    """How it stands, and by whom."""
    said = words.of("list-state", one.state)
    if one.decided_by == RULE:
        return f"{said}{words('comma')}{words('list-by-rule', file=FILE)}"
    if one.decided_by is None or one.state == LEFT_ALONE:
        return said
    return f"{said}{words('comma')}{words('list-decided-by', who=one.decided_by)}"


def kept(words: Words, code: str, number: int) -> str:
    """How many products keep their price for a reason."""
    return words.of("kept", code, number=number, file=FILE)


def earned(words: Words, outcome: Outcome) -> list[str]:
    """What approved prices earned, and what became of their substitutes; a sentence each."""
    if outcome.effect is None:
        return [words("list-earned-none")]
    found = [_effect(words, "list-earned", outcome.effect)]
    if outcome.substitutes is None:
        return [*found, words("list-substitutes-none")]
    return [*found, _effect(words, f"list-earned-{outcome.told_by}", outcome.substitutes)]


def _effect(words: Words, text: str, effect: Effect) -> str:
    value, low, high = (f"{100 * each:+.1f} %" for each in (effect.value, effect.low, effect.high))
    said = words(text, value=value, low=low, high=high, changed=effect.changed, compared=effect.compared)
    return said if effect.certain else f"{said}{words('comma')}{words('list-earned-unsure')}"
