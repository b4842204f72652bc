"""The trained context model as ONNX with 8-bit weights."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from nlu.context.inputs import FEATURES
from nlu.workshop.dialogues.network import ContextNetwork, Sizes
from nlu.workshop.training.small_export import export_small

GIVEN = ("vectors", "kinds", "places", "features", "asked", "tasks", "alone")
SAID = ("acts", "danger", "wishes", "beyond", "points", "slot_tags", "wish_tags", "wish_of_tokens")


class _One(nn.Module):
    """The network for one message, of which nothing is padding."""

    def __init__(self, network: ContextNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        given = dict(zip(GIVEN, values, strict=True))
        given["mask"] = torch.ones_like(given["vectors"][:, :, 0])
        said = self.network(given)
        return tuple(said[name] for name in SAID)


def export(network: ContextNetwork, sizes: Sizes, path: Path) -> None:
    """Write the network: arrays named as in `GIVEN` in, logits named as in `SAID` out, of one message."""
    network.eval()
    axes = {
        "vectors": {1: "n"}, "kinds": {1: "n"}, "places": {1: "n"}, "features": {1: "things"},
        "points": {1: "shown"}, "slot_tags": {1: "n"}, "wish_tags": {1: "n"}, "wish_of_tokens": {1: "n"},
    }  # fmt: skip
    export_small(_One(network), _example(sizes), path, given=GIVEN, said=SAID, axes=axes)


def _example(sizes: Sizes) -> tuple[torch.Tensor, ...]:
    tokens, things = 5, 3
    numbers = torch.tensor([[0, 0, 1, 1, 2]])
    return (
        torch.zeros(1, tokens, sizes.hidden), numbers, numbers, torch.zeros(1, things, FEATURES),
        torch.zeros(1, 3, dtype=torch.int64), torch.zeros(1, 2 * sizes.tasks), torch.zeros(1, sizes.intents),
    )  # fmt: skip
