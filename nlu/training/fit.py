"""Distillation from the 12-layer encoder, then joint training of encoder and heads."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertModel

from nlu.intents import INTENTS, SENTIMENTS
from nlu.normalise import model_text, normalise
from nlu.training.augment import augment, is_chinese, join, joinable
from nlu.training.data import Example
from nlu.training.network import Reader, mean_vectors

BATCH = 64
TRAINED_TOKENS = 48
"""Tokens of a message that training looks at; few messages are longer, and those cost the most."""
SHARE_JOINED = 0.12
SHARE_CHANGED = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast to learn."""

    seed: int = 7
    distil_epochs: int = 2
    distil_rate: float = 2e-4
    epochs: int = 10
    rounds: int = 2
    """How often the learning rate comes down to nothing (warm restarts; Loshchilov and Hutter 2017)."""
    encoder_rate: float = 1.2e-4
    head_rate: float = 2e-3


def readable(text: str) -> str:
    """The text as the encoder will meet it when the bot runs."""
    return model_text(normalise(text).text)


def batches(
    tokenizer: Tokenizer, texts: Sequence[str], rng: random.Random
) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
    """Positions, ids and mask of batches of texts of like length, in random order."""
    lengths = [len(text.encode()) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: (lengths[i] + rng.randrange(12), i))
    groups = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    rng.shuffle(groups)
    for group in groups:
        ids, mask = encode(tokenizer, [texts[i] for i in group])
        yield group, ids, mask


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded ids and mask, shape (batch, tokens)."""
    encodings = tokenizer.encode_batch_fast(list(texts))
    ids = torch.tensor([encoding.ids for encoding in encodings])
    return ids, torch.tensor([encoding.attention_mask for encoding in encodings])


def teach(
    teacher: BertModel, tokenizer: Tokenizer, texts: Sequence[str], progress: Progress
) -> npt.NDArray[np.float16]:
    """The teacher's unit vectors, shape (texts, hidden)."""
    teacher.train(False)
    vectors = np.zeros((len(texts), teacher.config.hidden_size), np.float16)
    prefixed = [f"query: {text}" for text in texts]
    task = progress.add_task("teacher's vectors", total=len(texts))
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for group, ids, mask in batches(tokenizer, prefixed, random.Random(0)):
            pooled = functional.normalize(mean_vectors(teacher, ids, mask), dim=1)
            vectors[group] = pooled.numpy().astype(np.float16)
            progress.advance(task, len(group))
    return vectors


def distil(
    student: BertModel,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    vectors: npt.NDArray[np.float16],
    plan: Plan,
    progress: Progress,
) -> None:
    """Bring the student's vectors close to the teacher's, and their similarities within a batch."""
    rng = random.Random(plan.seed)
    steps = math.ceil(len(texts) / BATCH) * plan.distil_epochs
    optimiser = torch.optim.AdamW(student.parameters(), lr=plan.distil_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _warm_then_down(steps))
    centre = torch.from_numpy(vectors.astype(np.float32).mean(0))
    task = progress.add_task("distilling", total=steps)
    student.train()
    for _ in range(plan.distil_epochs):
        for group, ids, mask in batches(tokenizer, texts, rng):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                pooled = mean_vectors(student, ids, mask)
            # e5's vectors lie in a narrow cone: without its axis, what differs counts.
            wanted = functional.normalize(torch.from_numpy(vectors[group].astype(np.float32)) - centre, dim=1)
            got = functional.normalize(functional.normalize(pooled, dim=1) - centre, dim=1)
            alike = functional.mse_loss(got @ got.T, wanted @ wanted.T)
            loss = (1 - (got * wanted).sum(1)).mean() + 2 * alike
            _step(loss, student, optimiser, schedule)
            progress.update(task, advance=1, description=f"distilling, loss {loss.item():.3f}")


def _warm_then_down(steps: int) -> Callable[[int], float]:
    warm = max(1, steps // 12)
    return lambda step: min(step / warm, max(0.0, (steps - step) / max(1, steps - warm)))


def _in_rounds(steps: int, rounds: int) -> Callable[[int], float]:
    length = math.ceil(steps / rounds)
    one = _warm_then_down(length)
    return lambda step: one(step % length)


def _step(
    loss: torch.Tensor,
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
) -> None:
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    schedule.step()


def fit(
    reader: Reader,
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    plan: Plan,
    progress: Progress,
    checkpoint: Path,
) -> None:
    """Train encoder and heads together; goes on from the checkpoint where there is one."""
    own = sum(example.source.startswith("corpus/") for example in examples)
    steps = math.ceil((len(examples) + own) / BATCH) * plan.epochs
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in reader.encoder.parameters() if p.requires_grad], "lr": plan.encoder_rate},
            {"params": reader.heads.parameters(), "lr": plan.head_rate},
        ],
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _in_rounds(steps, plan.rounds))
    # The word vectors have been through distillation; freezing them here halves the optimiser's work.
    reader.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    tokenizer.enable_truncation(TRAINED_TOKENS)
    _standardise(reader, tokenizer, examples)
    first = _resume(checkpoint, reader, optimiser, schedule)
    task = progress.add_task("training", total=steps, completed=first * steps // plan.epochs)
    for epoch in range(first, plan.epochs):
        rng = random.Random(f"{plan.seed}/{epoch}")
        torch.manual_seed(plan.seed * 1000 + epoch)
        seen = varied(examples, rng)
        reader.train()
        for group, ids, mask in batches(tokenizer, [readable(example.text) for example in seen], rng):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                answers = reader(ids, mask)
            loss = losses(answers, [seen[i] for i in group])
            _step(loss, reader, optimiser, schedule)
            progress.update(
                task, advance=1, description=f"training, epoch {epoch + 1}, loss {loss.item():.3f}"
            )
        torch.save(
            {
                "epoch": epoch + 1,
                "reader": reader.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
            },
            checkpoint,
        )
        progress.console.log(f"epoch {epoch + 1} of {plan.epochs} done, last loss {loss.item():.3f}")


def _standardise(reader: Reader, tokenizer: Tokenizer, examples: Sequence[Example]) -> None:
    texts = [readable(example.text) for example in examples[:: max(1, len(examples) // 2_000)]]
    reader.train(False)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        pooled = [
            mean_vectors(reader.encoder, ids, mask)
            for _, ids, mask in batches(tokenizer, texts, random.Random(0))
        ]
    reader.standardise(torch.cat(pooled))


def _resume(
    checkpoint: Path,
    reader: Reader,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
) -> int:
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    reader.load_state_dict(saved["reader"])
    optimiser.load_state_dict(saved["optimiser"])
    schedule.load_state_dict(saved["schedule"])
    return int(saved["epoch"])


def varied(examples: Sequence[Example], rng: random.Random) -> list[Example]:
    """One epoch's messages: all as they are or changed, ours twice, some of ours joined in pairs."""
    partners = joinable(examples)
    seen: list[Example] = []
    for example in examples:
        ours = example.source.startswith("corpus/")
        seen.append(augment(example, rng) if rng.random() < SHARE_CHANGED else example)
        if not ours:
            continue
        others = partners[is_chinese(example.text)]
        if rng.random() < SHARE_JOINED and example in others:
            seen.append(augment(join(example, rng.choice(others), rng), rng))
        else:
            seen.append(augment(example, rng))
    return seen


def losses(answers: dict[str, torch.Tensor], examples: Sequence[Example]) -> torch.Tensor:
    """The sum of the heads' losses, each over the messages whose answer is known."""
    weights = torch.tensor([example.weight for example in examples])
    total = torch.zeros(())
    known = [i for i, example in enumerate(examples) if example.intents is not None]
    if known:
        total = total + _intent_loss(answers["intent"][known], [examples[i] for i in known], weights[known])
    known = [i for i, example in enumerate(examples) if example.sentiment is not None]
    if known:
        wanted = torch.tensor([SENTIMENTS.index(str(examples[i].sentiment)) for i in known])
        loss = functional.cross_entropy(answers["sentiment"][known].float(), wanted, reduction="none")
        total = total + 0.5 * (loss * weights[known]).sum() / len(examples)
    for head, share in (("urgent", 0.5), ("offensive", 0.5)):
        known = [i for i, example in enumerate(examples) if getattr(example, head) is not None]
        if known:
            wanted = torch.tensor([float(getattr(examples[i], head)) for i in known])
            loss = functional.binary_cross_entropy_with_logits(
                answers[head][known, 0].float(), wanted, reduction="none"
            )
            total = total + share * (loss * weights[known]).sum() / len(examples)
    return total


def _shares(wanted: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
    """What softmax should give each intent: the first of several, the main one, counts twice."""
    shares = wanted.clone()
    for row, example in enumerate(examples):
        if example.intents:
            shares[row, INTENTS.index(example.intents[0])] = 2.0
    return shares / shares.sum(1, keepdim=True)


def _intent_loss(logits: torch.Tensor, examples: Sequence[Example], weights: torch.Tensor) -> torch.Tensor:
    """Softmax ranks the intents, a sigmoid each says how many there are; both on the same logits."""
    wanted = torch.zeros(logits.shape)
    for row, example in enumerate(examples):
        for intent in example.intents or ():
            wanted[row, INTENTS.index(intent)] = 1.0
    shares = _shares(wanted, examples)
    smooth = 0.95 * shares + 0.05 / logits.shape[1]
    ranking = functional.cross_entropy(logits.float(), smooth, reduction="none")
    counting = functional.binary_cross_entropy_with_logits(logits.float(), wanted, reduction="none").sum(1)
    return ((ranking + 0.5 * counting) * weights).mean()
