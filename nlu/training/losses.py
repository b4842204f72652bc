"""What training makes small: each over those messages of a batch whose answer is known."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from nlu.intents import INTENTS, SENTIMENTS
from nlu.training.data import Example
from nlu.training.network import Reader
from nlu.training.teacher import Teacher


def answers(reader: Reader, read: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
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


def foreign_labels(reader: Reader, read: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
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


def likeness(pooled: torch.Tensor, teacher: Teacher, texts: Sequence[str]) -> torch.Tensor:
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
