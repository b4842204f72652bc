"""Training in two parts: first the encoder on many messages, then encoder and heads on ours."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from nlu.normalise import readable
from nlu.training import losses
from nlu.training.augment import augment, is_chinese, join, joinable
from nlu.training.batches import BATCH, batches
from nlu.training.data import Example
from nlu.training.halves import Halved
from nlu.training.network import Reader, mean_vectors
from nlu.training.shared import Share
from nlu.training.teacher import Teacher
from nlu.training.telling import Telling

TRAINED_TOKENS = 64
"""Tokens of a message that training looks at; few messages are longer, and those cost the most."""
SHARE_TWICE = 0.6
"""Of our messages, shown a second time in a pass: changed, or joined with another."""
SHARE_JOINED = 0.3
SHARE_CHANGED = 0.7
LESSONS_A_PASS = 76_000
"""At most; drawn anew for each pass, so that a pass takes as long however many there are."""
ALONE = Share()
PACE = 0.02
"""How fast centre and spread of the vectors are followed while the encoder still changes much."""

Epoch = Callable[[random.Random], list[Example]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long to learn."""

    seed: int = 7
    lesson_epochs: int = 3
    """Passes over the lessons: many messages, the teacher's vectors, the public sets' own labels."""
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
    likeness: float
    """Weight of being like the teacher beside the labels."""
    foreign: float
    """Weight of the public sets' own labels."""
    follows: bool = False
    """Whether centre and spread move along; else they are measured once at the start."""


def lesson_part(plan: Plan) -> Part:
    """The encoder learns to read as the teacher does, and to tell apart what public sets tell apart."""
    return Part(
        name="lessons",
        seed=plan.seed,
        epochs=plan.lesson_epochs,
        encoder_rate=3e-4,
        head_rate=2e-3,
        likeness=4.0,
        foreign=1.0,
        follows=True,
    )


def own_parts(plan: Plan) -> tuple[Part, Part]:
    """Encoder and heads learn our intents; a share of the lessons keeps the rest from being forgotten."""
    first = Part(
        name="training",
        seed=plan.seed + 1,
        epochs=plan.epochs,
        encoder_rate=1.5e-4,
        head_rate=2e-3,
        likeness=1.0,
        foreign=0.7,
    )
    return first, replace(first, name="training again", seed=plan.seed + 2)


def fit(
    reader: Reader,
    tokenizer: Tokenizer,
    teacher: Teacher,
    epoch_of: Epoch,
    part: Part,
    told: Telling,
    checkpoint: Path,
    share: Share = ALONE,
) -> None:
    """Train encoder and heads together; goes on from the checkpoint where there is one.

    With a share, this process reads its part of every batch, and takes the same steps as those that read the others.
    """
    tokenizer.enable_truncation(TRAINED_TOKENS)
    # Words that no training message holds must stay where the pretrained encoder has them, beside their like.
    reader.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    reader.encoder.set_attn_implementation("eager")
    sample = epoch_of(random.Random(part.seed))
    _standardise(reader, tokenizer, sample)
    steps = math.ceil(len(sample) / BATCH) * part.epochs
    halved = Halved(reader.encoder)
    optimiser = _optimiser(reader, halved, part)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _warm_then_down(steps))
    first = _resume(checkpoint, reader, halved, optimiser, schedule)
    told.begin(steps, first * steps // part.epochs)
    for epoch in range(first, part.epochs):
        rng = random.Random(f"{part.seed}/{epoch}")
        torch.manual_seed(part.seed * 1000 + epoch + share.rank * 100)
        seen = epoch_of(rng)
        reader.train()
        total = torch.zeros(())
        mine = share.rows()
        for group, ids, mask in batches(tokenizer, [readable(example.text) for example in seen], rng):
            if len(group) < 2 * share.count:
                continue  # one message has no spread, none has no gradient
            loss = _loss(reader, teacher, [seen[i] for i in group[mine]], ids[mine], mask[mine], part)
            _step(loss, reader, halved, optimiser, schedule, share)
            total = total.lerp(loss.detach(), 0.02) if total else loss.detach()
            told.step(f"epoch {epoch + 1}, loss {total:.3f}")
        if not share.rank:
            _keep(checkpoint, epoch + 1, reader, halved, optimiser, schedule)
        told.passed(f"epoch {epoch + 1} of {part.epochs} done, loss {total:.3f}")
    halved.restore()


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
    loss = losses.answers(reader, read, examples) + part.foreign * losses.foreign_labels(
        reader, read, examples
    )
    # What is written another way still means what it meant: the teacher's vector is that of the clean text.
    clean = [readable(example.original or example.text) for example in examples]
    return loss + part.likeness * losses.likeness(pooled, teacher, clean)


def _optimiser(reader: Reader, halved: Halved, part: Part) -> torch.optim.Optimizer:
    heads = [*reader.heads.parameters(), *reader.task_heads.parameters()]
    groups = [
        {"params": list(halved.exact.values()), "lr": part.encoder_rate},
        {"params": heads, "lr": part.head_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)


def _warm_then_down(steps: int) -> Callable[[int], float]:
    warm = max(1, steps // 15)
    return lambda step: min(step / warm, max(0.0, (steps - step) / max(1, steps - warm)))


def _step(
    loss: torch.Tensor,
    reader: Reader,
    halved: Halved,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    share: Share,
) -> None:
    optimiser.zero_grad(set_to_none=False)
    torch.autograd.backward(loss)
    halved.take_gradients()
    share.average([*_gradients(optimiser), reader.centre, reader.spread])
    torch.nn.utils.clip_grad_norm_(_learned(optimiser), 1.0)
    optimiser.step()
    halved.give_weights()
    schedule.step()


def _gradients(optimiser: torch.optim.Optimizer) -> Iterable[torch.Tensor]:
    """Of everything learned, in one order in each process; zero where a batch says nothing of it."""
    for tensor in _learned(optimiser):
        if tensor.grad is None:
            tensor.grad = torch.zeros_like(tensor)
        yield tensor.grad


def _learned(optimiser: torch.optim.Optimizer) -> Iterable[torch.Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def _standardise(reader: Reader, tokenizer: Tokenizer, examples: Sequence[Example]) -> None:
    texts = [readable(example.text) for example in examples[:: max(1, len(examples) // 1_000)]]
    reader.train(False)
    with torch.inference_mode():
        pooled = [
            mean_vectors(reader.encoder, ids, mask)
            for _, ids, mask in batches(tokenizer, texts, random.Random(0))
        ]
    reader.standardise(torch.cat(pooled))


def _keep(
    checkpoint: Path,
    epochs: int,
    reader: Reader,
    halved: Halved,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
) -> None:
    rest = {name: value for name, value in reader.state_dict().items() if not name.startswith("encoder.")}
    state = {"epoch": epochs, "rest": rest, "encoder": {k: v.detach() for k, v in halved.exact.items()}}
    state |= {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}
    fresh = checkpoint.with_suffix(".new")
    torch.save(state, fresh)
    fresh.replace(checkpoint)


def _resume(
    checkpoint: Path,
    reader: Reader,
    halved: Halved,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
) -> int:
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    reader.load_state_dict(saved["rest"], strict=False)
    for name, tensor in halved.exact.items():
        tensor.detach().copy_(saved["encoder"][name])
    halved.give_weights()
    optimiser.load_state_dict(saved["optimiser"])
    schedule.load_state_dict(saved["schedule"])
    return int(saved["epoch"])


def lessons_of_an_epoch(
    examples: Sequence[Example], rng: random.Random, at_most: int | None = None
) -> list[Example]:
    """The lessons or some of them, a share written another way."""
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
