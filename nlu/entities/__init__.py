"""What a message names: numbers, dates, products, contacts. Patterns and a product index, no model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from nlu.entities import addresses, amounts, attributes, contact, dates, numbers
from nlu.entities.products import ProductIndex
from nlu.entities.spans import Span, without_overlaps
from nlu.normalise import Normalised, simplify
from nlu.types import Entity, EntityKind

__all__ = ["ProductIndex", "recognise"]


def recognise(
    message: str, normalised: Normalised, today: date, products: ProductIndex
) -> tuple[Entity, ...]:
    """The entities of a message, in the order of the text; `message` is the text as received."""
    text = simplify(normalised.text)
    return tuple(
        _as_written(message, normalised, span)
        for span in without_overlaps(_candidates(text, today, products))
    )


def _candidates(text: str, today: date, products: ProductIndex) -> Iterator[Span]:
    """Surest first: an earlier candidate keeps its characters."""
    yield from contact.emails(text)
    yield from contact.phones(text)
    found = products.find(text)
    yield from (span for span in found if span.score >= 1.0)
    yield from addresses.addresses(text)
    yield from dates.dates(text, today)
    yield from amounts.amounts(text)
    yield from numbers.order_numbers(text)
    yield from found
    yield from attributes.sizes(text)
    yield from attributes.colours(text)
    yield from numbers.quantities(text)


def _as_written(message: str, normalised: Normalised, span: Span) -> Entity:
    start, end = normalised.original_span(span.start, span.end)
    # A parcel is sent to the address as its writer knows it, traditional characters and all.
    as_written = span.kind is EntityKind.ADDRESS
    return Entity(
        kind=span.kind,
        text=message[start:end],
        value=normalised.text[span.start : span.end] if as_written else span.value,
        start=start,
        end=end,
        score=span.score,
    )
