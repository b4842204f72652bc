"""The churn score as it is served: a calibrated blend of three models, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Ints
from kernel.times import DAY
from retention.churn.bands import ORDER, Bands
from retention.churn.bgnbd import Counts, PurchaseProcess
from retention.churn.expected import ExpectedShare
from retention.churn.logistic import Linear
from retention.churn.rhythm import Rhythm
from retention.churn.trees import Trees
from retention.features import derived, raw
from retention.features.derived import CONCEPTS
from retention.features.raw import ProductInfo
from retention.types import CustomerId, Money, Reason, Risk, RiskBand, RiskContext

BASE_RATE = 0.5
BASE_HORIZON_DAYS = 90
PARTS = ("bg_nbd", "logistic", "boosting")
"""The parts of the blend, in the order of its shares."""
MOST_REASONS = 6
LEAST_WEIGHT = 0.01
"""Reasons that move the log-odds by less are not worth a word."""

_CHUNK = 20_000
_NO_PRODUCTS = ProductInfo(category={}, list_price={})
_RAW_COLUMN = {name: place for place, name in enumerate(raw.NAMES)}

SHOWN: Mapping[str, tuple[str, float]] = {
    "recency": ("recency", DAY),
    "frequency": ("purchase_days", 1),
    "money": ("money", 1),
    "tenure": ("tenure", DAY),
    "recent_purchases": ("purchase_days_90", 1),
    "silence": ("silence", DAY),
    "returns": ("returns", 1),
    "views": ("views_30", 1),
    "searches": ("searches_30", 1),
    "carts": ("carts_30", 1),
    "categories": ("categories", 1),
    "discounts": ("discounted", 1),
    "complaints": ("complaints", 1),
    "messages": ("messages_90", 1),
    "contacts_ignored": ("contacts_90", 1),
}
"""The raw number, and its divisor, that is shown beside a concept: days, counts, minor units."""


NAMES = (*derived.NAMES, "rhythm")
"""What the parts of the blend look at: the features, and the log-odds of silence by BG/NBD, called `rhythm` in saved
models."""
CONCEPTS_OF_PARTS = (*CONCEPTS.values(), "overdue")
"""Under which concept each of `NAMES` is explained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnModel:
    """A blend of BG/NBD, a logistic regression and boosted trees, or a base rate where there is no model.

    In log-odds, `shift + slope · Σ_k share_k · part_k`: the parts foretell silence over the windows that they
    were fitted on, and the shift carries that to the model's horizon. Asked about another horizon, the
    BG/NBD carries it there.
    """

    horizon_days: int
    base_rate: float
    """The share of customers who didn't buy within the horizon; what is answered without a model."""
    window_days: int = BASE_HORIZON_DAYS
    """How long the windows of the fit were."""
    process: PurchaseProcess | None = None
    linear: Linear | None = None
    trees: Trees | None = None
    shares: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of BG/NBD, linear and trees in the blend; they add up to 1, or to 0 without a model."""
    slope: float = 1.0
    shift: float = 0.0
    usual_process: float = 0.0
    """The mean over customers of BG/NBD's log-odds at the window."""
    usual_gap: float = 30.0
    bands: tuple[float, float] = (0.5, 0.8)
    """Probabilities at which medium and high begin; high only where `stake` is None."""
    stake: float | None = None
    """What is at stake where high begins, see `stakes` and `retention.churn.bands`; None in older models."""
    rhythm: Rhythm | None = None
    """When a customer's silence is worth a warning; of nightly fits, and None in older models."""
    level: ExpectedShare | None = None
    """How many of the customers of the fit are expected to leave; models of earlier releases don't say."""
    currency: str | None = None
    product_info: ProductInfo = field(default=_NO_PRODUCTS)

    @classmethod
    def without_data(cls) -> ChurnModel:
        """For a shop with no history."""
        return cls(horizon_days=BASE_HORIZON_DAYS, base_rate=BASE_RATE)

    @property
    def fitted(self) -> bool:
        """Whether there is more than a base rate."""
        return sum(self.shares) > 0

    @property
    def policy(self) -> str:
        """The name of what decides."""
        named = [name for name, share in zip(PARTS, self.shares, strict=True) if share > 0]
        return "base_rate" if not named else named[0] if len(named) == 1 else "blend"

    @property
    def intercept(self) -> float:
        """The log-odds at the model's horizon of a customer whose every part is 0, the usual one."""
        usual = (
            self.usual_process,
            self.linear.intercept if self.linear else 0.0,
            self.trees.centre if self.trees else 0.0,
        )
        blend = sum(share * one for share, one in zip(self.shares, usual, strict=True))
        return self.shift + self.slope * blend

    def risk(self, customer: CustomerId, context: RiskContext, *, version: str) -> Risk:
        """The customer's risk as of `context.now`, from the events before it."""
        counted = raw.of_events(context.events, context.now, self.product_info)
        if not self.fitted or counted is None or not counted["purchase_days"]:
            code = "never_bought" if self.fitted else "base_rate"
            return self._base(customer, context, code, version)
        table = np.array([[counted[name] for name in raw.NAMES]], dtype=np.int64)
        return self.risks((customer,), table, version=version, horizon_days=context.horizon_days)[0]

    def features(self, table: Ints) -> Floats:
        """What the parts look at, shape (customers, len(NAMES))."""
        process = np.zeros(len(table))
        if self.process:
            process = self.process.log_odds(Counts.of(table), self.window_days)
        return np.column_stack([derived.derive(table, self.usual_gap), process])

    def log_odds(self, table: Ints, horizon_days: int | None = None) -> tuple[Floats, Floats]:
        """Calibrated log-odds, shape (customers,), and each feature's part in them, (customers, NAMES).

        The parts add up to the log-odds less `intercept`.

        Args:
            table: raw features of customers who have bought.
            horizon_days: the model's own by default.
        """
        rows = self.features(table)
        carried = self._carried(table, horizon_days)
        of_process, of_linear, of_trees = (self.slope * share for share in self.shares)
        parts = np.zeros(rows.shape)
        if self.linear and of_linear:
            parts += of_linear * self.linear.parts(rows)
        if self.trees and of_trees:
            parts += of_trees * self.trees.explain(rows)
        if self.process:
            parts[:, -1] += of_process * (rows[:, -1] - self.usual_process) + carried
        return self._blended(rows) + carried, parts

    def _blended(self, rows: Floats) -> Floats:
        """Calibrated log-odds at the model's horizon, shape (customers,), from what the parts look at."""
        if not self.fitted:
            raise ValueError("a base rate has no log-odds")
        of_process, of_linear, of_trees = self.shares
        blend = np.zeros(len(rows))
        if self.process and of_process:
            blend += of_process * rows[:, -1]
        if self.linear and of_linear:
            blend += of_linear * self.linear.predict(rows)
        if self.trees and of_trees:
            blend += of_trees * self.trees.predict(rows)
        return self.shift + self.slope * blend

    def _carried(self, table: Ints, horizon_days: int | None) -> Floats:
        """What another horizon than the model's adds to the log-odds by BG/NBD."""
        if self.process is None or not horizon_days or horizon_days == self.horizon_days:
            return np.zeros(len(table))
        counts = Counts.of(table)
        return self.process.log_odds(counts, horizon_days) - self.process.log_odds(counts, self.horizon_days)

    def probabilities(self, table: Ints, horizon_days: int | None = None) -> Floats:
        """The chance of no purchase within the horizon, shape (customers,)."""
        chunks = [table[start : start + _CHUNK] for start in range(0, len(table), _CHUNK)]
        found = [
            self._chances(self._blended(self.features(one)) + self._carried(one, horizon_days), horizon_days)
            for one in chunks
        ]
        return np.concatenate(found) if found else np.zeros(0)

    def risks(
        self,
        customers: tuple[CustomerId, ...],
        table: Ints,
        *,
        version: str,
        horizon_days: int | None = None,
    ) -> list[Risk]:
        """The risks of customers who have bought, from their raw features of shape (customers, raw.NAMES)."""
        days = horizon_days or self.horizon_days
        own_horizon, asked, parts = self.chances_and_parts(table, days)
        stakes = self.stakes(table, own_horizon)
        heights = self.heights(own_horizon, stakes).tolist()
        losses = self.losses(table, asked, days).tolist()
        return [
            Risk(
                customer=customer,
                probability=float(asked[place]),
                band=ORDER[heights[place]],
                horizon_days=days,
                policy=f"{self.policy}/{version}",
                reasons=_reasons(parts[place], table[place]),
                expected_loss=Money(round(losses[place]), self.currency) if self.currency else None,
                due_days=self._due(table[place]),
                at_stake=float(stakes[place]),
            )
            for place, customer in enumerate(customers)
        ]

    def chances_and_parts(self, table: Ints, horizon_days: int | None) -> tuple[Floats, Floats, Floats]:
        """The chance of no purchase within the model's horizon and within the one asked for, shape (customers,), and
        each feature's part in the log-odds of the first."""
        log_odds, parts = self.log_odds(table)
        own = self._chances(log_odds, None)
        same = (horizon_days or self.horizon_days) == self.horizon_days
        return own, own if same else self.probabilities(table, horizon_days), parts

    def heights(self, probability: Floats, stakes: Floats) -> Ints:
        """The places of the customers' bands in `bands.ORDER`, from the chances over the model's horizon."""
        medium, high = self.bands
        if self.stake is not None:
            return Bands(medium=medium, stake=self.stake).heights(probability, stakes)
        result: Ints = (probability >= medium).astype(np.int64) + (probability >= high)
        return result

    def losses(self, table: Ints, probability: Floats, horizon_days: int | None) -> Floats:
        """What customers used to spend in so many days (minor units; days with a purchase where the shop has no
        money), times the chance that they won't; whole numbers.

        The first purchase opens the account, so the rate counts at least one horizon of time.
        """
        days = np.maximum(table[:, _RAW_COLUMN["tenure"]] / DAY, float(self.horizon_days))
        spent = np.maximum(table[:, _RAW_COLUMN["money" if self.currency else "purchase_days"]], 0)
        result: Floats = spent / days * (horizon_days or self.horizon_days) * probability
        return result

    def stakes(self, table: Ints, probability: Floats) -> Floats:
        """The expected loss times the chance that there is something to lose: nothing of somebody long gone.

        Args:
            table: raw features, shape (customers, raw.NAMES).
            probability: of no purchase within the model's horizon.
        """
        return self.losses(table, probability, None) * (1 - probability)

    def _chances(self, log_odds: Floats, horizon_days: int | None) -> Floats:
        """Probabilities at the horizon. Without BG/NBD, the log-odds are those of the window."""
        chances = 1 / (1 + np.exp(-log_odds))
        if self.process:
            return chances
        return _stretched(chances, horizon_days or self.horizon_days, self.window_days)

    def _base(self, customer: CustomerId, context: RiskContext, code: str, version: str) -> Risk:
        rates = _stretched(np.array([self.base_rate]), context.horizon_days, self.horizon_days)
        return Risk(
            customer=customer,
            probability=float(rates[0]),
            band=RiskBand.MEDIUM,
            horizon_days=context.horizon_days or self.horizon_days,
            policy=f"base_rate/{version}",
            reasons=(Reason(code=code, value=round(self.base_rate, 4)),),
        )

    def _due(self, row: Ints) -> float:
        """The customer's mean gap, drawn to the shop's usual one, less the time since the last purchase."""
        gaps = max(int(row[_RAW_COLUMN["purchase_days"]]) - 1, 0)
        gap = (int(row[_RAW_COLUMN["gap_days"]]) + self.usual_gap) / (gaps + 1)
        return round(gap - int(row[_RAW_COLUMN["recency"]]) / DAY, 2)


def _stretched(probability: Floats, asked: int | None, fitted: int) -> Floats:
    """The chance of silence over another horizon, as if each day were as likely to bring a purchase."""
    if not asked or asked == fitted:
        return probability
    result: Floats = np.power(probability, asked / fitted)
    return result


def _reasons(parts: Floats, row: Ints) -> tuple[Reason, ...]:
    """The concepts' parts in the log-odds beside a customer of the mean, strongest first."""
    by_concept: dict[str, float] = {}
    for part, concept in zip(parts.tolist(), CONCEPTS_OF_PARTS, strict=True):
        by_concept[concept] = by_concept.get(concept, 0.0) + part
    order = sorted(by_concept.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple(
        Reason(code=concept, value=_shown(concept, row), weight=round(weight, 4))
        for concept, weight in order[:MOST_REASONS]
        if abs(weight) >= LEAST_WEIGHT
    )


def _shown(concept: str, row: Ints) -> float | None:
    if concept not in SHOWN:
        return None
    name, divisor = SHOWN[concept]
    return round(int(row[_RAW_COLUMN[name]]) / divisor, 2)


# --- saved -----------------------------------------------------------------------------------------------

Arrays = dict[str, NDArray[Any]]

_AS_THEY_ARE = ("horizon_days", "window_days", "base_rate", "slope", "shift", "usual_gap", "currency")
_LINEAR = ("weights", "means", "scales")
_TREES = ("feature", "threshold", "value")
_TREES_OF_TABLES = ("missing_right", "members")


def saved(model: ChurnModel) -> tuple[dict[str, Any], Arrays]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    facts, arrays = parts_saved(model.linear, model.trees)
    return {
        **facts,
        **{name: getattr(model, name) for name in _AS_THEY_ARE},
        "shares": list(model.shares),
        "usual_rhythm": model.usual_process,
        "bands": list(model.bands),
        "stake": model.stake,
        "own_rhythm": asdict(model.rhythm) if model.rhythm else None,
        "features": list(NAMES),
        "category": dict(model.product_info.category),
        "list_price": dict(model.product_info.list_price),
        "rhythm": asdict(model.process) if model.process else None,
        "level": asdict(model.level) if model.level else None,
    }, arrays


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ChurnModel:
    """The model from its saved form.

    Raises:
        ValueError: it was saved with other features than this program computes.
    """
    if tuple(facts["features"]) != NAMES:
        raise ValueError("the churn model was fitted on other features")
    linear, trees = parts_restored(facts, arrays)
    first, second, third = facts["shares"]
    return ChurnModel(
        **{name: facts[name] for name in _AS_THEY_ARE},
        process=PurchaseProcess(**facts["rhythm"]) if facts["rhythm"] else None,
        linear=linear,
        trees=trees,
        shares=(first, second, third),
        usual_process=facts["usual_rhythm"],
        bands=(facts["bands"][0], facts["bands"][1]),
        stake=facts.get("stake"),
        rhythm=Rhythm(**own) if (own := facts.get("own_rhythm")) else None,
        level=ExpectedShare(**facts["level"]) if facts.get("level") else None,
        product_info=ProductInfo(category=facts["category"], list_price=facts["list_price"]),
    )


def parts_saved(linear: Linear | None, trees: Trees | None) -> tuple[dict[str, Any], Arrays]:
    """Regression and trees as JSON-able facts and arrays; `parts_restored` is the way back."""
    facts: dict[str, Any] = {}
    arrays: Arrays = {}
    if linear:
        facts["linear"] = linear.intercept
        arrays |= {name: getattr(linear, name) for name in _LINEAR}
    if trees:
        facts["trees"] = {"base": trees.base}
        found = {f"trees_{name}": getattr(trees, name) for name in (*_TREES, *_TREES_OF_TABLES)}
        arrays |= {name: one for name, one in found.items() if one is not None}
    return facts, arrays


def parts_restored(
    facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> tuple[Linear | None, Trees | None]:
    """Regression and trees from their saved form, as far as they were fitted."""
    linear = trees = None
    if "linear" in facts:
        linear = Linear(intercept=facts["linear"], **{name: arrays[name] for name in _LINEAR})
    if "trees" in facts:
        base = float(facts["trees"]["base"])
        there = (*_TREES, *(name for name in _TREES_OF_TABLES if f"trees_{name}" in arrays))
        trees = Trees(base=base, **{name: arrays[f"trees_{name}"] for name in there})
    return linear, trees
