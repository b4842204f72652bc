"""What an owner sets of list prices: how far they may move, which sales are announced, and what is approved by rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from retention.pricing.parts import Amount, Endings, Mistake, Name, Number, Part, Percent


class Covered(Part):
    """Products by category or code; without either, all of them."""

    categories: tuple[Name, ...] = ()
    products: tuple[Name, ...] = ()

    def covers(self, code: str, category: str | None) -> bool:
        """Whether a product is one of them."""
        if not self.categories and not self.products:
            return True
        named = {one.casefold() for one in self.categories}
        return code in self.products or (category or "").casefold() in named


class Sale(Covered):
    """A sale that is announced, under way or over, from one day to another, the last one included."""

    first_day: date
    last_day: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise Mistake("days_crossed", "last_day is before first_day")
        return self


class ApprovalRule(Covered):
    """Which proposals are approved without a person."""

    largest_change: Annotated[Percent, Field(gt=0)]
    """Of the present list price, up or down."""


class WrittenListPrices(Part):
    """The table `[list_prices]`."""

    step: Annotated[Percent, Field(gt=0, lt=100)] = Decimal(5)
    """So much of its price may a list price change by in a day."""
    ceiling: Annotated[Number, Field(ge=0, le=1_000, decimal_places=2)] | None = None
    """So much above what it was a year ago, and no more."""
    floors: Mapping[Name, Amount] = Field(default_factory=dict)
    """By a product's code, in the currency that it is sold in."""
    ceilings: Mapping[Name, Amount] = Field(default_factory=dict)
    endings: Endings | None = None
    """None: those of personal prices."""
    sell_by: Mapping[Name, date] = Field(default_factory=dict)
    """The last day on which a product is worth anything, by its code."""
    sales: tuple[Sale, ...] = ()
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 28
    """Over which the margin is expected."""
    restock_days: Annotated[int, Field(strict=True, ge=0, le=366)] = 14
    """Until more can be there, where no day is known."""
    nightly: Annotated[bool, Field(strict=True)] = False
    approve: Literal["by_hand", "by_rule"] = "by_hand"
    rule: ApprovalRule | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        crossed = sorted(
            code for code, low in self.floors.items() if code in self.ceilings and low > self.ceilings[code]
        )
        if crossed:
            raise Mistake(
                "floor_above_ceiling",
                "the floor of {products} lies above its ceiling",
                {"products": ", ".join(crossed)},
            )
        if self.approve == "by_rule" and self.rule is None:
            raise Mistake("no_rule", 'approve = "by_rule" needs [list_prices.rule] with its largest_change')
        return self

    @property
    def approving(self) -> ApprovalRule | None:
        """The rule that approves, where one is to."""
        return self.rule if self.approve == "by_rule" else None

    @property
    def named(self) -> frozenset[str]:
        """Every product's code in it."""
        rule = () if self.rule is None else self.rule.products
        of_sales = (code for sale in self.sales for code in sale.products)
        return frozenset({*self.floors, *self.ceilings, *self.sell_by, *rule, *of_sales})

    @property
    def named_categories(self) -> frozenset[str]:
        """Every category in it."""
        rule = () if self.rule is None else self.rule.categories
        return frozenset({*rule, *(name for sale in self.sales for name in sale.categories)})
