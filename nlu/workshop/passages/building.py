"""From shops' pages and questions to the files of a model folder that answer from pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from kernel.console import Progress, quiet
from nlu import modelfiles
from nlu.encoder import Encoder
from nlu.workshop.passages.calibration import calibrated
from nlu.workshop.passages.corpus import FOLDER, PagesOfShop, read_shops
from nlu.workshop.passages.encoding import Texts
from nlu.workshop.passages.export import export_finder, export_reader
from nlu.workshop.passages.network import AnswerReader, Finder
from nlu.workshop.passages.sentences import (
    SentenceChooser,
    choices,
    export_chooser,
    measured,
    train_chooser,
)
from nlu.workshop.passages.training import Plan, place, train_finder, train_reader
from nlu.workshop.training.model_card import put_section

TUNED_ON = frozenset(("plants", "jewellery", "suyan_cosmetics"))
"""Shops that nothing is learned from but where the thresholds lie."""
_HEADING = "## Answers from pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build came to."""

    shops: int
    questions: int
    shares: dict[str, float]
    """Of the questions of the shops apart: found first, right, wrong, answered though nothing does."""


def build(
    folder: Path, *, corpus: Path = FOLDER, plan: Plan | None = None, progress: Progress = quiet
) -> Built:
    """Train on the shops of a corpus and put the result into a model folder, whose manifest is written anew.

    Raises:
        DataRefused: a file of the corpus holds something else.
        ModelDamaged: the folder holds no sound model.
    """
    plan = plan or Plan()
    manifest = modelfiles.check(folder)
    shops = read_shops(corpus)
    learned = [shop for shop in shops if shop.name not in TUNED_ON]
    apart = [shop for shop in shops if shop.name in TUNED_ON]
    texts = Texts(Encoder(folder / "encoder.onnx", folder / "tokenizer.json"))
    finder, reader = _trained(folder, learned, texts, plan, progress)
    facts, shares = calibrated(finder, reader, apart, texts)
    export_finder(finder, facts, folder / "pages.npz")
    export_reader(reader, folder / "answers.onnx")
    shares |= _sentences(folder, learned, apart, texts, plan, progress)
    questions = sum(len(shop.asked) for shop in learned)
    kept = {name: value for name, value in manifest.items() if name not in ("format", "sha256")}
    modelfiles.write_manifest(
        folder, {**kept, "pages": {"shops": len(learned), "questions": questions, "seed": plan.seed}}
    )
    _note_in_card(folder / "card.md", len(learned), questions, len(apart), shares)
    return Built(shops=len(learned), questions=questions, shares=shares)


def _trained(
    folder: Path, shops: Sequence[PagesOfShop], texts: Texts, plan: Plan, progress: Progress
) -> tuple[Finder, AnswerReader]:
    """Two finders learn from half of the shops each, so that the reader sees how they find in shops new to them; the
    one that ships is their mean."""
    halves = shops[::2], shops[1::2]
    finders = []
    for half in halves:
        torch.manual_seed(plan.seed)
        finders.append(Finder())
        train_finder(finders[-1], half, texts, plan, progress)
    placed = [place(finders[1 - number % 2], shop, texts) for number, shop in enumerate(shops)]
    torch.manual_seed(plan.seed)
    reader = AnswerReader(folder / "encoder.onnx")
    train_reader(reader, placed, texts, plan, progress)
    return mean(finders), reader


def _sentences(
    folder: Path,
    learned: Sequence[PagesOfShop],
    apart: Sequence[PagesOfShop],
    texts: Texts,
    plan: Plan,
    progress: Progress,
) -> dict[str, float]:
    """Learn which sentence of an entry answers; how well that goes on the shops apart."""
    torch.manual_seed(plan.seed)
    chooser = SentenceChooser()
    train_chooser(chooser, choices(learned, texts), texts, plan.seed, plan.chooser_passes, progress)
    levels, shares = measured(chooser, choices(apart, texts), texts)
    export_chooser(chooser, levels, folder / "sentences.npz")
    return shares


def mean(finders: Sequence[Finder]) -> Finder:
    """One finder with the mean of the weights of several that began alike."""
    states = [finder.state_dict() for finder in finders]
    both = Finder()
    both.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
    both.eval()
    return both


def _note_in_card(path: Path, shops: int, questions: int, apart: int, shares: dict[str, float]) -> None:
    """Say in the model's card what it learned from and how well it answers."""
    said = ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
    text = f"""
`pages.npz`, `answers.onnx` and `sentences.npz`, over the encoder's token vectors, learned from {questions} questions
on the pages of {shops} invented shops in `nlu/corpus/pages` (Apache-2.0, this project). On {apart} further shops of it,
which chose the thresholds: {said}.
"""
    put_section(path, _HEADING, text)
