"""Steps of training: AdamW with a schedule, in mixed precision where the processor is faster at it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import BertModel

from kernel.files import replacing
from nlu.workshop.training.parallel import ALONE, Share

ROUNDS = 5
PAYS = 0.8
"""Fewer digits must save a fifth of the time."""
_ROWS, _WIDTH = 256, 384
"""A quarter of a batch of short messages, and the encoder's states."""


@cache
def fastest_precision() -> torch.dtype:
    """bfloat16 where a layer learns clearly faster in it than in float32, else float32.

    Measured, since every make of processor says it in its own way: with instructions for bfloat16 a layer takes a
    fraction of the time, and without them, where it is imitated, ten to fifty times as long.
    """
    best = dict.fromkeys((torch.float32, torch.bfloat16), float("inf"))
    for _ in range(ROUNDS):
        best = {precision: min(seconds, _seconds(precision)) for precision, seconds in best.items()}
    return torch.bfloat16 if best[torch.bfloat16] < PAYS * best[torch.float32] else torch.float32


def _seconds(precision: torch.dtype) -> float:
    """Of one layer, forward and backward."""
    states = torch.ones(_ROWS, _WIDTH, dtype=precision, requires_grad=True)
    weight = torch.ones(_WIDTH, _WIDTH, dtype=precision, requires_grad=True)
    began = time.perf_counter()
    torch.autograd.backward(torch.nn.functional.linear(states, weight).sum())
    return time.perf_counter() - began


class MixedPrecision:
    """An encoder that computes with copies of the float32 weights that an optimiser changes.

    Source: Micikevicius et al. 2018, Mixed precision training.
    """

    def __init__(self, encoder: BertModel, precision: torch.dtype | None = None) -> None:
        """Take the weights over; `precision` of the copies is the one that is fastest here, unless given."""
        self._encoder = encoder
        self._kept = {name: tensor.detach().clone() for name, tensor in encoder.state_dict().items()}
        learned = {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
        self.exact = {name: self._kept[name] for name in sorted(learned)}
        for tensor in self.exact.values():
            tensor.grad = torch.zeros_like(tensor)
        nn.Module.to(encoder, precision or fastest_precision())
        parameters = dict(encoder.named_parameters())
        self._copies: list[torch.Tensor] = [parameters[name] for name in self.exact]

    def take_gradients(self) -> None:
        """Bring the gradients of the copies over, and clear those."""
        wanted = [tensor.grad for tensor in self.exact.values()]
        found = [torch.zeros_like(copy) if copy.grad is None else copy.grad for copy in self._copies]
        torch._foreach_copy_(wanted, found)
        for copy in self._copies:
            copy.grad = None

    def copy_weights(self) -> None:
        """Bring what the optimiser made of the weights to the copies."""
        with torch.no_grad():
            torch._foreach_copy_(self._copies, list(self.exact.values()))

    def restore(self) -> None:
        """Make the encoder a float32 one again."""
        nn.Module.to(self._encoder, torch.float32)
        self._encoder.load_state_dict(self._kept)


class Optimiser:
    """Trains a network that holds the encoder as `encoder`; the rate warms up, then falls to nought."""

    def __init__(
        self, net: Any, *, steps: int, encoder_rate: float, head_rate: float, warm_up: int = 10
    ) -> None:
        """Prepare `steps` steps, the first one in `warm_up` of which warm up."""
        encoder: BertModel = net.encoder
        # Words that no message holds must stay where they are, beside their like.
        encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        encoder.set_attn_implementation("eager")
        heads = [parameter for name, parameter in net.named_parameters() if not name.startswith("encoder.")]
        self._mixed = MixedPrecision(encoder)
        self._learned = [*self._mixed.exact.values(), *heads]
        groups = [
            {"params": list(self._mixed.exact.values()), "lr": encoder_rate},
            {"params": heads, "lr": head_rate},
        ]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
        warm = max(1, steps // warm_up)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda step: min(step / warm, max(0.0, (steps - step) / max(1, steps - warm)))
        )

    def step(self, loss: torch.Tensor, share: Share = ALONE, shared: Sequence[torch.Tensor] = ()) -> None:
        """Learn from a loss; of several processes all learn from the mean, and of `shared` tensors keep the mean."""
        self._optimiser.zero_grad(set_to_none=False)
        torch.autograd.backward(loss)
        self._mixed.take_gradients()
        for tensor in self._learned:
            if tensor.grad is None:  # a batch may say nothing of a head
                tensor.grad = torch.zeros_like(tensor)
        share.average([*(tensor.grad for tensor in self._learned if tensor.grad is not None), *shared])
        torch.nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimiser.step()
        self._mixed.copy_weights()
        self._schedule.step()

    def finish(self) -> None:
        """Make the encoder a float32 one again."""
        self._mixed.restore()

    def state(self) -> dict[str, Any]:
        """What `resume` needs to go on from here."""
        return {
            "encoder": {name: value.detach() for name, value in self._mixed.exact.items()},
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        for name, tensor in self._mixed.exact.items():
            tensor.detach().copy_(state["encoder"][name])
        self._mixed.copy_weights()
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])


def save(value: object, path: Path) -> None:
    """Tensors as a file, whole or not at all."""
    with replacing(path) as fresh:
        torch.save(value, fresh)
