"""Amounts in the smallest unit of a currency."""

from __future__ import annotations

from functools import cache

from babel.numbers import get_currency_precision

LARGEST_AMOUNT = 10**13
"""In the smallest unit; more is a mistake in the data."""


@cache
def decimals(currency: str) -> int:
    """Decimal places between a currency (ISO 4217) and its smallest unit, by CLDR: 2 for CNY, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))
