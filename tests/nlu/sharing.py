"""A training so small that several processes can go through it in seconds."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from transformers import BertConfig, BertModel

from kernel.console import Progress, quiet
from nlu.errors import DataRefused
from nlu.workshop.datasets import Example
from nlu.workshop.training import fitting, optimising
from nlu.workshop.training.network import BATCH, Reader
from nlu.workshop.training.parallel import Share, run_parallel
from nlu.workshop.training.teacher import Teacher

WORDS = ("where", "parcel", "refund", "cancel", "hello", "order", "size", "late")
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Small:
    """One process's task."""

    share: Share
    folder: Path
    messages: int


def learn_together(folder: Path, count: int, messages: int = 96) -> list[Weights]:
    """What each of so many processes has learned."""
    folder.mkdir()
    tasks = [Small(Share(rank, count), folder, messages) for rank in range(count)]
    files = run_parallel(learn, tasks, quiet)
    return [torch.load(file, weights_only=True) for file in files]


def learn(task: Small, progress: Progress) -> Path:
    """Go twice through the messages; the file of the weights."""
    torch.manual_seed(5)
    sizes = BertConfig(
        vocab_size=len(WORDS) + 2, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    reader = Reader(BertModel(sizes, add_pooling_layer=False))
    reader.dropout = nn.Dropout(0.0)
    examples = [_example(Random(number)) for number in range(task.messages)]
    part = fitting.Part(
        name="small", seed=1, epochs=2, encoder_rate=1e-3, head_rate=1e-2, teacher_weight=0.0, public_label_weight=0.0,
        follows=task.messages % BATCH == 1,
    )  # fmt: skip
    task.share.join(task.folder / "meeting")
    checkpoint = task.folder / "fit.pt"
    # bfloat16 rounds sums of half a batch otherwise than those of a whole one.
    with patch.object(optimising, "fastest_precision", return_value=torch.float32):
        fitting.fit(
            reader,
            _tokenizer(),
            Teacher.of_nothing(16),
            lambda rng: examples,
            part,
            progress,
            checkpoint,
            task.share,
        )
    task.share.leave()
    learned = task.folder / f"learned-{task.share.rank}.pt"
    torch.save(reader.state_dict(), learned)
    return learned


def _example(rng: Random) -> Example:
    words = rng.choices(WORDS, k=4)
    intent = "refund_request" if "refund" in words else "order_status"
    return Example(text=" ".join(words), source="corpus/en", intents=(intent,))


def _tokenizer() -> Tokenizer:
    vocabulary = {word: place for place, word in enumerate(("<pad>", "<unk>", *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_padding()
    return tokenizer


@dataclass(frozen=True, slots=True)
class Waiting:
    """One process's task: to wait for the other one for ever, or to fail."""

    fails: bool


def wait_for_the_other(*fails: bool) -> None:
    """A process for each, of which some fail; says on standard output when one waits."""
    run_parallel(_wait, [Waiting(one) for one in fails], quiet)


def _wait(task: Waiting, progress: Progress) -> None:
    if task.fails:
        raise DataRefused("mine.tsv", ["line 3: no label"])
    os.write(sys.stdout.fileno(), b"waiting\n")
    threading.Event().wait()
