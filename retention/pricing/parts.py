"""The numbers, names and amounts that an owner's file of prices is made of."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from kernel.money import LARGEST_AMOUNT, decimals, is_currency

Mistake = PydanticCustomError
"""A wrong value: the code of what is wrong, what is said of it, and what is named there."""
_ENDING = re.compile(r"(?=.)(\d{0,4})(?:\.(\d{1,3}))?")


def _is_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Mistake("no_number", "should be a number")
    return value


def _is_currency(value: str) -> str:
    if not is_currency(value):
        raise Mistake("no_currency", "is no currency; write its code, such as CNY or GBP")
    return value


def _are_endings(value: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [one for one in value if not _ENDING.fullmatch(one)]
    if wrong:
        raise Mistake(
            "no_endings",
            "{wrong}: write last digits, such as '.90', '9.90' or '9'",
            {"wrong": ", ".join(map(repr, wrong))},
        )
    return value


Number = Annotated[Decimal, BeforeValidator(_is_number)]
Percent = Annotated[Number, Field(ge=0, le=100, decimal_places=2)]
Amount = Annotated[Number, Field(ge=0)]
Whole = Annotated[int, Field(strict=True, ge=0)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Currency = Annotated[Name, AfterValidator(_is_currency)]
Endings = Annotated[tuple[str, ...], AfterValidator(_are_endings)]


class Part(BaseModel):
    """A table of the file: what it doesn't know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def minor_units(amount: Decimal, currency: str) -> int:
    """An amount such as 12.50 in the smallest unit of its currency.

    Raises:
        ValueError: there is no coin for so little, or it is beyond all reason.
    """
    minor = amount.scaleb(decimals(currency))
    if minor != minor.to_integral_value():
        raise Mistake(
            "no_coin",
            "{amount} has more decimal places than {currency} ({places})",
            {"amount": str(amount), "currency": currency, "places": decimals(currency)},
        )
    if minor > LARGEST_AMOUNT:
        raise Mistake(
            "beyond_reason",
            "{amount} {currency} is more than any shop gives away",
            {"amount": str(amount), "currency": currency},
        )
    return int(minor)


def points(percent: Decimal) -> int:
    """Basis points."""
    return int(percent * 100)
