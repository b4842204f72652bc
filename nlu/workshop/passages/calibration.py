"""What the networks say of shops that they did not learn from, made into chances, and the chance that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from kernel.arrays import Bools, Floats32
from nlu.pages.model import FEATURES
from nlu.pages.reading import LANGUAGES
from nlu.pages.searching import READ, ahead
from nlu.workshop.passages.corpus import Asked, PagesOfShop
from nlu.workshop.passages.encoding import Texts, row_of
from nlu.workshop.passages.network import AnswerReader, Finder, lack
from nlu.workshop.passages.training import Placed, Reading, place, read_together

WRONG, UNANSWERED = 0.04, 0.30
"""Share of questions that may be answered with a passage that doesn't answer, and of questions that nothing answers,
each put as near to an entry as can be, which may be answered all the same. With one in twenty of those, too, only one
question in seven would be answered."""
_KEPT_NEAR = 0.03
"""How much it counts that the fitted weights stay near the reader's own word."""


@dataclass(frozen=True, slots=True)
class Read:
    """A question with the rows that were read with it."""

    asked: Asked
    logits: Floats32
    features: Floats32
    right: Bools


@torch.no_grad()
def read_all(
    finder: Finder, reader: AnswerReader, shop: PagesOfShop, texts: Texts, *, other: bool = False
) -> list[Read]:
    """Every question of a shop with the nearest entries, and again without those that answer.

    They are in the question's language, or all in the other.
    """
    texts.shop(shop)
    placed = place(finder, shop, texts)
    found = []
    for one in shop.asked:
        first = ((LANGUAGES.index(one.language) + other) % len(LANGUAGES)) * shop.count
        for hidden in (frozenset[int](), one.entries) if one.entries else (frozenset[int](),):
            scores = placed.scores[one.text, one.before][first : first + shop.count].copy()
            scores[list(hidden)] = -np.inf
            rows = np.argsort(-scores, kind="stable")[:READ].tolist()
            found.append(_read(placed, one, [first + row for row in rows], hidden, reader, texts))
    return found


def _read(
    placed: Placed,
    one: Asked,
    rows: Sequence[int],
    hidden: frozenset[int],
    reader: AnswerReader,
    texts: Texts,
) -> Read:
    right = tuple(row % placed.shop.count in one.entries - hidden for row in rows)
    given = read_together([(placed, Reading(one, one.before, tuple(rows), right, None))], texts)
    features = given[4].clone()
    if hidden:
        # Without what answers the next is ahead of the rest.
        features[:, -1] = torch.from_numpy(ahead(placed.scores[one.text, one.before][list(rows)], rows))
    said, _ = reader(*given[:4], features)
    asked = replace(one, entries=frozenset(), answer="", entry=-1) if hidden else one
    return Read(asked, said.numpy(), features.numpy(), np.array(right))


def calibrated(
    finder: Finder, reader: AnswerReader, shops: Sequence[PagesOfShop], texts: Texts
) -> tuple[dict[str, Floats32 | float], dict[str, float]]:
    """What is kept beside the finder's weights, and how the thresholds do on these shops."""
    several = [read_all(finder, reader, shop, texts) for shop in shops]
    weights = fitted([read for reads in several for read in reads])
    in_other = [read for shop in shops for read in read_all(finder, reader, shop, texts, other=True)]
    asked = [read for reads, shop in zip(several, shops, strict=True) for read in _as_asked(reads, shop)]
    chances = [chances_of(weights, read) for read in asked]
    threshold = threshold_for(asked, chances)
    facts: dict[str, Floats32 | float] = {
        "answered": weights,
        "answered_in_other": fitted(in_other),
        "threshold": threshold,
        "translation": _translation(finder, shops, texts),
    }
    return facts, shares_of(asked, chances, threshold)


def _as_asked(reads: Sequence[Read], shop: PagesOfShop) -> list[Read]:
    """Without those whose answer was hidden."""
    genuine = {(one.text, one.before): one for one in shop.asked}
    return [read for read in reads if read.asked == genuine[read.asked.text, read.asked.before]]


def fitted(reads: Sequence[Read]) -> Floats32:
    """Weights of a constant, the reader's logit and the features that make what is right likeliest."""
    inputs = torch.stack([_inputs(read) for read in reads])
    right = torch.tensor(np.stack([read.right for read in reads]), dtype=torch.float32)
    start = torch.zeros(2 + FEATURES)
    start[1] = 1.0
    weights = start.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        lacks = lack(inputs @ weights, right) + _KEPT_NEAR * (weights - start).square().mean()
        torch.autograd.backward(lacks)
        return lacks

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    found: Floats32 = weights.detach().numpy()
    return found


def _inputs(read: Read) -> torch.Tensor:
    ones = np.ones((len(read.logits), 1), np.float32)
    return torch.from_numpy(np.concatenate([ones, read.logits[:, None], read.features], 1).astype(np.float32))


def chances_of(weights: Floats32, read: Read) -> Floats32:
    """Of each row the chance that it answers, as `nlu.pages.model.PagesModel.chances`."""
    raised = np.exp(_inputs(read).numpy() @ weights)
    shares: Floats32 = raised / (1.0 + raised.sum())
    return shares


def threshold_for(asked: Sequence[Read], chances: Sequence[Floats32]) -> float:
    """The least chance at which both kinds of wrong passages are rare."""
    best = np.array([one.max() for one in chances])
    right = np.array([bool(read.right[one.argmax()]) for read, one in zip(asked, chances, strict=True)])
    answerable = np.array([bool(read.asked.entries) for read in asked])
    for least in np.linspace(0.05, 0.95, 181):
        said = best >= least
        misled = (said & answerable & ~right).sum() / max(1, answerable.sum())
        chatter = (said & ~answerable).sum() / max(1, (~answerable).sum())
        if misled <= WRONG and chatter <= UNANSWERED:
            return round(float(least), 3)
    return 0.95


def shares_of(asked: Sequence[Read], chances: Sequence[Floats32], threshold: float) -> dict[str, float]:
    """Shares of the questions that something answers, and of those that nothing does."""
    best = np.array([one.max() for one in chances])
    right = np.array([bool(read.right[one.argmax()]) for read, one in zip(asked, chances, strict=True)])
    answerable = np.array([bool(read.asked.entries) for read in asked])
    among = np.array([bool(read.right.any()) for read in asked])
    nearest = np.array([bool(read.right[0]) for read in asked])
    said = best >= threshold
    of, none = max(1, int(answerable.sum())), max(1, int((~answerable).sum()))
    return {
        "nearest is right": float(nearest[answerable].sum() / of),
        "among those read": float(among[answerable].sum() / of),
        "first after reading": float(right[answerable].sum() / of),
        "right": float((said & right & answerable).sum() / of),
        "wrong": float((said & ~right & answerable).sum() / of),
        "answered though nothing does": float((said & ~answerable).sum() / none),
    }


@torch.no_grad()
def _translation(finder: Finder, shops: Sequence[PagesOfShop], texts: Texts) -> float:
    """The likeness as a whole that parts entries that say the same in two languages from those that don't, best."""
    same, other = list[float](), list[float]()
    for shop in shops:
        _, _, whole = finder(*texts.batch([row_of(entry) for entry in shop.entries]))
        likeness = (whole[: shop.count] @ whole[shop.count :].T).numpy()
        same += np.diag(likeness).tolist()
        other += likeness[~np.eye(shop.count, dtype=bool)].reshape(shop.count, -1).max(1).tolist()
    levels = np.sort(np.array(same))
    wrong = [(levels < level).sum() + (np.array(other) >= level).sum() for level in levels]
    return float(levels[int(np.argmin(wrong))])
