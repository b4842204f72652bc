"""From turns of conversations to the context model in a model folder, and how well it reads turns kept apart."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from kernel.console import Progress, quiet
from nlu import modelfiles
from nlu.context.reader import Labels
from nlu.encoder import Encoder
from nlu.heads import Heads
from nlu.workshop.datasets import LANGUAGES, own_corpus
from nlu.workshop.dialogues import labels
from nlu.workshop.dialogues.corpus import FOLDER, LabelledTurn, read_turns
from nlu.workshop.dialogues.encoding import EncodedTurn, TurnEncoder, batch_of
from nlu.workshop.dialogues.export import export
from nlu.workshop.dialogues.network import ContextNetwork, Sizes
from nlu.workshop.dialogues.simulation import in_conversations
from nlu.workshop.dialogues.training import Plan, measure, train
from nlu.workshop.training.model_card import put_section

SET_IN = 8_000
"""Single messages of the corpus that are set into conversations."""
APART = 8
"""Every so many turns one is kept apart, by the hash of what was asked and said."""
_HEADING = "## Reading in context"
_IN_CARD = ("acts", "wishes", "pointing", "slots F1", "danger recall")
FALSE_ALARMS = 0.005
"""Share of harmless turns that may be taken for a danger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build came to."""

    turns: int
    apart: int
    shares: dict[str, float]
    """How well turns kept apart are read: `nlu.workshop.dialogues.training.measure`."""


def build(
    folder: Path,
    *,
    corpus: Path = FOLDER,
    more: Sequence[Path] = (),
    plan: Plan | None = None,
    set_in: int = SET_IN,
    progress: Progress = quiet,
) -> Built:
    """Train on the turns of a corpus and put the context model beside the encoder of a model folder.

    Args:
        folder: of the model; its manifest is written anew.
        corpus: `*.jsonl` with turns.
        more: files with further turns, which are all learned from.
        plan: how long to learn.
        set_in: single messages that are set into conversations.
        progress: told what is done and how much of it.

    Raises:
        DataRefused: a file holds something that is no turn.
        ModelDamaged: the folder holds no sound model.
    """
    plan = plan or Plan()
    manifest = modelfiles.check(folder)
    turns = [turn for path in sorted(corpus.glob("*.jsonl")) for turn in read_turns(path)]
    of_corpus = [turn for turn in turns if not is_apart(turn)]
    learned = [*of_corpus, *(turn for path in more for turn in read_turns(path))]
    apart = [turn for turn in turns if is_apart(turn)]
    messages = in_conversations(own_corpus(*LANGUAGES), of_corpus, set_in, random.Random(plan.seed))
    heads = Heads.load(folder / "heads.npz")
    progress("reading the turns", 0.0)
    encoder = TurnEncoder(Encoder(folder / "encoder.onnx", folder / "tokenizer.json"), heads)
    encoded = encoder.encode(learned)
    held = encoder.encode(apart)
    sizes = _sizes(encoded[0], heads)

    def report(share: float, _network: ContextNetwork) -> None:
        progress("learning", share)

    network = train(encoded, encoder.encode(messages), sizes, plan, report)
    network.eval()
    threshold = danger_threshold(network, held)
    export(network, sizes, folder / "context.onnx")
    _labels(heads, threshold).save(folder / "context.json")
    facts = {name: value for name, value in manifest.items() if name not in ("format", "sha256")}
    shares = {name: round(value, 4) for name, value in measure(network, held, threshold).items()}
    modelfiles.write_manifest(folder, {**facts, "context": {"turns": len(learned), "seed": plan.seed}})
    _note_in_card(folder / "card.md", len(learned), len(messages), len(apart), shares)
    return Built(turns=len(learned), apart=len(apart), shares=shares)


def _note_in_card(path: Path, turns: int, messages: int, apart: int, shares: Mapping[str, float]) -> None:
    """Say in the model's card what it learned from and how well it reads, in place of what was said before."""
    said = ", ".join(f"{name} {100 * shares[name]:.1f} %" for name in _IN_CARD)
    text = f"""
`context.onnx`, a transformer of two layers over the encoder's token vectors, learned what messages do in their
conversation from {turns} turns of `nlu/corpus/dialogues` and {messages} single messages of `nlu/corpus`, set into
conversations (Apache-2.0, this project). Of {apart} turns kept apart it reads as labelled: {said}; dangers at
{100 * shares["false alarms"]:.1f} % false alarms.
"""
    put_section(path, _HEADING, text)


def is_apart(turn: LabelledTurn) -> bool:
    """Whether a turn is kept apart to measure on."""
    question = turn.state.question.words if turn.state.question is not None else ""
    return int(hashlib.sha256(f"{question}\n{turn.text}".encode()).hexdigest(), 16) % APART == 0


def _sizes(one: EncodedTurn, heads: Heads) -> Sizes:
    return Sizes(
        hidden=one.context.vectors.shape[1],
        intents=len(heads.intents),
        tasks=len(labels.TASKS),
        asked_for=len(labels.ASKED_FOR),
        acts=len(labels.ACTS),
        dangers=len(labels.DANGERS),
        wishes=len(labels.WISHES),
        slots=len(labels.SLOTS),
    )


def _labels(heads: Heads, threshold: float) -> Labels:
    return Labels(
        intents=heads.intents,
        tasks=labels.TASKS,
        asked_for=labels.ASKED_FOR,
        acts=labels.ACTS,
        dangers=labels.DANGERS,
        wishes=labels.WISHES,
        slots=labels.SLOTS,
        danger_threshold=threshold,
    )


@torch.no_grad()
def danger_threshold(network: ContextNetwork, turns: Sequence[EncodedTurn]) -> float:
    """The least probability of a danger that keeps the false alarms within bounds on these turns."""
    harmless = sorted(
        float(1.0 - network(batch_of([one]).given)["danger"].softmax(-1)[0, 0])
        for one in turns
        if one.turn.danger is None
    )
    if not harmless:
        return 0.5
    allowed = int(len(harmless) * FALSE_ALARMS)
    return round(min(0.95, max(0.2, harmless[-1 - allowed] + 1e-3)), 3)
