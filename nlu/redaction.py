"""Taking personal data out of a text before it is logged."""

from __future__ import annotations

from collections.abc import Iterable

from nlu.entities import addresses, contact, numbers, private
from nlu.entities.private import Found
from nlu.entities.spans import Span
from nlu.normalise import normalise, simplify
from nlu.types import EntityKind

_NAMES = {
    EntityKind.EMAIL: "e-mail",
    EntityKind.PHONE: "phone",
    EntityKind.ADDRESS: "address",
    EntityKind.ORDER_NUMBER: "order",
}
_OF_MAILS = ("@", " at ", "at)", "at]", "艾特")
_SURE_ORDER = 0.7
"""Score from which a number is an order's; other short numbers stay."""


def redact(text: str) -> str:
    """The text, normalised, with personal data replaced by what it was: `[phone]`, `[name]`.

    Phone numbers, e-mail and postal addresses, names of people and accounts, secrets, dates of birth, numbers of
    orders, cards and documents.
    Whatever one of the patterns covers is gone: where two overlap, all of both is replaced.
    """
    form = normalise(text)
    return _replaced(form.text, _merged(_found(simplify(form.text))))


def _found(text: str) -> Iterable[Found]:
    """What is to go, the surest name for it first."""
    yield from _as_found(contact.emails(text))
    if any(sign in text for sign in _OF_MAILS):
        yield from private.mails(text)
    if any(character.isdigit() for character in text) or not text.isascii():
        yield from _as_found(contact.phones(text))
    yield from _as_found(addresses.addresses(text, scan=len(text)))
    yield from private.accounts(text)
    yield from private.cards(text)
    yield from private.birthdays(text)
    yield from _as_found(span for span in numbers.order_numbers(text) if span.score >= _SURE_ORDER)
    yield from private.long_numbers(text)
    yield from private.places(text)
    yield from private.names(text)


def _as_found(spans: Iterable[Span]) -> Iterable[Found]:
    return ((span.start, span.end, _NAMES[span.kind]) for span in spans)


def _merged(found: Iterable[Found]) -> list[Found]:
    """Overlapping pieces as one, by the name of the surest; in the order of the text."""
    ranked = sorted(((start, end, rank, name) for rank, (start, end, name) in enumerate(found)))
    merged: list[tuple[int, int, int, str]] = []
    for start, end, rank, name in ranked:
        if merged and start < merged[-1][1]:
            first, last, best, kept = merged[-1]
            merged[-1] = (first, max(last, end), *min((best, kept), (rank, name)))
        else:
            merged.append((start, end, rank, name))
    return [(start, end, name) for start, end, _, name in merged]


def _replaced(text: str, found: Iterable[Found]) -> str:
    pieces, at = [], 0
    for start, end, name in found:
        pieces += [text[at:start], f"[{name}]"]
        at = end
    return "".join([*pieces, text[at:]])
