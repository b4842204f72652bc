"""The whole way from pretrained weights to the model folder; each stage is kept and not repeated."""

from __future__ import annotations

import hashlib
import logging
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Tokenizer

from nlu import modelfiles
from nlu.encoder import Encoder
from nlu.errors import ModelDamaged
from nlu.evaluation import Report, Row, evaluate
from nlu.training import calibrate, card, data, export, fit, lessons, network, vocabulary, weights
from nlu.training.batches import readable
from nlu.training.data import Example
from nlu.training.teacher import Teacher, learn_from
from nlu.understander import TransformerUnderstander

LAYERS = (0, 2, 4, 6, 8, 11)
"""Kept of the pretrained twelve: first, last and every second between."""
LESSONS_AN_EPOCH = 8_000
"""Lessons repeated in every pass over our own messages."""
REVIEWS = 3_000
INSULTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that a build learns from and measures itself on."""

    train: list[Example]
    development: list[Example]
    lessons: list[Example]
    real: list[Example]
    """Messages of other shops' customers, to measure on alone."""


def gather(public: Path | None, seed: int) -> Material:
    """Our corpus, and the public sets where their folder is given.

    Raises:
        DataRefused: a file has unknown labels or cannot be read.
    """
    ours = [example for language in ("zh", "en") for example in data.own_corpus(language)]
    made = [example for language in ("zh", "en") for example in data.from_templates(language, seed)]
    train = [*ours, *made, *data.offensive_corpus(), *data.unreadable(seed)]
    development = [example for language in ("zh", "en") for example in data.held_out(language, "dev")]
    real: list[Example] = []
    if public is not None:
        mapped, held_back = data.public_intents(public, seed)
        train += [*mapped, *data.reviews(public, REVIEWS), *data.insults(public, INSULTS)]
        development += [*held_back, *data.insults(public, 600, "dev.tsv")]
        real, _ = data.public_tests(public)
    return Material(train=train, development=development, lessons=lessons.lessons(public, seed), real=real)


def build(
    out: Path, work: Path, public: Path | None, plan: fit.Plan, console: Console, *, distil: bool = True
) -> None:
    """Make a model in `out`; `work` keeps the stages, so that a build that was cut off goes on.

    Raises:
        DataRefused: a data file cannot be used.
        ModelDamaged: the pretrained weights are missing, or `out` holds something that is no model.
    """
    _quiet()
    _refuse_what_is_no_model(out)
    torch.manual_seed(plan.seed)
    material = gather(public, plan.seed)
    stages = stages_of(work, material.lessons, plan, distil=distil)
    console.print(f"{len(material.train)} messages to learn from, {len(material.lessons)} lessons before")
    with _progress(console) as progress:
        reader, tokenizer, teacher = _prepared(stages, material, plan, progress, distil=distil)

        def epoch_of(rng: random.Random) -> list[Example]:
            again = fit.lessons_of_an_epoch(material.lessons, rng, LESSONS_AN_EPOCH) if public else []
            return fit.varied(material.train, rng) + again

        def train(part: fit.Part) -> None:
            kept = stages / f"fit-{data.digest(material.train)}-{part.seed}-{part.epochs}.pt"
            fit.fit(reader, tokenizer, teacher, epoch_of, part, progress, kept)

        _mean_of_trainings(reader, fit.own_parts(plan), train)
    _assemble(out, reader, tokenizer, material, plan, console)


def _refuse_what_is_no_model(out: Path) -> None:
    """A build replaces the folder: nothing but a model may be lost that way."""
    if out.exists() and any(out.iterdir()) and not (out / "manifest.json").exists():
        raise ModelDamaged(f"{out} is there and holds no model: name an empty folder, or the model's own.")


def stages_of(work: Path, before: Sequence[Example], plan: fit.Plan, *, distil: bool = True) -> Path:
    """Where a build keeps its stages: another seed, other lessons `before` or another plan have another place."""
    content = f"{data.digest(before)} {plan.seed} {plan.lesson_epochs} {distil}"
    folder = work / f"lessons-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _quiet() -> None:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    torch.set_num_threads(2)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, refresh_per_second=1)


def _prepared(
    stages: Path, material: Material, plan: fit.Plan, progress: Progress, *, distil: bool
) -> tuple[network.Reader, Tokenizer, Teacher]:
    """The cut encoder, through its lessons unless that was declined, and the teacher of all messages."""
    pretrained = weights.read(weights.find())
    texts = [readable(example.text) for example in material.lessons]
    rows_file, tokenizer_file = stages / "rows.npy", stages / "tokenizer.json"
    if not rows_file.exists():
        cut = vocabulary.cut(pretrained.pieces, texts)
        cut.tokenizer.save(str(tokenizer_file), pretty=False)
        np.save(rows_file, np.array(cut.rows))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    encoder = network.build_encoder(pretrained, np.load(rows_file).tolist(), LAYERS)
    reader = network.Reader(encoder, lessons.tasks(material.lessons))
    if not distil:
        return reader, tokenizer, Teacher.of_nothing(pretrained.sizes.hidden)
    # A text's vector is the same in every build.
    teacher = learn_from(stages.parent, pretrained, texts, progress)
    _taught(reader, tokenizer, teacher, stages, material, plan, progress)
    return reader, tokenizer, teacher


def _taught(
    reader: network.Reader,
    tokenizer: Tokenizer,
    teacher: Teacher,
    stages: Path,
    material: Material,
    plan: fit.Plan,
    progress: Progress,
) -> None:
    finished = stages / "lessons-learned.pt"
    if finished.exists():
        reader.load_state_dict(torch.load(finished, weights_only=True))
        return
    epoch_of = partial(fit.lessons_of_an_epoch, material.lessons)
    fit.fit(reader, tokenizer, teacher, epoch_of, fit.lesson_part(plan), progress, stages / "lessons.pt")
    torch.save(reader.state_dict(), finished)


def _mean_of_trainings(
    reader: network.Reader, parts: Sequence[fit.Part], train: Callable[[fit.Part], None]
) -> None:
    """Train from the same start with other dice and take the mean of the weights.

    It reads better than either (Wortsman et al. 2022, Model soups) and costs nothing when it reads.
    """
    start = {name: value.clone() for name, value in reader.state_dict().items()}
    total = {name: torch.zeros_like(value, dtype=torch.float64) for name, value in start.items()}
    for part in parts:
        reader.load_state_dict(start)
        train(part)
        for name, value in reader.state_dict().items():
            total[name] += value
    reader.load_state_dict({name: value / len(parts) for name, value in total.items()})


def _assemble(
    out: Path,
    reader: network.Reader,
    tokenizer: Tokenizer,
    material: Material,
    plan: fit.Plan,
    console: Console,
) -> None:
    """Export beside the old folder and swap, so that a build that fails leaves the model in use alone."""
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    console.print("exporting and calibrating")
    tokenizer.enable_truncation(vocabulary.LONGEST)
    export.export(reader.encoder, fresh / "encoder.onnx")
    tokenizer.save(str(fresh / "tokenizer.json"), pretty=False)
    encoder = Encoder(fresh / "encoder.onnx", fresh / "tokenizer.json")
    heads = calibrate.calibrate(reader, encoder, material.train, material.development, plan.seed)
    heads.save(fresh / "heads.npz")
    facts: dict[str, object] = {
        "data": data.digest(material.train),
        "development": data.digest(material.development),
        "seed": plan.seed,
        "layers": list(LAYERS),
        "pieces": tokenizer.get_vocab_size(),
    }
    modelfiles.seal(fresh, facts)
    reports = _measure(fresh, material)
    text = card.write(fresh, material.train, material.lessons, len(LAYERS), facts, reports)
    (fresh / "card.md").write_text(text, encoding="utf-8")
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    console.print(f"the model is in {out}")


def _measure(folder: Path, material: Material) -> dict[str, Report]:
    """Figures for the card: the held-out test messages, and the real ones that training left out."""
    understander = TransformerUnderstander(folder)
    sets = {f"held out, {language}": data.held_out(language, "test") for language in ("zh", "en")}
    sets["JDDC, mapped"] = material.real
    return {name: evaluate(understander, _rows(examples)) for name, examples in sets.items() if examples}


def _rows(examples: Sequence[Example]) -> list[Row]:
    return [
        Row(text=example.text, intent=(example.intents or ("",))[0], sentiment=example.sentiment or "")
        for example in examples
    ]
