"""Adding a shop's messages to the head that ships, without forgetting what it knew.

The head is moved as little as the shop's messages ask for: the cross-entropy on them, the head's own former answers on
messages of our corpus (Li and Hoiem 2016, Learning without forgetting), and a penalty on the way it went. Intents that
the shop's messages don't name are not moved at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from kernel.arrays import Bools, Floats, Floats32
from nlu.heads import Heads, sigmoid
from nlu.workshop.classifier import Labels, log_softmax

PENALTY = 0.02
"""Of the squared way of each weight, for standardised vectors."""
HEAVIEST = 100.0
"""Most that one message of the shop counts, against one of the corpus."""
AS_MANY = 1_000.0
"""Messages that all examples of one label together count as, as far as HEAVIEST allows."""
PASSES = 40
YIELDED = 0.0025
"""Share of others' messages that may be read as a new intent: few examples say less than they should of what is like
them. Counted on messages that the model never saw, since of those that it learned from it is too sure."""
BEYOND = 1.0
"""How much lower than that the new intents' bias goes: real messages of another shop's customers are more like them
than ours to develop on. Chosen by `tests/benchmarks/nlu_teaching_bounds.py`: about half as many are taken, for one in
twenty of the new intents' own."""
FURTHEST = 4.0
"""How far the new intents' bias is moved at most, up or down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadInputs:
    """Messages as the heads see them."""

    vectors: Floats32
    """Shape (n, d)."""
    ngram_logits: Floats32
    """What their spelling says for each intent that ships, shape (n, j); teaching leaves that alone."""

    def logits(self, heads: Heads) -> Floats32:
        """What speaks for each intent of the heads, shape (n, k)."""
        result: Floats32 = self.vectors @ heads.intent_weight.T + heads.intent_bias
        result[:, : self.ngram_logits.shape[1]] += self.ngram_logits
        return result

    def __getitem__(self, rows: Bools) -> HeadInputs:
        return HeadInputs(vectors=self.vectors[rows], ngram_logits=self.ngram_logits[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledInputs:
    """Messages of the shop with their labels."""

    seen: HeadInputs
    labels: Labels
    beside: int = 0
    """So many at the end are not the shop's own and count once each: heavier, they would draw what is near to them."""

    def weights(self) -> Floats32:
        """How much each message counts, against one of the corpus; shape (n,)."""
        own = self.labels[: len(self.labels) - self.beside]
        names, counts = np.unique(own, return_counts=True)
        each = dict(zip(names.tolist(), np.clip(AS_MANY / counts, 1.0, HEAVIEST), strict=True))
        heavy = np.array([each[str(label)] for label in own], np.float32)
        return np.concatenate([heavy, np.ones(self.beside, np.float32)])


def adapt(heads: Heads, shop: LabelledInputs, replayed: HeadInputs, unseen: HeadInputs) -> Heads:
    """The heads with the shop's labels learned; labels that are no intents yet are appended to the intents.

    Args:
        heads: what is known.
        shop: the shop's messages.
        replayed: messages of the corpus, on which the answers should stay.
        unseen: messages of the development set, by which new intents are kept within bounds.
    """
    intents = (*heads.intents, *sorted(set(shop.labels.tolist()) - set(heads.intents)))
    fresh = len(intents) - len(heads.intents)
    weight = np.concatenate(
        [heads.intent_weight, np.zeros((fresh, heads.intent_weight.shape[1]), np.float32)]
    )
    bias = np.concatenate([heads.intent_bias, np.zeros(fresh, np.float32)])
    known = replayed.logits(heads)
    vectors = np.concatenate([shop.seen.vectors, replayed.vectors])
    spelling = np.concatenate([shop.seen.ngram_logits, replayed.ngram_logits])
    spelling = np.pad(spelling, ((0, 0), (0, len(intents) - spelling.shape[1])))
    centre, spread = replayed.vectors.mean(0), replayed.vectors.std(0) + 1e-3
    standard = (vectors - centre) / spread / np.sqrt(np.float32(vectors.shape[1]))
    told = np.zeros((len(shop.labels), len(intents)), np.float32)
    told[np.arange(len(told)), [intents.index(str(label)) for label in shop.labels]] = 1.0
    kept = np.pad(np.exp(log_softmax(known)), ((0, 0), (0, fresh)))
    counted = np.pad(sigmoid(known), ((0, 0), (0, fresh)))
    change, shift = _least(
        standard,
        vectors @ weight.T + bias + spelling,
        shares=np.concatenate([told, kept]),
        chances=np.concatenate([told, counted]),
        weights=np.concatenate([shop.weights(), np.ones(len(kept), np.float32)]),
        movable=np.isin(intents, shop.labels),
    )
    moved = change / spread / np.sqrt(np.float32(vectors.shape[1]))
    weight, bias = weight + moved, bias + shift - moved @ centre
    taught = replace(
        heads,
        intents=intents,
        intent_weight=weight.astype(np.float32),
        intent_bias=bias.astype(np.float32),
        centres=np.concatenate([heads.centres, _centres(heads, shop, intents[len(heads.intents) :])]),
    )
    lift = np.zeros(len(intents), np.float32)
    lift[len(heads.intents) :] = _level(unseen.logits(taught), fresh)
    return replace(taught, intent_bias=taught.intent_bias + lift)


def _least(
    standard: Floats32,
    logits: Floats32,
    *,
    shares: Floats32,
    chances: Floats32,
    weights: Floats32,
    movable: Bools,
) -> tuple[Floats32, Floats32]:
    """What is to be added to weight and bias: shape (k, d) and (k,); nothing to what is not movable, shape (k,).

    The loss is the one that the head was trained with: a softmax ranks the intents, a sigmoid each counts them.
    """
    classes, size = logits.shape[1], standard.shape[1]
    each = (weights / weights.sum())[:, None]

    def loss(flat: Floats) -> tuple[float, Floats]:
        change = flat.astype(np.float32).reshape(classes, size + 1)
        now = logits + standard @ change[:, :-1].T + change[:, -1]
        ranked, chance = log_softmax(now), sigmoid(now)
        value = -(each * shares * ranked).sum()
        value += 0.5 * (each * (np.logaddexp(0.0, now) - chances * now)).sum()
        slope = each * (np.exp(ranked) - shares + 0.5 * (chance - chances))
        way = change[:, :-1]
        gradient = np.concatenate([slope.T @ standard + PENALTY / size * way, slope.sum(0)[:, None]], axis=1)
        gradient[~movable] = 0.0
        value += 0.5 * PENALTY / size * float((way**2).sum())
        return float(value), gradient.astype(np.float64).ravel()

    start = np.zeros(classes * (size + 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": PASSES})
    change = found.x.astype(np.float32).reshape(classes, size + 1)
    return change[:, :-1], change[:, -1]


def _level(logits: Floats32, fresh: int) -> float:
    """What moves the new intents, the last `fresh` ones, until YIELDED of the messages is read as one, and BEYOND."""
    if not fresh:
        return 0.0
    lead = np.sort(logits[:, -fresh:].max(1) - logits[:, :-fresh].max(1))[::-1]
    return float(np.clip(-lead[int(YIELDED * len(lead))] - BEYOND, -FURTHEST, FURTHEST))


def _centres(heads: Heads, shop: LabelledInputs, fresh: Sequence[str]) -> Floats32:
    """Where the new intents lie in the space of the distances."""
    means = [shop.seen.vectors[shop.labels == name].mean(0) for name in fresh]
    if not means:
        return np.zeros((0, heads.centres.shape[1]), np.float32)
    return ((np.stack(means) - heads.mean) @ heads.whitening).astype(np.float32)
