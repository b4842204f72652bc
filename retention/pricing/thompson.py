"""The discount step with the highest expected margin for a customer's tier, by hierarchical Thompson sampling.

The chance to buy is logistic in the discount, with a level and a slope for each loyalty tier, both drawn towards those
of all tiers; slopes are never negative, so a deeper discount never sells less. The prior is that the published rules
pay best. A fit keeps a table of draws from the posterior; each product and day is judged by one of them, so that the
probability of each step is the share of the draws in which it wins, exactly.

Sources: Thompson, "On the likelihood that one unknown probability exceeds another", Biometrika 25, 1933; Chapelle, Li,
"An empirical evaluation of Thompson sampling", NeurIPS 2011 (logistic-normal, Laplace's approximation).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints
from retention.steps import StepModel
from retention.types import ProductId, Reason

WHOLE = 10_000
"""Shares are counted in basis points."""
DRAWS = 256
LEAST_SHOWN = 300
LEAST_BOUGHT = 30
_LEVEL, _SLOPE = 1.0, 0.7
"""Prior deviations of all tiers' level (log-odds) and of the logarithm of their slope."""
_LEVEL_OF_TIER, _SLOPE_OF_TIER = 0.5, 0.25
"""By how much a tier may differ from all."""
_LEAST_ROOM = 0.05
"""Margin left at the rules' step, at least, when its slope is worked out."""
_STEPS_OF_NEWTON = 60
_KEPT = 16_384
"""Choices that are kept, of a model, tier, product and day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What came of offers so far, by tier and step."""

    shown: Ints
    """Shape (tiers, steps)."""
    bought: Ints

    @property
    def missing(self) -> tuple[str, ...]:
        """What is lacking before steps can be learned; empty where nothing is."""
        lacking = []
        for what, there, least in (
            ("offers_shown", int(self.shown.sum()), LEAST_SHOWN),
            ("offers_bought", int(self.bought.sum()), LEAST_BOUGHT),
        ):
            if there < least:
                lacking.append(f"{what} {there} of {least}")
        return tuple(lacking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What one sale is about; minor units."""

    product: ProductId
    day: date
    list_price: int
    cost: int
    kept: int = 0
    """What a sale is worth beside its own margin: by how much it raises the customer's later margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChoice:
    """A step, and with which probability each could have been chosen. The law is applied to both afterwards."""

    step: int
    """Basis points off the list price."""
    probabilities: tuple[tuple[int, float], ...]
    """(step, probability) of every candidate; over what product and day draw."""
    policy: str
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...] = ()
    """What is lacking, where the rules decided."""

    def probability(self) -> float:
        """Of the step that was chosen."""
        return dict(self.probabilities)[self.step]

    def within(self, law: Callable[[int], int]) -> StepChoice:
        """The same after the law, with the probabilities of what it makes of each step.

        Args:
            law: what may be given where a step was chosen, basis points.
        """
        after: dict[int, float] = {}
        for step, share in self.probabilities:
            after[law(step)] = after.get(law(step), 0.0) + share
        return replace(self, step=law(self.step), probabilities=tuple(sorted(after.items())))


def choose(model: StepModel, tier: str, sale: Sale, candidates: Sequence[int] | None = None) -> StepChoice:
    """The step for a customer of a tier.

    Everybody is judged by the product's draw of the day. A better tier never gets a smaller step. A draw below what the
    posterior's mode thinks best is not followed: no price is withheld only to learn from it.

    Args:
        candidates: basis points, of the model's steps; those that the product may have whoever asks, for the tiers stay
            in order only among equal candidates. All without it; none is always among them.

    Raises:
        ValueError: the tier or a candidate is not the model's.
    """
    return _chosen(model, tier, sale, None if candidates is None else tuple(candidates))


@lru_cache(maxsize=_KEPT)
def _chosen(model: StepModel, tier: str, sale: Sale, candidates: tuple[int, ...] | None) -> StepChoice:
    """The same for everybody of a tier who asks for a product on a day."""
    place = model.tiers.index(tier)
    allowed = _allowed(model, candidates)
    if model.missing:
        return _by_rules(model, place, allowed)
    best = _best(model.chances[:, : place + 1], _gains(model.steps, sale), allowed)
    drawn = int(best[1 + _lot(sale.product, sale.day) % (len(best) - 1), place])
    counts = np.bincount(best[1:, place], minlength=len(model.steps))
    share = counts / counts.sum()
    return StepChoice(
        step=model.steps[drawn],
        probabilities=tuple(
            (step, float(share[number])) for number, step in enumerate(model.steps) if allowed[number]
        ),
        policy=model.version,
        reasons=_reasons(model, place, sale, drawn, int(best[0, place])),
    )


def _best(chances: Floats, gains: Floats, allowed: Bools) -> Ints:
    """The place of the best step by draw and tier, shape (draws, tiers); the first row is the mode's."""
    worth = np.where(allowed, chances * gains, -np.inf)
    # Of equal steps the smallest: a discount that brings nothing is not given.
    best = worth.argmax(axis=2)
    result: Ints = np.maximum(np.maximum.accumulate(best, axis=1), np.maximum.accumulate(best[0]))
    return result


def _gains(steps: Sequence[int], sale: Sale) -> Floats:
    """What a sale at each step brings, minor units, shape (steps,)."""
    off = sale.list_price * np.array(steps, np.float64) / WHOLE
    result: Floats = sale.list_price - off - sale.cost + sale.kept
    return result


def _lot(product: ProductId, day: date) -> int:
    """One number a product and day, the same in every process."""
    return zlib.crc32(f"{product}:{day.isoformat()}".encode())


def _allowed(model: StepModel, candidates: Sequence[int] | None) -> Bools:
    if candidates is None:
        return np.ones(len(model.steps), bool)
    places = [model.steps.index(one) for one in candidates]
    allowed = np.zeros(len(model.steps), bool)
    allowed[[0, *places]] = True
    return allowed


def _by_rules(model: StepModel, place: int, allowed: Bools) -> StepChoice:
    """What the published rules give, or the deepest candidate below it."""
    step = max(
        one
        for one, may in zip(model.steps, allowed.tolist(), strict=True)
        if may and one <= model.rules[place]
    )
    kept = [one for one, may in zip(model.steps, allowed.tolist(), strict=True) if may]
    return StepChoice(
        step=step,
        probabilities=tuple((one, float(one == step)) for one in kept),
        policy="rules/1",
        reasons=(Reason(code="little_history", weight=step / WHOLE),),
        missing=model.missing,
    )


def _reasons(model: StepModel, place: int, sale: Sale, drawn: int, usual: int) -> tuple[Reason, ...]:
    """The chance to buy, the margin that it adds, what sure buyers would have paid anyway, and whether it explores."""
    without, with_it = float(model.chances[0, place, 0]), float(model.chances[0, place, drawn])
    off = sale.list_price * model.steps[drawn] / WHOLE
    room = sale.list_price - sale.cost + sale.kept
    weight = model.steps[drawn] / WHOLE
    reasons = [
        Reason(code="chance_to_buy", product=sale.product, value=round(with_it, 4), weight=weight),
        Reason(code="chance_without", product=sale.product, value=round(without, 4)),
        Reason(code="more_margin", product=sale.product, value=round((with_it - without) * (room - off), 2)),
        Reason(code="paid_anyway", product=sale.product, value=round(without * off, 2)),
    ]
    if drawn != usual:
        reasons.append(Reason(code="explored", product=sale.product, value=float(model.steps[usual])))
    return tuple(reasons)


# --- the fit ----------------------------------------------------------------------------------------------


def fit(
    history: History,
    *,
    steps: Sequence[int],
    tiers: Sequence[str],
    rules: Sequence[int],
    margin: float,
    seed: int = 0,
    draws: int = DRAWS,
) -> StepModel:
    """Learn from what came of offers.

    Args:
        steps: basis points off, rising, the first 0.
        tiers: loyalty tiers, the lowest first.
        rules: what the published rules give each tier, never falling.
        margin: the shop's usual share of the list price above cost; at it, the prior thinks the rules best.
        seed: of the draws.
        draws: that products and days are judged by.

    Raises:
        ValueError: the shapes don't fit, steps or rules fall, or more was bought than shown.
    """
    _check(history, steps, tiers, rules)
    off = np.array(steps, np.float64) / WHOLE
    before = _prior(history, np.array(rules, np.float64) / WHOLE, margin)
    mode, root = _posterior(history, off, before)
    draw = np.random.default_rng(seed)
    values = (
        mode + np.concatenate([np.zeros((1, len(mode))), draw.standard_normal((draws, len(mode)))]) @ root.T
    )
    level, slope = _of_tiers(values, len(tiers))
    chances = 1 / (1 + np.exp(-(level[:, :, None] + slope[:, :, None] * off)))
    return StepModel(
        steps=tuple(steps),
        tiers=tuple(tiers),
        rules=tuple(rules),
        chances=chances,
        missing=history.missing,
    )


@dataclass(frozen=True, slots=True)
class _Prior:
    """A normal prior of [level, log slope, a level a tier, a log slope a tier], all but the first two around 0."""

    mean: Floats
    deviation: Floats


def _prior(history: History, rules: Floats, margin: float) -> _Prior:
    """That of the rules: at each tier's step and the usual margin m, `slope = 1 / ((1 − p)(m − step))`, where a little
    more discount costs the buyers as much as it brings in others."""
    shown, bought = history.shown.sum(), history.bought.sum()
    rate = (bought + 1) / (shown + 10)
    slope = np.log(1 / ((1 - rate) * np.maximum(margin - rules, _LEAST_ROOM)))
    tiers = len(rules)
    common = float(slope.mean())
    mean = np.concatenate([[np.log(rate / (1 - rate)), common], np.zeros(tiers), slope - common])
    deviation = np.concatenate(
        [[_LEVEL, _SLOPE], np.full(tiers, _LEVEL_OF_TIER), np.full(tiers, _SLOPE_OF_TIER)]
    )
    return _Prior(mean, deviation)


def _of_tiers(values: Floats, tiers: int) -> tuple[Floats, Floats]:
    """Each tier's level and slope, shape (…, tiers)."""
    level = values[..., :1] + values[..., 2 : 2 + tiers]
    slope = np.exp(np.clip(values[..., 1:2] + values[..., 2 + tiers :], -6.0, 6.0))
    return level, slope


def _posterior(history: History, off: Floats, prior: _Prior) -> tuple[Floats, Floats]:
    """The mode, and a root of the covariance there (Laplace), by damped Newton steps with Fisher's information."""
    tiers, size = len(history.shown), len(prior.mean)
    shown, bought = history.shown.astype(np.float64), history.bought.astype(np.float64)
    precision = np.diag(1 / prior.deviation**2)
    at = prior.mean.copy()

    def loss(values: Floats) -> float:
        level, slope = _of_tiers(values, tiers)
        odds = level[:, None] + slope[:, None] * off
        fit_ = (bought * odds - shown * np.logaddexp(0, odds)).sum()
        return float(((values - prior.mean) ** 2 / prior.deviation**2).sum() / 2 - fit_)

    information = precision
    for _ in range(_STEPS_OF_NEWTON):
        level, slope = _of_tiers(at, tiers)
        odds = level[:, None] + slope[:, None] * off
        chance = 1 / (1 + np.exp(-odds))
        by_level, by_slope = np.zeros((tiers, len(off), size)), slope[:, None] * off
        jacobian = by_level
        jacobian[:, :, 0] = 1.0
        jacobian[:, :, 1] = by_slope
        for tier in range(tiers):
            jacobian[tier, :, 2 + tier] = 1.0
            jacobian[tier, :, 2 + tiers + tier] = by_slope[tier]
        gradient = np.einsum("ks,ksj->j", bought - shown * chance, jacobian) - precision @ (at - prior.mean)
        weight = shown * chance * (1 - chance)
        information = precision + np.einsum("ks,ksi,ksj->ij", weight, jacobian, jacobian)
        step = np.linalg.solve(information, gradient)
        size_of_step, now = 1.0, loss(at)
        while size_of_step > 1e-6 and loss(at + size_of_step * step) > now:
            size_of_step /= 2
        at = at + size_of_step * step
        if np.abs(size_of_step * step).max() < 1e-8:
            break
    return at, np.linalg.cholesky(np.linalg.inv(information))


def _check(history: History, steps: Sequence[int], tiers: Sequence[str], rules: Sequence[int]) -> None:
    shape = (len(tiers), len(steps))
    if history.shown.shape != shape or history.bought.shape != shape:
        raise ValueError(
            f"counts of {shape[0]} tiers and {shape[1]} steps are needed, not {history.shown.shape}"
        )
    if not steps or steps[0] != 0 or list(steps) != sorted(set(steps)) or steps[-1] > WHOLE:
        raise ValueError(f"steps begin with 0 and rise to {WHOLE} at most, not {list(steps)}")
    if len(rules) != len(tiers) or list(rules) != sorted(rules):
        raise ValueError(f"the rules give each of {len(tiers)} tiers a step, never less to a better one")
    if (history.bought > history.shown).any() or (history.bought < 0).any():
        raise ValueError("more was bought than shown")


PART = "steps"
"""Of a model folder."""


def saved(model: StepModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    facts = {
        "steps": list(model.steps),
        "tiers": list(model.tiers),
        "rules": list(model.rules),
        "missing": list(model.missing),
        "version": model.version,
    }
    return facts, {"chances": model.chances}


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> StepModel:
    """The model from its saved form."""
    return StepModel(
        steps=tuple(facts["steps"]),
        tiers=tuple(facts["tiers"]),
        rules=tuple(facts["rules"]),
        chances=np.asarray(arrays["chances"], np.float64),
        missing=tuple(facts["missing"]),
        version=facts["version"],
    )
