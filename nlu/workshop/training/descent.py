"""Steps of training for the small networks that go over the encoder's vectors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class Descent:
    """AdamW under rates that rise for a tenth of the steps, then fall."""

    def __init__(self, parts: Sequence[tuple[Sequence[nn.Parameter], float]], steps: int) -> None:
        """Parameters with their highest rate, and how many steps there will be."""
        groups = [(list(part), rate) for part, rate in parts if part]
        self._learned = [parameter for part, _ in groups for parameter in part]
        self._optimiser = torch.optim.AdamW([{"params": part} for part, _ in groups], weight_decay=0.02)
        rates = [rate for _, rate in groups]
        self._pace = torch.optim.lr_scheduler.OneCycleLR(self._optimiser, rates, steps, pct_start=0.1)
        self._steps, self._done = steps, 0

    def step(self, loss: torch.Tensor) -> float:
        """Learn from a loss; the share of the steps that is done."""
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimiser.step()
        self._pace.step()
        self._done += 1
        return self._done / self._steps
