"""What the shop itself wants of its recommendations, as it writes it down: a TOML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from retention.types import NEW_PRODUCTS, ShopRules
from retention.written import read

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Most = Annotated[int, Field(strict=True, ge=0)]


class WrittenRules(BaseModel):
    """The rules as the shop wrote them, with its own codes and categories."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pin: tuple[Code, ...] = ()
    """Codes of products that come first, in this order."""
    bury: tuple[Code, ...] = ()
    """Codes of products that come when nothing else is left."""
    at_most: Mapping[Code, Most] = Field(default_factory=dict)
    """Category to the most of its products in one list."""
    new_products: Annotated[float, Field(strict=True, ge=0.0, le=0.5)] = NEW_PRODUCTS
    """The chance that the last place of a list goes to a product that is new to the shop."""

    # With the field, not after all of them: then it is told together with what is wrong elsewhere.
    @field_validator("bury")
    @classmethod
    def _not_pinned(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        pinned = {code.casefold() for code in info.data.get("pin", ())}
        both = [code for code in value if code.casefold() in pinned]
        if both:
            raise ValueError(f"{', '.join(both)} can't be pinned and buried")
        return value


class Listed(NamedTuple):
    """A product on sale, as far as rules speak of it."""

    code: str
    product: str
    category: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The rules for the products on sale."""

    rules: ShopRules
    unknown: tuple[str, ...]
    """What the rules speak of and isn't on sale, as `pin: CODE`."""


def read_rules(path: Path) -> WrittenRules:
    """The rules in a file; none where it isn't there.

    Raises:
        RulesInvalid: with every problem at once.
    """
    return read(path, WrittenRules)


def resolve(written: WrittenRules, products: Iterable[Listed]) -> Resolved:
    """The rules with the ids of the products on sale. Letters' case doesn't matter; a code that several products
    have means all of them."""
    by_code: dict[str, list[str]] = {}
    by_name: dict[str, set[str]] = {}
    for one in products:
        by_code.setdefault(one.code.casefold(), []).append(one.product)
        by_name.setdefault(one.category.casefold(), set()).add(one.category)
    rules = ShopRules(
        pinned=tuple(_found(written.pin, by_code)),
        buried=frozenset(_found(written.bury, by_code)),
        category_caps={
            category: most
            for name, most in written.at_most.items()
            for category in by_name.get(name.casefold(), ())
        },
        new_products=written.new_products,
    )
    unknown = (
        *(f"pin: {code}" for code in written.pin if code.casefold() not in by_code),
        *(f"bury: {code}" for code in written.bury if code.casefold() not in by_code),
        *(f"at_most: {name}" for name in written.at_most if name.casefold() not in by_name),
    )
    return Resolved(rules, unknown)


def _found(codes: Iterable[str], by_code: Mapping[str, list[str]]) -> Iterable[str]:
    return (product for code in codes for product in by_code.get(code.casefold(), ()))
