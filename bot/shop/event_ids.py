"""The ids of purchases and returns: the same facts always get the same one, so that what comes twice is there once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime


def digest(*facts: str | int | float | datetime | None) -> str:
    """The part of an id that facts make."""
    content = "\x1f".join("" if fact is None else str(fact) for fact in facts)
    return hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()


def keys_of(number: str, products: Iterable[str]) -> list[str]:
    """The same for each line of an order: by its number, the product, and which of the product's lines it is."""
    seen: Counter[str] = Counter()
    keys = []
    for product in products:
        seen[product] += 1
        keys.append(digest(number, product, seen[product]))
    return keys
