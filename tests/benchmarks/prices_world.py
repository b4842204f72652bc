"""What policies of personal prices earn in the demo shop's world, where the truth is known.

    python -m tests.benchmarks.prices_world [--seeds N] [--customers N] [--days N] [--write]

Each seed makes a world with a history. Copies of it go on with the same chances, each with another policy for those who
ask for a better price and for the win-back messages, which go to the same number of customers a week. What differs
between the copies' margins is what the policies earned, causes that no log shows included: those who would have paid
the full price, those who get used to a lower one, those whom a message puts off.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression

from bot.shop.demo.answers import Messages
from bot.shop.demo.going_on import World
from kernel.arrays import Bools, Floats, Ints
from retention.pricing import thompson
from retention.types import PricePolicy
from tests.benchmarks.report import machine, table, today, write_section

HISTORY, HORIZON = 420, 60
"""Days of a world's history, and those within which somebody at risk won't buy."""
STEPS = (0, 300, 500, 800, 1_000, 1_200, 1_500, 2_000)
WHOLE = 10_000
_A_WEEK = 40
"""Win-back messages."""
_AGAIN_AFTER = 45
_HOLDS = 3
"""Days of an offer."""
_RULES = PricePolicy()
_TIERS = tuple(str(number) for number in range(len(_RULES.loyalty) + 1))

Give = Callable[["Shop", int, Ints, Ints, Bools], Floats]
"""Basis points off: the shop, the day, customers, products, and whether it is in a win-back message."""


class Risk:
    """Who won't buy within the horizon: a regression on what the shop sees, fitted at the end of the history."""

    def __init__(self, world: World) -> None:
        bought = world.bought()
        cut = world.day - HORIZON
        before = bought.day < cut
        came_back = np.zeros(world.customers, dtype=bool)
        came_back[bought.customer[~before]] = True
        seen = self._seen(bought.customer[before], bought.day[before], cut, world.customers)
        known = np.isfinite(seen[:, 0])
        self._model = LogisticRegression().fit(seen[known], ~came_back[known])

    def of(self, world: World) -> Floats:
        """The chance of each customer; 0 of those who never bought."""
        bought = world.bought()
        seen = self._seen(bought.customer, bought.day, world.day, world.customers)
        known = np.isfinite(seen[:, 0])
        risk = np.zeros(world.customers)
        risk[known] = self._model.predict_proba(seen[known])[:, 1]
        return risk

    @staticmethod
    def _seen(customer: Ints, day: Ints, now: int, customers: int) -> Floats:
        first, last = np.full(customers, now), np.full(customers, -1)
        np.minimum.at(first, customer, day)
        np.maximum.at(last, customer, day)
        days = np.unique(np.stack([customer, day]), axis=1)[0]
        count = np.bincount(days, minlength=customers)
        rhythm = (last - first + 30) / np.maximum(count, 1)
        seen = np.stack([np.log1p(now - last), np.log1p(count), (now - last) / rhythm], axis=1)
        seen[last < 0] = np.inf
        return seen


class Shop:
    """Decides by one policy, inside the margin floor and the largest discount, and keeps a log of what came of it."""

    def __init__(self, world: World, risk: Risk, give: Give) -> None:
        self.world, self.give = world, give
        self._risk = risk
        self._written = np.full(world.customers, -_AGAIN_AFTER)
        self._offered: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
        self.model: thompson.StepModel | None = None
        self.margin = float(1 - (world.cost / world.market.price[world.day - 1]).mean())

    def offers(self, day: int, customer: Ints, product: Ints) -> Floats:
        """Shares off for those who ask."""
        return self._decided(day, customer, product, np.zeros(len(customer), dtype=bool))

    def messages(self, day: int) -> Messages:
        """Once a week to those of the highest risk who weren't written to lately; each about what they bought last."""
        self._look(day)
        if day % 7:
            return Messages(customer=np.zeros(0, int), product=np.zeros(0, int), share=np.zeros(0))
        may = (self._written <= day - _AGAIN_AFTER) & (self.last_bought >= 0)
        who = np.argsort(-self.risk * may, kind="stable")[:_A_WEEK]
        who = who[may[who]]
        self._written[who] = day
        product = self.last_bought[who]
        share = self._decided(day, who, product, np.ones(len(who), dtype=bool))
        return Messages(customer=who, product=product, share=share)

    def history(self, before: int) -> thompson.History:
        """What came of the offers whose days are over, by tier and step."""
        shape = (len(_TIERS), len(STEPS))
        shown, bought = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        if not self._offered:
            return thompson.History(shown=shown, bought=bought)
        day, customer, product, tier, step = (
            np.concatenate(part) for part in zip(*self._offered, strict=True)
        )
        over = day <= before - _HOLDS - 1
        lines = self.world.bought(HISTORY)
        key = self._key(lines.customer, lines.product, lines.day)
        hit = np.zeros(len(day), dtype=bool)
        for later in range(_HOLDS + 1):
            hit |= np.isin(self._key(customer, product, day + later), key)
        np.add.at(shown, (tier[over], step[over]), 1)
        np.add.at(bought, (tier[over & hit], step[over & hit]), 1)
        return thompson.History(shown=shown, bought=bought)

    def _look(self, day: int) -> None:
        """What the shop sees this morning; risk and last purchases once a week."""
        if day % 7 == 0 or not hasattr(self, "risk"):
            self.risk = self._risk.of(self.world)
            self.tiers = _tiers(self.world.purchase_days())
            bought = self.world.bought()
            self.last_bought = np.full(self.world.customers, -1)
            self.last_bought[bought.customer] = bought.product
            self.owns = np.zeros((self.world.customers, len(self.world.catalogue)), dtype=bool)
            self.owns[bought.customer, bought.product] = True

    def _decided(self, day: int, customer: Ints, product: Ints, win_back: Bools) -> Floats:
        points = self.give(self, day, customer, product, win_back)
        price = self.world.market.price[day, product]
        floor = self.world.cost[product] / (1 - _RULES.margin_floor)
        most = np.minimum(_RULES.max_discount * WHOLE, np.maximum(1 - floor / price, 0) * WHOLE)
        # Down to a step, so that every price is one of the published ones.
        allowed = np.searchsorted(STEPS, np.minimum(points, most), side="right") - 1
        tier = self.tiers[customer]
        # Messages go to other people than those who ask; what comes of them tells nothing of these.
        asked = ~win_back
        self._offered.append(
            (np.full(asked.sum(), day), customer[asked], product[asked], tier[asked], allowed[asked])
        )
        share: Floats = np.array(STEPS)[allowed] / WHOLE
        return share

    def _key(self, customer: Ints, product: Ints, day: Ints) -> Ints:
        key: Ints = (customer * len(self.world.catalogue) + product) * 10_000 + day
        return key


def _tiers(purchase_days: Ints) -> Ints:
    tiers: Ints = np.searchsorted([days for days, _ in _RULES.loyalty], purchase_days, side="right")
    return tiers


def nobody(shop: Shop, day: int, customer: Ints, product: Ints, win_back: Bools) -> Floats:
    """No offers."""
    return np.zeros(len(customer))


def everybody(shop: Shop, day: int, customer: Ints, product: Ints, win_back: Bools) -> Floats:
    """A tenth off for all who ask."""
    return np.full(len(customer), 1_000.0)


def by_risk(shop: Shop, day: int, customer: Ints, product: Ints, win_back: Bools) -> Floats:
    """15 % off for those whose risk is above one half."""
    return np.where(shop.risk[customer] > 0.5, 1_500.0, 0.0)


def by_rules(shop: Shop, day: int, customer: Ints, product: Ints, win_back: Bools) -> Floats:
    """The published rules."""
    loyalty = np.array([0, *(points for _, points in _RULES.loyalty)])[shop.tiers[customer]]
    points = loyalty + _RULES.bought_before * shop.owns[customer, product]
    risk = shop.risk[customer]
    from_ = _RULES.win_back_from
    more = _RULES.win_back_least + (risk - from_) / (1 - from_) * (
        _RULES.win_back_most - _RULES.win_back_least
    )
    result: Floats = points + np.where(win_back & (risk >= from_), more, 0)
    return result


def learned(shop: Shop, day: int, customer: Ints, product: Ints, win_back: Bools) -> Floats:
    """Thompson sampling over the steps for those who ask, fitted again each week; messages keep to the rules."""
    if shop.model is None or day % 7 == 0:
        shop.model = thompson.fit(
            shop.history(day),
            steps=STEPS,
            tiers=_TIERS,
            rules=[0, *(points for _, points in _RULES.loyalty)],
            margin=shop.margin,
            seed=day,
        )
    if win_back.any():
        return by_rules(shop, day, customer, product, win_back)
    price, cost, when = shop.world.market.price[day], shop.world.cost, shop.world.date_of(day)
    return np.array(
        [
            thompson.choose(
                shop.model,
                _TIERS[tier],
                thompson.Sale(product=str(one), day=when, list_price=int(price[one]), cost=int(cost[one])),
            ).step
            for tier, one in zip(shop.tiers[customer].tolist(), product.tolist(), strict=True)
        ],
        dtype=np.float64,
    )


POLICIES: Mapping[str, Give] = {
    "nobody": nobody,
    "everyone 10 %": everybody,
    "risk > .5: 15 %": by_risk,
    "rules/1": by_rules,
    "learned (thompson/1)": learned,
}


@dataclass(frozen=True, slots=True)
class Earned:
    """Margins by policy and seed, in yuan."""

    margins: Mapping[str, Floats]
    seconds: float

    def above(self, policy: str, other: str) -> tuple[float, float, float]:
        """The mean difference for a seed, and its 95 % interval."""
        difference = self.margins[policy] - self.margins[other]
        mean = float(difference.mean())
        if len(difference) < 2:
            return mean, float("nan"), float("nan")
        low, high = stats.t.interval(0.95, len(difference) - 1, mean, stats.sem(difference))
        return mean, float(low), float(high)


def play(seeds: Sequence[int], customers: int, days: int) -> Earned:
    """Every policy in every world."""
    began = time.perf_counter()
    found: dict[str, list[float]] = {name: [] for name in POLICIES}
    for seed in seeds:
        world = World(seed, customers=customers, days=HISTORY, more=days, first=date(2025, 3, 3))
        risk = Risk(world)
        for name, give in POLICIES.items():
            one = world.copied()
            one.go_on(Shop(one, risk, give), days)
            found[name].append(one.margin(HISTORY) / 100)
        print(
            f"seed {seed}: " + ", ".join(f"{name} {made[-1]:,.0f}" for name, made in found.items()),
            flush=True,
        )
    return Earned({name: np.array(made) for name, made in found.items()}, time.perf_counter() - began)


def _section(earned: Earned, seeds: int, customers: int, days: int) -> str:
    rows = []
    for name, margins in earned.margins.items():
        mean, low, high = earned.above(name, "nobody")
        over = "" if name == "nobody" else f"{mean:+,.0f} ({low:+,.0f} to {high:+,.0f})"
        mean, low, high = earned.above("learned (thompson/1)", name)
        under = "" if name.startswith("learned") else f"{mean:+,.0f} ({low:+,.0f} to {high:+,.0f})"
        rows.append([name, f"{margins.mean():,.0f}", over, under])
    return f"""## Personal prices in a world with known truth

`make bench-prices`, {today()}, {machine()}.

The demo shop's world ({customers:,} customers, {HISTORY} days of history, seeds 1 to {seeds}) goes on for {days} days
in copies with the same chances, in which only the policy of personal prices differs: for those who ask, and in
{_A_WEEK} win-back messages a week. All are inside the same margin floor and largest discount. Margin: what was paid,
less the goods' cost and what was sent back. CNY a seed; differences within a seed, mean and 95 % interval.

{table(["policy", "margin", "above nobody", "learned above it"], rows)}

{earned.seconds:.0f} s.
"""


def main() -> None:
    """Play, and print or write the section."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--write", action="store_true", help="replace the section of docs/benchmarks.md")
    chosen = parser.parse_args()
    earned = play(range(1, chosen.seeds + 1), chosen.customers, chosen.days)
    section = _section(earned, chosen.seeds, chosen.customers, chosen.days)
    print(section)
    if chosen.write:
        write_section("prices-world", section)


if __name__ == "__main__":
    main()
