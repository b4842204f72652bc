"""Trains the context model on turns, and says how well it reads others."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from nlu.context.inputs import PIECES
from nlu.context.reader import runs_of
from nlu.workshop.dialogues import labels
from nlu.workshop.dialogues.encoding import UNKNOWN, Batch, EncodedTurn, batch_of
from nlu.workshop.dialogues.network import ContextNetwork, Sizes
from nlu.workshop.training.descent import Descent
from nlu.workshop.training.optimising import fastest_precision

_WEIGHTS = {"acts": 1.0, "danger": 2.0, "wishes": 1.0, "beyond": 1.0, "points": 1.0, "slot_tags": 0.6, "wish_tags": 0.2,
            "wish_of_tokens": 1.0}  # fmt: skip
_LIKE = 12
"""Tokens by which turns of a batch may differ in length by chance."""
Report = Callable[[float, ContextNetwork], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long to learn."""

    seed: int = 7
    passes: int = 8
    """Over the turns written by hand."""
    batch: int = 44
    set_in: float = 0.3
    """Single messages set into conversations for each turn written by hand, others in each pass."""
    wordless: float = 0.5
    """Share of the turns in which the question's words are not shown."""
    rate: float = 1e-3


def train(
    written: Sequence[EncodedTurn], set_in: Sequence[EncodedTurn], sizes: Sizes, plan: Plan, report: Report
) -> ContextNetwork:
    """Learn from turns; `report` is called after each batch with the share that is done."""
    torch.manual_seed(plan.seed)
    rng = random.Random(plan.seed)
    network = ContextNetwork(sizes)
    beside = min(len(set_in), round(plan.set_in * len(written)))
    steps = plan.passes * -(-(len(written) + beside) // plan.batch)
    descent = Descent([(list(network.parameters()), plan.rate)], steps)
    for _ in range(plan.passes):
        network.train()
        for turns in _batches([*written, *rng.sample(set_in, beside)], plan.batch, rng):
            batch = batch_of(turns)
            _hide_questions(batch, plan.wordless)
            done = descent.step(sum(losses(network, batch).values(), torch.zeros(())))
            report(done, network)
    return network


def _batches(turns: Sequence[EncodedTurn], size: int, rng: random.Random) -> list[list[EncodedTurn]]:
    """The turns in batches of like length, in random order."""
    lengths = [sum(one.context.lengths) + rng.random() * _LIKE for one in turns]
    order = sorted(range(len(turns)), key=lengths.__getitem__)
    found = [[turns[place] for place in order[start : start + size]] for start in range(0, len(turns), size)]
    rng.shuffle(found)
    return found


def _hide_questions(batch: Batch, share: float) -> None:
    """A question is known by its task and slot, too: its words may be those of a text that a shop has changed."""
    hidden = torch.rand(len(batch.tags), 1) < share
    batch.given["mask"][hidden & (batch.given["kinds"] == PIECES.index("question"))] = 0.0


def losses(network: ContextNetwork, batch: Batch) -> dict[str, torch.Tensor]:
    """What the answers lack, by kind of answer."""
    precision = fastest_precision()
    with torch.autocast("cpu", precision, enabled=precision is not torch.float32):
        said = {name: value.float() for name, value in network(batch.given).items()}
    wanted, told = batch.wanted, batch.tags
    found = {
        "acts": _binary(said["acts"], wanted["acts"]).sum(1).mean(),
        "danger": functional.cross_entropy(said["danger"], wanted["danger"]),
        "wishes": _binary(said["wishes"], wanted["wishes"]).sum(1).mean(),
        "beyond": (_binary(said["beyond"], wanted["beyond"]).sum(1) * told).mean(),
        "points": ((_binary(said["points"], wanted["points"]) * wanted["pointable"]).sum(1) * told).mean(),
        "slot_tags": (_tags(said["slot_tags"], wanted["slot_tags"]) * told).mean(),
        "wish_tags": (_tags(said["wish_tags"], wanted["wish_tags"]) * told).mean(),
    }
    if batch.wishes:
        rows = torch.stack(
            [said["wish_of_tokens"][row, list(tokens)].mean(0) for row, tokens, _ in batch.wishes]
        )
        found["wish_of_tokens"] = functional.cross_entropy(
            rows, torch.tensor([wish for *_, wish in batch.wishes])
        )
    return {name: _WEIGHTS[name] * value for name, value in found.items()}


def _binary(said: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(said, wanted, reduction="none")


def _tags(said: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(said.transpose(1, 2), wanted, ignore_index=UNKNOWN, reduction="none").sum(
        1
    )


@torch.no_grad()
def measure(network: ContextNetwork, turns: Sequence[EncodedTurn], danger: float = 0.5) -> dict[str, float]:
    """Shares of turns that are read as a person reads them, and of values found.

    Args:
        network: in evaluation.
        turns: to read.
        danger: the probability from which a danger is one.
    """
    counts: Counter[str] = Counter()
    for start in range(0, len(turns), 64):
        part = turns[start : start + 64]
        said = network(batch_of(part).given)
        for row, one in enumerate(part):
            _count(counts, one, {name: values[row] for name, values in said.items()}, danger)

    def share(part: str, whole: str) -> float:
        return counts[part] / max(1, counts[whole])

    return {
        "acts": share("acts", "turns"),
        "acts where asked": share("acts asked", "asked"),
        "wishes": share("wishes", "turns"),
        "pointing": share("points", "pointing"),
        "slots F1": 2 * counts["slots right"] / max(1, counts["slots told"] + counts["slots said"]),
        "danger recall": share("danger found", "danger"),
        "false alarms": share("false alarms", "no danger"),
        **{f"act {act}": share(f"{act} both", f"{act} either") for act in labels.ACTS},
    }


def _count(counts: Counter[str], one: EncodedTurn, said: dict[str, torch.Tensor], least: float) -> None:
    counts["turns"] += 1
    acts = {act for act, logit in zip(labels.ACTS, said["acts"].tolist(), strict=True) if logit > 0}
    right = acts == one.turn.acts
    counts["acts"] += right
    for act in acts | one.turn.acts:
        counts[f"{act} either"] += 1
        counts[f"{act} both"] += act in acts and act in one.turn.acts
    if one.turn.state.question is not None:
        counts["asked"] += 1
        counts["acts asked"] += right
    wishes = {name for name, logit in zip(labels.WISHES, said["wishes"].tolist(), strict=True) if logit > 0}
    counts["wishes"] += wishes == {wish.label for wish in one.turn.wishes}
    danger = float(1.0 - said["danger"].softmax(-1)[0]) >= least
    counts["danger" if one.turn.danger else "no danger"] += 1
    counts["danger found"] += danger and one.turn.danger is not None
    counts["false alarms"] += danger and one.turn.danger is None
    if not one.turn.whole:
        return
    points = {place for place in range(one.context.shown) if said["points"][place] > 0}
    beyond = (bool(said["beyond"][0] > 0), bool(said["beyond"][1] > 0))
    if one.turn.points or one.turn.none or one.turn.other:
        counts["pointing"] += 1
        counts["points"] += points == one.turn.points and beyond == (one.turn.none, one.turn.other)
    tags = said["slot_tags"].argmax(-1).tolist()[: one.context.message]
    told, found = set(one.slots), set(runs_of(tags))
    counts["slots right"] += len(told & found)
    counts["slots told"] += len(told)
    counts["slots said"] += len(found)
