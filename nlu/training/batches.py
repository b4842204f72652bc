"""Texts as tensors."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import torch
from tokenizers import Tokenizer

BATCH = 64


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
