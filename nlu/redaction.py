"""Taking personal data out of a text before it is logged."""

from __future__ import annotations

import re

from nlu.entities import contact, numbers
from nlu.entities.spans import Span, without_overlaps
from nlu.normalise import normalise, simplify
from nlu.types import EntityKind

_NAMES = {
    EntityKind.EMAIL: "[e-mail]",
    EntityKind.PHONE: "[phone]",
    EntityKind.ADDRESS: "[address]",
    EntityKind.ORDER_NUMBER: "[order]",
}
_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){5,}[Xx]?")
"""Cards, identity cards, accounts, and phone numbers of a form that no pattern knows."""


def redact(text: str) -> str:
    """The text, normalised, with phone numbers, e-mail and postal addresses, order and long numbers replaced."""
    form = normalise(text)
    simplified = simplify(form.text)
    spans = without_overlaps(
        [
            *contact.emails(simplified),
            *contact.phones(simplified),
            *contact.addresses(simplified),
            *(span for span in numbers.order_numbers(simplified) if span.score >= 0.7),
        ]
    )
    return _LONG_NUMBER.sub("[number]", _replaced(form.text, spans))


def _replaced(text: str, spans: list[Span]) -> str:
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], _NAMES[span.kind]]
        at = span.end
    return "".join([*pieces, text[at:]])
