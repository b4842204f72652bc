"""Training in two parts: first the encoder on many messages, then encoder and heads on ours."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn import functional

from kernel.console import Progress
from nlu.intents import INTENTS, SENTIMENTS
from nlu.normalise import encoder_text
from nlu.workshop.datasets import Example
from nlu.workshop.training.augmentation import augment, is_chinese, join, joinable
from nlu.workshop.training.network import BATCH, Reader, batches, mean_vectors
from nlu.workshop.training.optimising import Optimiser, save
from nlu.workshop.training.parallel import ALONE, Share
from nlu.workshop.training.teacher import Teacher

TRAINED_TOKENS = 64
"""Tokens of a message that training looks at; few messages are longer, and those cost the most."""
SHARE_TWICE = 0.6
"""Of our messages, shown a second time in a pass: changed, or joined with another."""
SHARE_JOINED = 0.3
SHARE_CHANGED = 0.7
PRETRAINING_PER_EPOCH = 76_000
"""At most; drawn anew for each pass, so that a pass takes as long however many there are."""
PACE = 0.02
"""How fast centre and spread of the vectors are followed while the encoder still changes much."""

Epoch = Callable[[random.Random], list[Example]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long to learn."""

    seed: int = 7
    pretraining_epochs: int = 3
    """Passes over the pre-training examples: many messages, the teacher's vectors, the public sets' own labels."""
    epochs: int = 2
    """Passes over our own messages and those that were mapped onto our intents, in each of two trainings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How long and how fast one part of the training goes."""

    name: str
    seed: int
    epochs: int
    encoder_rate: float
    head_rate: float
    teacher_weight: float
    """Weight of being like the teacher beside the labels."""
    public_label_weight: float
    """Weight of the public sets' own labels."""
    follows: bool = False
    """Whether centre and spread move along; else they are measured once at the start."""


def pretraining_part(plan: Plan) -> Part:
    """The encoder learns to read as the teacher does, and to tell apart what public sets tell apart."""
    return Part(
        name="pre-training",
        seed=plan.seed,
        epochs=plan.pretraining_epochs,
        encoder_rate=3e-4,
        head_rate=2e-3,
        teacher_weight=4.0,
        public_label_weight=1.0,
        follows=True,
    )


def finetuning_parts(plan: Plan) -> tuple[Part, Part]:
    """Encoder and heads learn our intents; a share of the pre-training examples keeps the rest from being forgotten."""
    first = Part(
        name="training",
        seed=plan.seed + 1,
        epochs=plan.epochs,
        encoder_rate=1.5e-4,
        head_rate=2e-3,
        teacher_weight=1.0,
        public_label_weight=0.7,
    )
    return first, replace(first, name="training again", seed=plan.seed + 2)


def fit(
    reader: Reader,
    tokenizer: Tokenizer,
    teacher: Teacher,
    epoch_of: Epoch,
    part: Part,
    progress: Progress,
    checkpoint: Path,
    share: Share = ALONE,
) -> None:
    """Train encoder and heads together; goes on from the checkpoint where there is one.

    With a share, this process reads its part of every batch, and takes the same steps as those that read the others.
    """
    tokenizer.enable_truncation(TRAINED_TOKENS)
    reader.encoder.set_attn_implementation("eager")
    sample = epoch_of(random.Random(part.seed))
    _standardise(reader, tokenizer, sample)
    steps = math.ceil(len(sample) / BATCH) * part.epochs
    optimiser = Optimiser(
        reader, steps=steps, encoder_rate=part.encoder_rate, head_rate=part.head_rate, warm_up=15
    )
    first = _resume(checkpoint, reader, optimiser)
    step = first * steps // part.epochs
    for epoch in range(first, part.epochs):
        rng = random.Random(f"{part.seed}/{epoch}")
        torch.manual_seed(part.seed * 1000 + epoch + share.rank * 100)
        seen = epoch_of(rng)
        reader.train()
        total = torch.zeros(())
        mine = share.rows()
        for group, ids, mask in batches(tokenizer, [encoder_text(example.text) for example in seen], rng):
            if len(group) < 2 * share.count:
                continue  # one message has no spread, none has no gradient
            loss = _loss(reader, teacher, [seen[i] for i in group[mine]], ids[mine], mask[mine], part)
            optimiser.step(loss, share, [reader.centre, reader.spread])
            total = total.lerp(loss.detach(), 0.02) if total else loss.detach()
            step += 1
            progress(f"{part.name}, epoch {epoch + 1} of {part.epochs}", min(1.0, step / steps))
        if not share.rank:
            rest = {k: v for k, v in reader.state_dict().items() if not k.startswith("encoder.")}
            save({"epoch": epoch + 1, "rest": rest, **optimiser.state()}, checkpoint)
        progress(f"{part.name}, epoch {epoch + 1} done, loss {total:.3f}", min(1.0, step / steps))
    optimiser.finish()


def _loss(
    reader: Reader,
    teacher: Teacher,
    examples: Sequence[Example],
    ids: torch.Tensor,
    mask: torch.Tensor,
    part: Part,
) -> torch.Tensor:
    pooled, read = reader(ids, mask)
    if part.follows:
        reader.follow(pooled, PACE)
    loss = label_loss(reader, read, examples) + part.public_label_weight * public_label_loss(
        reader, read, examples
    )
    # What is written another way still means what it meant: the teacher's vector is that of the clean text.
    clean = [encoder_text(example.original or example.text) for example in examples]
    return loss + part.teacher_weight * teacher_loss(pooled, teacher, clean)


def _standardise(reader: Reader, tokenizer: Tokenizer, examples: Sequence[Example]) -> None:
    texts = [encoder_text(example.text) for example in examples[:: max(1, len(examples) // 1_000)]]
    reader.train(False)
    with torch.inference_mode():
        pooled = [
            mean_vectors(reader.encoder, ids, mask)
            for _, ids, mask in batches(tokenizer, texts, random.Random(0))
        ]
    reader.standardise(torch.cat(pooled))


def _resume(checkpoint: Path, reader: Reader, optimiser: Optimiser) -> int:
    """Go on after the epochs that the checkpoint holds: how many."""
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    reader.load_state_dict(saved["rest"], strict=False)
    optimiser.resume(saved)
    return int(saved["epoch"])


def pretraining_epoch(
    examples: Sequence[Example], rng: random.Random, at_most: int | None = None
) -> list[Example]:
    """The pre-training examples or some of them, a share written another way."""
    chosen = rng.sample(examples, min(at_most, len(examples))) if at_most else examples
    return [augment(example, rng) if rng.random() < SHARE_CHANGED / 2 else example for example in chosen]


def varied(examples: Sequence[Example], rng: random.Random, strength: float = 1.0) -> list[Example]:
    """One epoch's messages: all as they are or changed, most of ours with an intent twice, some joined in pairs.

    With less `strength` than 1 fewer are changed: half as many with half of it.
    """

    def perhaps(example: Example, share: float) -> Example:
        return augment(example, rng) if rng.random() < share * strength else example

    partners = joinable(examples)
    # Looked for in the lists, each message would be compared with all.
    alone = {id(example) for found in partners.values() for example in found}
    seen: list[Example] = []
    for example in examples:
        seen.append(perhaps(example, SHARE_CHANGED))
        if not example.intents or not example.source.startswith("corpus/"):
            continue
        others = partners[is_chinese(example.text)]
        once_more = rng.random()
        if once_more < SHARE_JOINED and id(example) in alone:
            seen.append(perhaps(join(example, rng.choice(others), rng), 1.0))
        elif once_more < SHARE_TWICE:
            seen.append(perhaps(example, 1.0))
    return seen


def label_loss(reader: Reader, read: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
    """The sum of the losses of our own heads; `read` has shape (batch, hidden)."""
    weights = torch.tensor([example.weight for example in examples])
    total = torch.zeros(())
    known = [i for i, example in enumerate(examples) if example.intents is not None]
    if known:
        logits = reader.heads["intent"](read[known])
        loss = _intents(logits, [examples[i] for i in known])
        total = total + (loss * weights[known]).sum() / len(examples)
    known = [i for i, example in enumerate(examples) if example.sentiment is not None]
    if known:
        wanted = torch.tensor([SENTIMENTS.index(str(examples[i].sentiment)) for i in known])
        logits = reader.heads["sentiment"](read[known])
        loss = functional.cross_entropy(logits, wanted, reduction="none", label_smoothing=0.05)
        total = total + 0.5 * (loss * weights[known]).sum() / len(examples)
    for head in ("urgent", "offensive"):
        known = [i for i, example in enumerate(examples) if getattr(example, head) is not None]
        if known:
            wanted = torch.tensor([float(getattr(examples[i], head)) for i in known])
            logits = reader.heads[head](read[known])[:, 0]
            loss = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
            total = total + 0.5 * (loss * weights[known]).sum() / len(examples)
    return total


def public_label_loss(reader: Reader, read: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
    """Cross entropy of the public sets' own labels."""
    total = torch.zeros(())
    for task, labels in reader.tasks.items():
        known = [i for i, example in enumerate(examples) if example.task == task and example.label in labels]
        if known:
            wanted = torch.tensor([labels.index(examples[i].label) for i in known])
            logits = reader.task_heads[task](read[known])
            loss = functional.cross_entropy(logits, wanted, reduction="sum", label_smoothing=0.1)
            total = total + loss / len(examples)
    return total


def teacher_loss(pooled: torch.Tensor, teacher: Teacher, texts: Sequence[str]) -> torch.Tensor:
    """How far the vectors, and their similarities within the batch, are from the teacher's."""
    known, wanted = teacher.rows(texts)
    if len(known) < 2:
        return torch.zeros(())
    got = functional.normalize(functional.normalize(pooled[known], dim=1) - teacher.centre, dim=1)
    alike = functional.mse_loss(got @ got.T, wanted @ wanted.T)
    share: float = len(known) / len(texts)
    return share * ((1 - (got * wanted).sum(1)).mean() + 2 * alike)


def _intents(logits: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
    """Softmax ranks the intents, a sigmoid each says how many there are; both on the same logits."""
    wanted = torch.zeros(logits.shape)
    for row, example in enumerate(examples):
        for intent in example.intents or ():
            wanted[row, INTENTS.index(intent)] = 1.0
    smooth = 0.95 * _shares(wanted, examples) + 0.05 / logits.shape[1]
    ranking = functional.cross_entropy(logits, smooth, reduction="none")
    counting = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1)
    return ranking + 0.5 * counting


def _shares(wanted: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
    """What softmax should give each intent: the first of several, the main one, counts five times."""
    shares = wanted.clone()
    for row, example in enumerate(examples):
        if example.intents:
            shares[row, INTENTS.index(example.intents[0])] = 5.0
    return shares / shares.sum(1, keepdim=True)
