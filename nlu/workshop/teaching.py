"""A shop teaches the model: its messages in, a model folder and an honest report out.

A taught model keeps the messages that it was taught with, and the heads from before the first of them. Every training
begins with those heads and learns all messages, old and new, in one go: so nothing taught earlier is forgotten, nothing
counts double when a file comes again, and whoever judges a message in the cross-validation has truly not seen it.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from kernel.arrays import Floats32, Ints
from kernel.console import Progress, quiet
from kernel.intervals import wilson
from nlu import modelfiles
from nlu.encoder import Encoder, batches_by_length
from nlu.errors import DataRefused
from nlu.heads import Heads, units
from nlu.intents import INTENTS, OUT_OF_SCOPE
from nlu.ngrams import ngrams_of
from nlu.normalise import encoder_text
from nlu.workshop.adaptation import HeadInputs, LabelledInputs, adapt
from nlu.workshop.classifier import Labels, folds, label_doubts, log_softmax
from nlu.workshop.datasets import LANGUAGES, Example, held_out, own_corpus
from nlu.workshop.evaluation import confusions
from nlu.workshop.labelled import (
    TAUGHT_BEFORE,
    Labelled,
    check_for_training,
    read_labelled,
    read_taught,
    settled,
    without_repeats,
    write_taught,
)
from nlu.workshop.training import needs_training

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

    file: str
    """As it was named, or `labelled.TAUGHT_BEFORE`."""
    line: int
    text: str
    label: str
    likelier: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachingResult:
    """What came of teaching."""

    messages: int
    """All that were learned, those of earlier trainings among them."""
    messages_before: int
    """Those of earlier trainings that no file names again."""
    data_hash: str
    new_intents: tuple[str, ...]
    """What the model taught from did not know."""
    own_intents: tuple[str, ...]
    """All that are not built in."""
    lost_intents: tuple[str, ...]
    """What the model taught from knew, and no message names any more."""
    accuracy: float
    """Cross-validated, on the shop's messages, among all intents: of heads on the encoder as it was, even where the
    encoder was trained as well, since that takes too long to be done once more for every fold."""
    finetuned: bool
    """Whether the encoder was trained as well, so that `accuracy` is not of the model that was written."""
    seen_before: bool
    """Whether an earlier training changed the encoder, so that `accuracy` is of messages it has partly seen."""
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
) -> TeachingResult:
    """Learn a shop's messages and write the model folder `out`, whole or not at all.

    Args:
        files: tables with the columns text and label; where they name a message that was taught before, they win.
        out: where the model goes; must not exist.
        base: the model folder that is taught; what it was taught with before is learned again.
        finetune: train the encoder as well; needs the extra `train`.
        seed: of the folds.
        progress: told what is done.

    Raises:
        DataRefused: a file cannot be used; nothing is written.
        ModelDamaged: the base model cannot be used.
        TrainingMissing: PyTorch is needed and not there.
    """
    if finetune:
        with needs_training():
            from nlu.workshop.training.finetuning import finetune_model, refitted
    before = _before(base)
    heads = before.untaught
    rows = _rows(files, before)
    replayed = _replayed(seed)
    measured = held_out("dev", *LANGUAGES)
    texts, examples = [row.text for row in rows], [example.text for example in measured]
    encoder = Encoder(base / "encoder.onnx", base / "tokenizer.json")
    labels = np.array([row.label for row in rows])
    shop = LabelledInputs(seen=_seen(heads, encoder, texts, "reading your messages", progress), labels=labels)
    kept = _seen(heads, encoder, [example.text for example in replayed], "reading the corpus", progress)
    known = _seen(heads, encoder, examples, "reading the development set", progress)
    outside = _outside(shop, kept, replayed)
    parts = folds(labels, FOLDS, seed)[_first_read_alike(texts)]
    said, classes = _out_of_fold(heads, shop, outside, kept, known, parts, progress)
    progress("fitting", 0.0)
    taught = adapt(heads, _joined(shop, outside), kept, known)
    built_in_before = _accuracy(before.heads, known, measured)
    fresh = out.with_name(f".{out.name}.{uuid.uuid4().hex[:12]}")
    try:
        fresh.mkdir(parents=True)
        if finetune:
            taught = finetune_model(
                base, fresh, taught, rows, shop.seen, replayed, kept, seed=seed, progress=progress
            )
            tuned = Encoder(fresh / "encoder.onnx", fresh / "tokenizer.json")
            known = _seen(heads, tuned, examples, "reading the development set anew", progress)
            moved = _seen(heads, tuned, texts, "reading your messages anew", progress)
            taught = refitted(taught, LabelledInputs(seen=moved, labels=labels), known, measured)
        else:
            for name in ("encoder.onnx", "tokenizer.json"):
                shutil.copy(base / name, fresh / name)
            # Heads belong to their encoder: once that was trained, there is no way back to those before.
            heads.save(fresh / modelfiles.UNTAUGHT)
        for name in (*modelfiles.CONTEXT, *modelfiles.PAGES):
            if (base / name).is_file():
                shutil.copy(base / name, fresh / name)
        taught.save(fresh / "heads.npz")
        write_taught(fresh / modelfiles.TAUGHT, rows)
        if list(before.rows) != read_taught(base / modelfiles.TAUGHT):
            gone = ["messages were taken out while they were being learned again: teach once more"]
            raise DataRefused(base / modelfiles.TAUGHT, gone)
        # What was written is what is measured: heads are kept with fewer digits.
        built_in_after = _accuracy(Heads.load(fresh / "heads.npz"), known, measured)
        modelfiles.write_manifest(
            fresh, {**before.facts, "taught": len(rows), "finetuned": finetune or before.tuned}
        )
        fresh.rename(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    progress("fitting", 1.0)
    best = [classes[i] for i in said.argmax(1)]
    right = sum(a == b for a, b in zip(labels.tolist(), best, strict=True))
    return TeachingResult(
        messages=len(rows),
        messages_before=sum(row.file == TAUGHT_BEFORE for row in rows),
        data_hash=_digest(rows),
        new_intents=_beyond(taught.intents, before.heads.intents),
        own_intents=_beyond(taught.intents, INTENTS),
        lost_intents=_beyond(before.heads.intents, taught.intents),
        accuracy=right / len(rows),
        finetuned=finetune,
        seen_before=before.tuned,
        interval=wilson(right, len(rows)),
        confused=confusions(labels.tolist(), best),
        suspects=_suspects(rows, labels, said, classes),
        built_in_before=built_in_before,
        built_in_after=built_in_after,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """The model that is taught."""

    heads: Heads
    """With what it was taught already."""
    untaught: Heads
    """Without; the same where nothing was, where an encoder was trained, or where an older version taught it."""
    rows: tuple[Labelled, ...]
    """What it was taught with."""
    facts: dict[str, object]
    """Of its manifest, for the next one."""

    @property
    def tuned(self) -> bool:
        """Whether its encoder was trained, too."""
        return bool(self.facts.get("finetuned"))


def _before(base: Path) -> _Before:
    manifest = modelfiles.check(base)
    heads, untaught = Heads.load(base / "heads.npz"), base / modelfiles.UNTAUGHT
    return _Before(
        heads=heads,
        untaught=Heads.load(untaught) if untaught.exists() else heads,
        rows=tuple(read_taught(base / modelfiles.TAUGHT)),
        facts={name: value for name, value in manifest.items() if name not in ("format", "sha256")},
    )


def _beyond(intents: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(intent for intent in intents if intent not in known)


def result_values(result: TeachingResult) -> dict[str, object]:
    """The result for JSON, without the shop's messages."""
    values = asdict(result)
    values["suspects"] = [
        {name: value for name, value in suspect.items() if name != "text"} for suspect in values["suspects"]
    ]
    return values


def _digest(rows: Sequence[Labelled]) -> str:
    content = "\n".join(f"{row.text}\t{row.label}" for row in rows)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _rows(files: Sequence[Path], before: _Before) -> list[Labelled]:
    """What is to be learned: what the files say, and of what was taught before whatever they don't say anew."""
    given = settled([row for path in files for row in read_labelled(path)])
    said = {row.kept_key for row in given}
    kept = [row for row in before.rows if row.kept_key not in said]
    known = {*before.untaught.intents, *(row.label for row in kept)}
    check_for_training(" and ".join(map(str, files)), given, known, FEWEST)
    return [*without_repeats(given), *kept]


def _replayed(seed: int) -> list[Example]:
    ours = own_corpus(*LANGUAGES)
    seen: Counter[str] = Counter()
    chosen = []
    for i in np.random.default_rng(seed).permutation(len(ours)):
        intent = ours[i].intent
        seen[intent] += 1
        if seen[intent] <= REPLAYED:
            chosen.append(ours[i])
    return chosen


def _seen(heads: Heads, encoder: Encoder, texts: Sequence[str], what: str, progress: Progress) -> HeadInputs:
    prepared = [encoder_text(text) for text in texts]
    rows: dict[int, Floats32] = {}
    for group in batches_by_length(prepared, 256):
        read = encoder.encode([prepared[i] for i in group])
        rows |= {i: encoded.pooled for i, encoded in zip(group, read, strict=True)}
        progress(what, len(rows) / len(prepared))
    return HeadInputs(
        vectors=np.stack([rows[i] for i in range(len(prepared))]),
        ngram_logits=np.stack([heads.ngram_logits(ngrams_of(text)) for text in prepared]),
    )


def _outside(shop: LabelledInputs, kept: HeadInputs, replayed: Sequence[Example]) -> LabelledInputs:
    """Messages outside the scope to learn beside intents of the shop's own; none where it teaches only ours.

    What a shop teaches may have been outside until now. Unless the class out_of_scope yields there, such a message is
    read rightly and still doesn't count as understood. That class is moved only where messages are labelled so: those
    of the corpus serve, save the half that is most like the shop's, since the shop may know better.
    """
    own = ~np.isin(shop.labels, INTENTS)
    rows = np.array([example.intent == OUT_OF_SCOPE for example in replayed], bool)
    if own.any():
        likeness = (units(kept.vectors) @ units(shop.seen.vectors[own]).T).max(1)
        rows &= likeness <= np.median(likeness[rows]) if rows.any() else False
    else:
        rows[:] = False
    return LabelledInputs(seen=kept[rows], labels=np.full(int(rows.sum()), OUT_OF_SCOPE))


def _joined(shop: LabelledInputs, outside: LabelledInputs) -> LabelledInputs:
    return LabelledInputs(
        seen=HeadInputs(
            vectors=np.concatenate([shop.seen.vectors, outside.seen.vectors]),
            ngram_logits=np.concatenate([shop.seen.ngram_logits, outside.seen.ngram_logits]),
        ),
        labels=np.concatenate([shop.labels, outside.labels]),
        beside=len(outside.labels),
    )


def _first_read_alike(texts: Sequence[str]) -> list[int]:
    """Of each message, the place of the first that reads as it does: others may differ in an order's number alone."""
    first: dict[str, int] = {}
    return [first.setdefault(encoder_text(text), place) for place, text in enumerate(texts)]


def _out_of_fold(
    heads: Heads,
    shop: LabelledInputs,
    outside: LabelledInputs,
    kept: HeadInputs,
    unseen: HeadInputs,
    parts: Ints,
    progress: Progress,
) -> tuple[Floats32, list[str]]:
    """What models that had not seen them say of the shop's messages, shape (n, k), and the k intents.

    Messages of one part, shape (n,), are left out together.
    """
    classes = [*heads.intents, *sorted(set(shop.labels.tolist()) - set(heads.intents))]
    said = np.zeros((len(parts), len(classes)), np.float32)
    for part in sorted(set(parts.tolist())):
        held = parts == part
        learned = LabelledInputs(seen=shop.seen[~held], labels=shop.labels[~held])
        fitted = adapt(heads, _joined(learned, outside), kept, unseen) if len(learned.labels) else heads
        columns = [classes.index(name) for name in fitted.intents]
        said[np.ix_(held, columns)] = np.exp(log_softmax(shop.seen[held].logits(fitted)))
        progress("cross-validating", (part + 1) / FOLDS)
    return said, classes


def _accuracy(heads: Heads, seen: HeadInputs, examples: Sequence[Example]) -> float:
    best = seen.logits(heads).argmax(1)
    return float(
        np.mean([heads.intents[i] == example.intent for i, example in zip(best, examples, strict=True)])
    )


def _suspects(
    rows: Sequence[Labelled], labels: Labels, said: Floats32, classes: Sequence[str]
) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(
            file=rows[doubt.row].file,
            line=rows[doubt.row].line,
            text=rows[doubt.row].text,
            label=rows[doubt.row].label,
            likelier=doubt.likelier,
            probability=doubt.probability,
        )
        for doubt in label_doubts(labels, said, classes)[:DOUBTS_SHOWN]
    )
