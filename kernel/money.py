"""Amounts in the smallest unit of a currency."""

from __future__ import annotations

from functools import cache

from babel.numbers import get_currency_precision, list_currencies

LARGEST_AMOUNT = 10**13
"""In the smallest unit; more is a mistake in the data."""


@cache
def decimals(currency: str) -> int:
    """Decimal places between a currency (ISO 4217) and its smallest unit, by CLDR: 2 for CNY, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))


def is_currency(code: str) -> bool:
    """Whether there is, or was, a currency with this code (ISO 4217, in capitals)."""
    return code in _all_currencies()


@cache
def _all_currencies() -> frozenset[str]:
    return frozenset(list_currencies())
