"""What an owner sets of prices, as it is written in a TOML file: percents, amounts, dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from retention.pricing.list_rules import WrittenListPrices
from retention.pricing.parts import (
    Amount,
    Currency,
    Endings,
    Mistake,
    Name,
    Number,
    Part,
    Percent,
    Whole,
    minor_units,
    points,
)
from retention.types import PricePolicy
from retention.written import parse, read


class Loyalty(Part):
    """So much off from so many purchase days kept in the last year."""

    purchase_days: Annotated[int, Field(strict=True, ge=1, le=366)]
    off: Percent


class Overstock(Part):
    """So much off, for everybody, from so many days that the stock will last."""

    days_of_cover: Annotated[Number, Field(gt=0)]
    off: Percent


class WinBack(Part):
    """What a win-back message offers: `least` at the risk `from_risk`, evenly up to `most` where it is certain."""

    from_risk: Annotated[Number, Field(ge=0, lt=1)] = Decimal("0.5")
    least: Percent = Decimal(5)
    most: Percent = Decimal(15)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.least > self.most:
            raise Mistake("least_above_most", "least is above most")
        return self


class Margin(Part):
    """The least share of the price that stays above cost."""

    default: Annotated[Percent, Field(lt=100)] = Decimal(10)
    categories: Mapping[Name, Annotated[Percent, Field(lt=100)]] = Field(default_factory=dict)


class Least(Part):
    """What is worth offering: a smaller share or amount off is no offer."""

    off: Percent = Decimal(1)
    amounts: Mapping[Currency, Amount] = Field(default_factory=dict)

    @field_validator("amounts")
    @classmethod
    def _of_money(cls, value: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
        for currency, amount in value.items():
            minor_units(amount, currency)
        return value


class Caps(Part):
    """How many personal prices one customer may hold at once, and get within so many days."""

    at_once: Whole | None = None
    made: Whole | None = None
    in_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 30


class WrittenBudget(Part):
    """What may be given away: in each day, week or month, or between two days, the last one included."""

    currency: Currency
    total: Amount
    each: Literal["day", "week", "month"] | None = None
    first_day: date | None = None
    last_day: date | None = None
    customer: Amount | None = None
    """To one customer in that time."""
    campaigns: Mapping[Name, Amount] = Field(default_factory=dict)
    """By one campaign in that time, out of the total."""

    @field_validator("total", "customer", "campaigns")
    @classmethod
    def _of_money(cls, value: Any, info: ValidationInfo) -> Any:
        currency = info.data.get("currency")
        for amount in value.values() if isinstance(value, Mapping) else (value,):
            if currency is not None and amount is not None:
                minor_units(amount, currency)
        return value

    @model_validator(mode="after")
    def _sound(self) -> Self:
        dates = (self.first_day, self.last_day)
        if (self.each is None) == (dates == (None, None)):
            raise Mistake("no_period", "needs either each, or first_day and last_day")
        if self.each is None and None in dates:
            raise Mistake("half_a_period", "needs both first_day and last_day")
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise Mistake("days_crossed", "last_day is before first_day")
        return self

    def taken(self) -> Budget:
        """As decisions take it."""

        def minor(amount: Decimal) -> int:
            return minor_units(amount, self.currency)

        return Budget(
            currency=self.currency,
            total=minor(self.total),
            each=self.each,
            first_day=self.first_day,
            last_day=self.last_day,
            customer=None if self.customer is None else minor(self.customer),
            campaigns=tuple(sorted((name, minor(amount)) for name, amount in self.campaigns.items())),
        )


def _one_or_several(value: Any) -> Any:
    """`[budget]` is one; each `[[budget]]` is one of several."""
    return (value,) if isinstance(value, Mapping) else value


class WrittenPrices(Part):
    """The whole file; without it, the rules `rules/1` and no budget."""

    on: Annotated[bool, Field(strict=True)] = True
    learn: Annotated[bool, Field(strict=True)] = False
    loyalty: tuple[Loyalty, ...] = (
        Loyalty(purchase_days=2, off=Decimal(3)),
        Loyalty(purchase_days=5, off=Decimal(5)),
        Loyalty(purchase_days=10, off=Decimal(8)),
    )
    bought_before: Percent = Decimal(2)
    overstock: tuple[Overstock, ...] = (
        Overstock(days_of_cover=Decimal(180), off=Decimal(3)),
        Overstock(days_of_cover=Decimal(365), off=Decimal(6)),
    )
    win_back: WinBack = WinBack()
    largest_discount: Percent = Decimal(20)
    margin: Margin = Margin()
    least: Least = Least()
    endings: Endings = ()
    caps: Caps = Caps()
    valid_hours: Annotated[int, Field(strict=True, ge=1, le=24 * 90)] = 72
    cooldown_hours: Annotated[int, Field(strict=True, ge=0, le=24 * 366)] = 24
    budget: Annotated[tuple[WrittenBudget, ...], BeforeValidator(_one_or_several)] = ()
    list_prices: WrittenListPrices = WrittenListPrices()

    @field_validator("loyalty")
    @classmethod
    def _loyalty_rises(cls, value: tuple[Loyalty, ...]) -> tuple[Loyalty, ...]:
        _rising([(Decimal(one.purchase_days), one.off) for one in value], "purchase_days")
        return value

    @field_validator("budget")
    @classmethod
    def _each_once(cls, value: tuple[WrittenBudget, ...]) -> tuple[WrittenBudget, ...]:
        periods = [(one.currency, one.each, one.first_day, one.last_day) for one in value]
        if len(set(periods)) < len(periods):
            raise Mistake("same_period", "two budgets are for the same currency and period: write one")
        return value

    @field_validator("overstock")
    @classmethod
    def _overstock_rises(cls, value: tuple[Overstock, ...]) -> tuple[Overstock, ...]:
        _rising([(one.days_of_cover, one.off) for one in value], "days_of_cover")
        return value

    def policy(self) -> PricePolicy:
        """The rules as decisions take them."""
        return PricePolicy(
            enabled=self.on,
            learn=self.learn,
            loyalty=tuple((one.purchase_days, points(one.off)) for one in self.loyalty),
            bought_before=points(self.bought_before),
            overstock=tuple((float(one.days_of_cover), points(one.off)) for one in self.overstock),
            win_back_from=float(self.win_back.from_risk),
            win_back_least=points(self.win_back.least),
            win_back_most=points(self.win_back.most),
            margin_floor=float(self.margin.default / 100),
            margin_floors=tuple(
                sorted(
                    (name.casefold(), float(share / 100)) for name, share in self.margin.categories.items()
                )
            ),
            max_discount=float(self.largest_discount / 100),
            least_share=points(self.least.off),
            least_amounts=tuple(
                sorted((code, minor_units(amount, code)) for code, amount in self.least.amounts.items())
            ),
            endings=self.endings,
            most_live=self.caps.at_once,
            most_made=self.caps.made,
            most_made_days=self.caps.in_days,
            validity_hours=self.valid_hours,
            cooldown_hours=self.cooldown_hours,
        )

    def spending(self) -> tuple[Budget, ...]:
        """The budgets as decisions take them; all of them hold."""
        return tuple(one.taken() for one in self.budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time that a budget is for."""

    name: str
    """The same for the same period, whenever it is asked for."""
    starts_at: datetime
    ends_at: datetime
    """The first moment after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be given away in one period; minor units."""

    currency: str
    total: int
    each: Literal["day", "week", "month"] | None = None
    first_day: date | None = None
    last_day: date | None = None
    customer: int | None = None
    campaigns: tuple[tuple[str, int], ...] = ()

    def period(self, now: datetime, where: ZoneInfo) -> Period | None:
        """The one that runs now, at the shop's place; None before and after fixed days."""
        today = now.astimezone(where).date()
        if self.first_day is not None and self.last_day is not None:
            first, after = self.first_day, self.last_day + timedelta(days=1)
            if not first <= today < after:
                return None
            name = f"{self.currency} {first} to {self.last_day}"
        else:
            first, after = _around(today, self.each)
            name = f"{self.currency} {self.each} {first}"
        return Period(name=name, starts_at=_begins(first, where), ends_at=_begins(after, where))


def read_prices(path: Path) -> WrittenPrices:
    """The rules in a file; the defaults where it isn't there.

    Raises:
        RulesInvalid: with every problem at once.
    """
    return read(path, WrittenPrices, Decimal)


def parse_prices(text: str, name: str = "prices.toml") -> WrittenPrices:
    """The same of a text that would be the file."""
    return parse(text, WrittenPrices, name, Decimal)


def _rising(steps: list[tuple[Decimal, Decimal]], start: str) -> None:
    """Whoever reaches more never gets less: what promises the loyal the best price depends on it."""
    for (one, off), (other, more) in pairwise(steps):
        if other <= one:
            raise Mistake("start_must_rise", "{start} has to rise from step to step", {"start": start})
        if more < off:
            raise Mistake("off_falls", "off must not fall from step to step")


def _around(today: date, each: str | None) -> tuple[date, date]:
    if each == "month":
        first = today.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)
    if each == "week":
        first = today - timedelta(days=today.weekday())
        return first, first + timedelta(days=7)
    return today, today + timedelta(days=1)


def _begins(day: date, where: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), where).astimezone(UTC)
