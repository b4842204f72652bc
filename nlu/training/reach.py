"""How large the numbers become that the encoder's layers multiply."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import BertModel

from nlu.training.batches import batches

Floats = npt.NDArray[np.float32]
LOOKED_AT = 1_000
"""Texts at most; which numbers are large is the same for all messages."""


def reach(encoder: BertModel, tokenizer: Tokenizer, texts: Sequence[str]) -> dict[str, Floats]:
    """The largest absolute value, over some of the texts, of every number that a layer's feed-forward part is given.

    Args:
        encoder: in float32.
        tokenizer: the encoder's.
        texts: as `readable` gives them.

    Returns:
        By the names of `export`: `layer_1.wide`, shape (hidden,), `layer_1.narrow`, shape (intermediate,), and so on.
    """
    found = {name: torch.zeros(layer.in_features) for name, layer in _products(encoder).items()}
    watches = [
        layer.register_forward_pre_hook(_watching(found, name)) for name, layer in _products(encoder).items()
    ]
    was_training = encoder.training
    encoder.train(False)
    chosen = texts[:: max(1, -(-len(texts) // LOOKED_AT))]
    with torch.inference_mode():
        for _, ids, mask in batches(tokenizer, chosen, random.Random(0)):
            encoder(input_ids=ids, attention_mask=mask)
    encoder.train(was_training)
    for watch in watches:
        watch.remove()
    return {name: values.numpy() for name, values in found.items()}


def _products(encoder: BertModel) -> Mapping[str, nn.Linear]:
    layers: Any = encoder.encoder.layer
    return {
        name: product
        for number, layer in enumerate(layers, start=1)
        for name, product in (
            (f"layer_{number}.wide", layer.intermediate.dense),
            (f"layer_{number}.narrow", layer.output.dense),
        )
    }


def _watching(found: dict[str, torch.Tensor], name: str) -> Callable[[nn.Module, tuple[torch.Tensor]], None]:
    def watch(_: nn.Module, given: tuple[torch.Tensor]) -> None:
        found[name] = torch.maximum(found[name], given[0].abs().flatten(0, -2).amax(0))

    return watch
