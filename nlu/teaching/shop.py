"""A shop teaches the model: its messages in, a model folder and an honest report out."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from nlu import figures, modelfiles
from nlu.encoder import Encoder
from nlu.heads import Floats, Heads
from nlu.spelling import spell
from nlu.teaching.adapting import Seen, Taught, adapt
from nlu.teaching.classifier import folds
from nlu.teaching.deep import readable
from nlu.teaching.doubts import doubts
from nlu.teaching.labelled import Labelled, check_for_training, read_labelled, without_repeats
from nlu.teaching.progress import Progress, quiet
from nlu.teaching.views import log_softmax
from nlu.training import data
from nlu.training.data import Example

REPLAYED = 60
"""Messages of the corpus an intent, on which the answers should stay."""
FEWEST = 5
"""Messages that a new intent needs."""
FOLDS = 5
MOST_LOST = 0.01
"""Share of the built-in intents' development messages that a taught model may lose."""
DOUBTS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An example that may be mislabelled."""

    line: int
    text: str
    label: str
    likelier: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What came of teaching."""

    messages: int
    data_hash: str
    new_intents: tuple[str, ...]
    accuracy: float
    """Cross-validated, on the shop's messages, among all intents."""
    interval: tuple[float, float]
    """95 % Wilson interval of it."""
    confused: tuple[tuple[str, str, int], ...]
    suspects: tuple[Suspect, ...]
    built_in_before: float
    """Accuracy on the development messages of the built-in intents, of the model taught from."""
    built_in_after: float
    """The same of the taught model. New intents are bounded on these very messages, so it tells above all what moving
    the intents that the shop named has cost; what new ones take from others is in docs/benchmarks.md."""

    @property
    def harms(self) -> bool:
        """Whether the built-in intents lost more than they may."""
        return self.built_in_before - self.built_in_after > MOST_LOST


def teach(
    files: Sequence[Path],
    out: Path,
    base: Path = modelfiles.SHIPPED,
    *,
    finetune: bool = False,
    seed: int = 0,
    progress: Progress = quiet,
) -> Lesson:
    """Learn a shop's messages and write the model folder `out`, whole or not at all.

    Args:
        files: tables with the columns text and label.
        out: where the model goes; must not exist.
        base: the model folder that is taught.
        finetune: train the encoder as well; needs the extra `train`.
        seed: of the folds.
        progress: told what is done.

    Raises:
        DataRefused: a file cannot be used; nothing is written.
        ModelDamaged: the base model cannot be used.
        TrainingMissing: PyTorch is needed and not there.
    """
    manifest = modelfiles.check(base)
    heads = Heads.load(base / "heads.npz")
    rows = _rows(files, heads.intents)
    replayed = _replayed(seed)
    measured = [example for language in ("zh", "en") for example in data.held_out(language, "dev")]
    encoder = Encoder(base / "encoder.onnx", base / "tokenizer.json")
    labels = np.array([row.label for row in rows])
    seen = _seen(heads, encoder, [row.text for row in rows], "reading your messages", progress)
    kept = _seen(heads, encoder, [example.text for example in replayed], "reading the corpus", progress)
    known = _seen(
        heads, encoder, [example.text for example in measured], "reading the development set", progress
    )
    said, classes = _out_of_fold(heads, Taught(seen=seen, labels=labels), kept, known, seed, progress)
    progress("fitting", 0.0)
    taught = adapt(heads, Taught(seen=seen, labels=labels), kept, known)
    before = _accuracy(heads, known, measured)
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        fresh.mkdir(parents=True)
        if finetune:
            from nlu.teaching.shop_finetuning import finetune_model

            taught = finetune_model(
                base, fresh, taught, rows, seen, replayed, kept, seed=seed, progress=progress
            )
            tuned = Encoder(fresh / "encoder.onnx", fresh / "tokenizer.json")
            texts = [example.text for example in measured]
            known = _seen(heads, tuned, texts, "reading the development set anew", progress)
        else:
            for name in ("encoder.onnx", "tokenizer.json"):
                shutil.copy(base / name, fresh / name)
        taught.save(fresh / "heads.npz")
        # What was written is what is measured: heads are kept with fewer digits.
        after = _accuracy(Heads.load(fresh / "heads.npz"), known, measured)
        facts = {name: value for name, value in manifest.items() if name not in ("format", "sha256")}
        modelfiles.seal(fresh, {**facts, "taught": len(rows), "finetuned": finetune})
        fresh.rename(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    progress("fitting", 1.0)
    best = [classes[i] for i in said.argmax(1)]
    right = sum(a == b for a, b in zip(labels.tolist(), best, strict=True))
    return Lesson(
        messages=len(rows),
        data_hash=_digest(rows),
        new_intents=taught.intents[len(heads.intents) :],
        accuracy=right / len(rows),
        interval=figures.wilson(right, len(rows)),
        confused=figures.confusions(labels.tolist(), best),
        suspects=_suspects(rows, labels, said, classes),
        built_in_before=before,
        built_in_after=after,
    )


def lesson_values(lesson: Lesson) -> dict[str, object]:
    """The lesson for JSON, without the shop's messages."""
    values = asdict(lesson)
    values["suspects"] = [
        {name: value for name, value in suspect.items() if name != "text"} for suspect in values["suspects"]
    ]
    return values


def _digest(rows: Sequence[Labelled]) -> str:
    content = "\n".join(f"{row.text}\t{row.label}" for row in rows)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _rows(files: Sequence[Path], known: Sequence[str]) -> list[Labelled]:
    rows = []
    for path in files:
        found = read_labelled(path)
        check_for_training(path, found, known, FEWEST)
        rows.extend(found)
    if len(files) > 1:
        check_for_training(files[-1], rows, known, FEWEST)
    return without_repeats(rows)


def _replayed(seed: int) -> list[Example]:
    ours = [example for language in ("zh", "en") for example in data.own_corpus(language)]
    seen: Counter[str] = Counter()
    chosen = []
    for i in np.random.default_rng(seed).permutation(len(ours)):
        intent = (ours[i].intents or ("",))[0]
        seen[intent] += 1
        if seen[intent] <= REPLAYED:
            chosen.append(ours[i])
    return chosen


def _seen(heads: Heads, encoder: Encoder, texts: Sequence[str], what: str, progress: Progress) -> Seen:
    prepared = [readable(text) for text in texts]
    order = np.argsort([len(text) for text in prepared], kind="stable")
    rows: dict[int, Floats] = {}
    step = 256
    for start in range(0, len(order), step):
        group = order[start : start + step].tolist()
        read = encoder.encode([prepared[i] for i in group])
        rows |= {i: encoded.pooled for i, encoded in zip(group, read, strict=True)}
        progress(what, min(1.0, (start + step) / len(order)))
    return Seen(
        vectors=np.stack([rows[i] for i in range(len(prepared))]),
        spelling=np.stack([heads.spelling(spell(text)) for text in prepared]),
    )


def _out_of_fold(
    heads: Heads, shop: Taught, kept: Seen, unseen: Seen, seed: int, progress: Progress
) -> tuple[Floats, list[str]]:
    """What models that had not seen them say of the shop's messages, shape (n, k), and the k intents."""
    classes = [*heads.intents, *sorted(set(shop.labels.tolist()) - set(heads.intents))]
    parts = folds(shop.labels, FOLDS, seed)
    said = np.zeros((len(parts), len(classes)), np.float32)
    for part in sorted(set(parts.tolist())):
        held = parts == part
        learned = Taught(seen=shop.seen[~held], labels=shop.labels[~held])
        fitted = adapt(heads, learned, kept, unseen) if len(learned.labels) else heads
        columns = [classes.index(name) for name in fitted.intents]
        said[np.ix_(held, columns)] = np.exp(log_softmax(shop.seen[held].logits(fitted)))
        progress("cross-validating", (part + 1) / FOLDS)
    return said, classes


def _accuracy(heads: Heads, seen: Seen, examples: Sequence[Example]) -> float:
    best = seen.logits(heads).argmax(1)
    right = [
        heads.intents[i] == (example.intents or ("",))[0] for i, example in zip(best, examples, strict=True)
    ]
    return float(np.mean(right))


def _suspects(
    rows: Sequence[Labelled], labels: np.ndarray, said: Floats, classes: Sequence[str]
) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(
            line=rows[doubt.row].line,
            text=rows[doubt.row].text,
            label=rows[doubt.row].label,
            likelier=doubt.likelier,
            probability=doubt.probability,
        )
        for doubt in doubts(labels, said, classes)[:DOUBTS_SHOWN]
    )
