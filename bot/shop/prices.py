"""The shop's rules for personal prices in force: `prices.toml` in `LIUKE_HOME`, read again when it changes.

`read_prices` and `parse_prices` check a file or a text, `meaning` tells what it means, `preview` what it would give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.shop.watched import Watched
from retention.pricing import law
from retention.pricing.list_rules import Covered
from retention.pricing.policy import Budget, WrittenPrices, parse_prices, read_prices
from retention.pricing.rules import PriceFacts, policy_id, propose, tier_of
from retention.types import Offer, OfferContext, PricePolicy, ProductState
from retention.written import RulesInvalid
from storage.budgets import BudgetRule, OfferLimits

FILE = "prices.toml"
EXAMPLE = "somebody"


class Prices:
    """The rules in force: read at the start, and again when the file has changed."""

    def __init__(self, home: Path, time_zone: str = "UTC") -> None:
        self._file = Watched(home / FILE, read_prices, WrittenPrices(), _summary)
        self._zone = ZoneInfo(time_zone)
        self._of = self._file.content()
        self._taken = _Taken(self._of.policy(), self._of.spending())

    @property
    def written(self) -> WrittenPrices:
        """The whole file in force."""
        self._now()
        return self._of

    @property
    def policy(self) -> PricePolicy:
        """The published rules."""
        return self._now().policy

    @property
    def problems(self) -> tuple[str, ...]:
        """Of a file that can't be used, and so isn't."""
        self._now()
        return self._file.problems

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """What the shop wrote of them; all of them hold."""
        return self._now().budgets

    def limits(self, currency: str, now: datetime, campaign: str | None = None) -> OfferLimits | None:
        """What an offer has to stay inside; None: the rules set no budget for this currency and moment."""
        taken = self._now()
        policy = taken.policy
        rules = tuple(self._rules(taken.budgets, currency, now, campaign))
        if taken.budgets and not rules:
            return None
        return OfferLimits(
            rules=rules,
            most_live=policy.most_live,
            most_made=policy.most_made,
            made_since=now - timedelta(days=policy.most_made_days),
        )

    def _rules(
        self, budgets: Sequence[Budget], currency: str, now: datetime, campaign: str | None
    ) -> Iterator[BudgetRule]:
        for one in budgets:
            period = one.period(now, self._zone) if one.currency == currency else None
            if period is None:
                continue
            whole = BudgetRule(
                id=period.name,
                total=one.total,
                currency=currency,
                starts_at=period.starts_at,
                ends_at=period.ends_at,
                customer=one.customer,
            )
            yield whole
            part = dict(one.campaigns).get(campaign or "")
            if part is not None:
                name = f"{period.name} {campaign}"[:60]
                yield replace(whole, id=name, total=part, campaign=campaign, customer=None)

    def _now(self) -> _Taken:
        written = self._file.content()
        if written is not self._of:
            self._of, self._taken = written, _Taken(written.policy(), written.spending())
        return self._taken


@dataclass(frozen=True, slots=True)
class _Taken:
    policy: PricePolicy
    budgets: tuple[Budget, ...]


def _summary(written: WrittenPrices) -> str:
    return f"{policy_id(written.policy())}, {'with a budget' if written.budget else 'no budget'}"


# --- what a file means --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One rule, in words of its own."""

    key: str
    """Where it stands in the file."""
    value: str


def meaning(written: WrittenPrices) -> list[Meaning]:
    """Every rule as it holds, those that the file leaves out as well."""
    return [Meaning(key=key, value=value) for key, value in _meaning(written)]


def _meaning(written: WrittenPrices) -> Iterator[tuple[str, str]]:
    yield "on", "personal prices are offered" if written.on else "nobody is offered a personal price"
    learned = "what each tier gets on asking is learned from what offers bring; the steps below until then"
    yield "learn", learned if written.learn else "the steps are as they are written here"
    for step in written.loyalty:
        yield "loyalty", f"{step.off:f} % from {step.purchase_days} purchase days in the last 12 months"
    yield "bought_before", f"{written.bought_before:f} % more off what the customer bought and kept"
    for cover in written.overstock:
        yield "overstock", f"{cover.off:f} % for everybody where the stock lasts {cover.days_of_cover:f} days"
    back = written.win_back
    yield "win_back", f"{back.least:f} to {back.most:f} % in a win-back, from a risk of {back.from_risk:f}"
    yield "largest_discount", f"{written.largest_discount:f} %"
    yield "margin.default", f"{written.margin.default:f} % of the price stay above cost"
    for name, share in written.margin.categories.items():
        yield f"margin.categories.{name}", f"{share:f} %"
    yield "least.off", f"less than {written.least.off:f} % off is no offer"
    for currency, amount in written.least.amounts.items():
        yield f"least.amounts.{currency}", f"less than {amount:f} {currency} off is no offer"
    yield "endings", ", ".join(written.endings) or "any"
    caps = written.caps
    yield "caps.at_once", "any number" if caps.at_once is None else f"{caps.at_once} for one customer"
    yield "caps.made", "any number" if caps.made is None else f"{caps.made} in {caps.in_days} days"
    yield "valid_hours", f"an offer holds for {written.valid_hours} hours"
    yield "cooldown_hours", f"no better one for {written.cooldown_hours} hours after it has run out"
    yield from _of_budgets(written)
    yield from _of_list_prices(written)


def _of_budgets(written: WrittenPrices) -> Iterator[tuple[str, str]]:
    if not written.budget:
        yield "budget", "none is set"
    for one in written.budget:
        when = f"each {one.each}" if one.each else f"from {one.first_day} to {one.last_day}"
        yield "budget", f"{one.total:f} {one.currency} {when}"
        if one.customer is not None:
            yield "budget.customer", f"{one.customer:f} {one.currency} of it for one customer"
        for name, most in one.campaigns.items():
            yield f"budget.campaigns.{name}", f"{most:f} {one.currency} of it for this campaign"


def _of_list_prices(written: WrittenPrices) -> Iterator[tuple[str, str]]:
    rules = written.list_prices
    yield "list_prices.step", f"a list price changes by {rules.step:f} % a day at most"
    ceiling = "none" if rules.ceiling is None else f"{rules.ceiling:f} % above the list price of a year ago"
    yield "list_prices.ceiling", ceiling
    for what, amounts in (("floors", rules.floors), ("ceilings", rules.ceilings)):
        for code, amount in amounts.items():
            yield f"list_prices.{what}.{code}", f"{amount:f}"
    yield "list_prices.endings", ", ".join(rules.endings or ()) or "as those of personal prices"
    for code, day in rules.sell_by.items():
        yield f"list_prices.sell_by.{code}", f"to be sold by {day}"
    for sale in rules.sales:
        yield "list_prices.sales", f"{sale.first_day} to {sale.last_day}: {_covered(sale)}"
    yield "list_prices.horizon_days", f"the margin of {rules.horizon_days} days is what counts"
    yield "list_prices.restock_days", f"more can be there within {rules.restock_days} days"
    yield "list_prices.nightly", "proposed each night" if rules.nightly else "proposed when asked for"
    if (rule := rules.approving) is None:
        yield "list_prices.approve", "by a person"
    else:
        said = f"changes of up to {rule.largest_change:f} % of {_covered(rule)} are approved by this rule"
        yield "list_prices.approve", said


def _covered(named: Covered) -> str:
    return ", ".join((*named.categories, *named.products)) or "all products"


# --- what it would give -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A customer that a preview is made for."""

    name: str
    facts: PriceFacts
    win_back: bool = False


def examples(policy: PricePolicy) -> tuple[Example, ...]:
    """Somebody new, somebody of the middle and of the highest tier, and somebody who is won back."""

    def facts(days: int, risk: float | None = None) -> PriceFacts:
        return PriceFacts(purchase_days=days, bought_before=False, win_back_risk=risk, days_of_cover=None)

    steps = [days for days, _ in policy.loyalty]
    found = [Example(name="new", facts=facts(0))]
    if len(steps) > 1:
        found.append(Example(name="regular", facts=facts(steps[(len(steps) - 1) // 2])))
    if steps:
        found.append(Example(name="loyal", facts=facts(steps[-1])))
    return (*found, Example(name="win-back", facts=facts(1, 1.0), win_back=True))


def preview(
    policy: PricePolicy, state: ProductState, now: datetime, *, budget_set: bool = True
) -> dict[str, Offer]:
    """What each of the `examples` would be offered for a product, by name."""
    context = OfferContext(now=now, product=state, policy=policy, budget_set=budget_set)
    return {
        one.name: law.settle(
            EXAMPLE,
            state.product,
            context,
            propose(one.facts, policy, state.product),
            tier_of(one.facts, policy),
        )
        for one in examples(policy)
    }


def unknown_names(
    written: WrittenPrices, categories: Collection[str], codes: Collection[str]
) -> list[tuple[str, str]]:
    """Categories and products' codes that the shop doesn't have, each with where it is named."""
    known, lists = {one.casefold() for one in categories}, written.list_prices
    named = [("margin.categories", name) for name in written.margin.categories]
    named += [("list_prices", name) for name in sorted(lists.named_categories)]
    found = [(where, name) for where, name in named if name.casefold() not in known]
    return found + [("list_prices", code) for code in sorted(lists.named - set(codes))]


__all__ = [
    "FILE",
    "Example",
    "Meaning",
    "Prices",
    "RulesInvalid",
    "WrittenPrices",
    "examples",
    "meaning",
    "parse_prices",
    "preview",
    "read_prices",
    "unknown_names",
]
