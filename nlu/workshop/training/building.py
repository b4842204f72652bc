"""The whole way from pretrained weights to the model folder; each stage is kept and not repeated."""

from __future__ import annotations

import hashlib
import logging
import random
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from kernel.console import Progress, err, quiet
from kernel.files import replacing
from nlu import modelfiles
from nlu.encoder import Encoder
from nlu.errors import ModelDamaged
from nlu.normalise import encoder_text
from nlu.understander import TransformerUnderstander
from nlu.workshop import datasets
from nlu.workshop.datasets import LANGUAGES, Example, held_out
from nlu.workshop.evaluation import Report, Row, evaluate
from nlu.workshop.training import fitting, pretrained
from nlu.workshop.training.calibration import calibrate
from nlu.workshop.training.export import activation_ranges, export
from nlu.workshop.training.fitting import Part, Plan, fit
from nlu.workshop.training.model_card import model_card
from nlu.workshop.training.network import Reader, build_encoder
from nlu.workshop.training.optimising import save
from nlu.workshop.training.parallel import ALONE, Share, cores, run_parallel
from nlu.workshop.training.teacher import Teacher, learn_from
from nlu.workshop.training_data import TrainingData, gather, tasks

LAYERS = (0, 2, 4, 6, 8, 11)
"""Kept of the pretrained twelve: first, last and every second between."""
PRETRAINING_PROCESSES = 2
"""Processes that pre-train together; with more, what each reads of a batch is too little."""
PRETRAINING_REPEATED = 4_000
"""Pre-training examples repeated in every pass over our own messages."""

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Start:
    """What every training begins with."""

    reader: Reader
    tokenizer: Tokenizer
    teacher: Teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One process's part of a training: everything that it needs to do it."""

    part: Part
    plan: Plan
    public: Path | None
    stages: Path
    distil: bool = True
    share: Share = ALONE
    meeting: Path | None = None
    """Where those who share a training meet."""


def build(
    out: Path, work: Path, public: Path | None, plan: Plan, progress: Progress, *, distil: bool = True
) -> None:
    """Make a model in `out`; `work` keeps the stages, so that a build that was cut off goes on.

    Raises:
        DataRefused: a data file cannot be used.
        ModelDamaged: the pretrained weights are missing, or `out` holds something that is no model.
    """
    logging.getLogger("transformers").setLevel(logging.ERROR)
    torch.set_num_threads(2)
    if not out.exists() and _former(out).exists():
        _former(out).rename(out)  # cut off between two renames
    if out.exists() and any(out.iterdir()) and not (out / "manifest.json").exists():
        raise ModelDamaged(f"{out} is there and holds no model: name an empty folder, or the model's own.")
    torch.manual_seed(plan.seed)
    data = gather(public, plan.seed, work)
    stages = stages_of(work, data.pretraining, plan, distil=distil)
    err.print(f"{len(data.train)} messages to train on, {len(data.pretraining)} to pre-train on")
    started = start(stages, data, plan, progress, public=public, distil=distil)
    parts = fitting.finetuning_parts(plan)
    jobs = [_Task(part=part, plan=plan, public=public, stages=stages, distil=distil) for part in parts]
    files = run_parallel(_train, jobs, progress)
    started.reader.load_state_dict(mean([torch.load(file, weights_only=True) for file in files]))
    progress("exporting and calibrating", 1.0)
    _assemble(out, started.reader, started.tokenizer, data, plan)
    err.print(f"the model is in {out}")


def _former(out: Path) -> Path:
    """Where the folder in use lies while another takes its place."""
    return out.with_name(f".{out.name}.old")


def mean(several: Sequence[Weights]) -> Weights:
    """The mean of weights that were trained from the same start with other dice.

    It reads better than either (Wortsman et al. 2022, Model soups) and costs nothing when it reads.
    """
    return {
        name: torch.stack([weights[name].double() for weights in several]).mean(0).to(value.dtype)
        for name, value in several[0].items()
    }


def stages_of(work: Path, before: Sequence[Example], plan: Plan, *, distil: bool = True) -> Path:
    """Where a build keeps its stages: another seed, other examples `before` or another plan have another place."""
    content = f"{datasets.digest(before)} {plan.seed} {plan.pretraining_epochs} {distil}"
    folder = work / f"lessons-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def start(
    stages: Path, data: TrainingData, plan: Plan, progress: Progress, *, public: Path | None, distil: bool
) -> Start:
    """The cut encoder, pre-trained unless that was declined, and the teacher of the messages in pre-training."""
    started = _before_pretraining(stages, data, progress, distil=distil)
    if distil:
        learned = _pretrained(stages, plan, public, progress)
        started.reader.load_state_dict(torch.load(learned, weights_only=True))
    return started


def _before_pretraining(
    stages: Path, data: TrainingData, progress: Progress, *, distil: bool = True
) -> Start:
    weights = pretrained.load()
    texts = [encoder_text(example.text) for example in data.pretraining]
    rows_file, tokenizer_file = stages / "rows.npy", stages / "tokenizer.json"
    if not rows_file.exists():
        tokenizer, rows = pretrained.cut_vocabulary(weights.pieces, texts)
        tokenizer.save(str(tokenizer_file), pretty=False)
        with replacing(rows_file) as fresh:
            np.save(fresh, np.array(rows))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    encoder = build_encoder(weights, np.load(rows_file).tolist(), LAYERS)
    reader = Reader(encoder, tasks(data.pretraining))
    if not distil:
        return Start(reader, tokenizer, Teacher.of_nothing(weights.sizes.hidden))
    # A text's vector is the same in every build.
    return Start(reader, tokenizer, learn_from(stages.parent, weights.sizes.hidden, texts, progress))


def _pretrained(stages: Path, plan: Plan, public: Path | None, progress: Progress) -> Path:
    """Pre-train unless that was done; the file of what was learned."""
    finished = stages / "lessons-learned.pt"
    if finished.exists():
        return finished
    count = min(PRETRAINING_PROCESSES, cores())
    part = fitting.pretraining_part(plan)
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meeting"
        tasks = [
            _Task(
                part=part,
                plan=plan,
                public=public,
                stages=stages,
                share=Share(rank, count),
                meeting=meeting,
            )
            for rank in range(count)
        ]
        return run_parallel(_pretrain, tasks, progress)[0]


def _pretrain(task: _Task, progress: Progress) -> Path:
    data = gather(task.public, task.plan.seed, task.stages.parent)
    # The heads begin at random: at the same in each process.
    torch.manual_seed(task.plan.seed)
    started = _before_pretraining(task.stages, data, quiet)
    if task.meeting is not None:
        task.share.join(task.meeting)
    examples = partial(fitting.pretraining_epoch, data.pretraining, at_most=fitting.PRETRAINING_PER_EPOCH)
    checkpoint, finished = task.stages / "lessons.pt", task.stages / "lessons-learned.pt"
    fit(
        started.reader,
        started.tokenizer,
        started.teacher,
        examples,
        task.part,
        progress,
        checkpoint,
        task.share,
    )
    if not task.share.rank:
        save(started.reader.state_dict(), finished)
    task.share.leave()
    return finished


def _train(task: _Task, progress: Progress) -> Path:
    """Train our own heads; the file of the weights. Each training begins where pre-training ended."""
    data = gather(task.public, task.plan.seed, task.stages.parent)
    key = f"{datasets.digest(data.train)}-{task.part.seed}-{task.part.epochs}"
    finished = task.stages / f"trained-{key}.pt"
    if finished.exists():
        return finished
    # Without pre-training the heads begin at random: at the same in each training, for their mean to be of use.
    torch.manual_seed(task.plan.seed)
    started = start(task.stages, data, task.plan, quiet, public=task.public, distil=task.distil)

    def epoch_of(rng: random.Random) -> list[Example]:
        again = fitting.pretraining_epoch(data.pretraining, rng, PRETRAINING_REPEATED) if task.public else []
        return fitting.varied(data.train, rng) + again

    checkpoint = task.stages / f"fit-{key}.pt"
    fit(started.reader, started.tokenizer, started.teacher, epoch_of, task.part, progress, checkpoint)
    save(started.reader.state_dict(), finished)
    return finished


def _assemble(out: Path, reader: Reader, tokenizer: Tokenizer, data: TrainingData, plan: Plan) -> None:
    """Export beside the old folder and swap, so that a build that fails leaves the model in use alone."""
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    tokenizer.enable_truncation(pretrained.LONGEST)
    texts = [encoder_text(example.text) for example in data.train]
    export(reader.encoder, fresh / "encoder.onnx", activation_ranges(reader.encoder, tokenizer, texts))
    tokenizer.save(str(fresh / "tokenizer.json"), pretty=False)
    encoder = Encoder(fresh / "encoder.onnx", fresh / "tokenizer.json")
    heads = calibrate(reader, encoder, data.train, data.development, data.sentiment, plan.seed)
    heads.save(fresh / "heads.npz")
    facts: dict[str, object] = {
        "data": datasets.digest(data.train),
        "development": datasets.digest(data.development),
        "seed": plan.seed,
        "layers": list(LAYERS),
        "pieces": tokenizer.get_vocab_size(),
    }
    modelfiles.write_manifest(fresh, facts)
    card = model_card(fresh, data, len(LAYERS), facts, _measure(fresh, data))
    (fresh / "card.md").write_text(card, encoding="utf-8")
    old = _former(out)
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _measure(folder: Path, data: TrainingData) -> dict[str, Report]:
    """Figures for the card: the held-out test messages, and the real ones that training left out."""
    understander = TransformerUnderstander(folder)
    sets = {f"held out, {language}": held_out("test", language) for language in LANGUAGES}
    sets["JDDC, mapped"] = data.real
    return {
        name: evaluate(
            understander,
            [Row(text=one.text, intent=one.intent, sentiment=one.sentiment or "") for one in examples],
        )
        for name, examples in sets.items()
        if examples
    }
