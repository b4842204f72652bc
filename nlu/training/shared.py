"""One training by several processes: each reads its part of every batch, all take the same step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import distributed


@dataclass(frozen=True, slots=True)
class Share:
    """The part of one process."""

    rank: int = 0
    count: int = 1

    def join(self, meeting: Path) -> None:
        """Wait for the others; `meeting` is a file that doesn't exist yet."""
        if self.count > 1:
            distributed.init_process_group(
                "gloo", init_method=f"file://{meeting}", rank=self.rank, world_size=self.count
            )

    def leave(self) -> None:
        """Wait for the others and part from them."""
        if self.count > 1:
            distributed.barrier()
            distributed.destroy_process_group()

    def rows(self) -> slice:
        """Which rows of a batch are this process's."""
        return slice(self.rank, None, self.count)

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Make each of the float32 tensors the mean of all processes' in place; the same bits in each process."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors]) / self.count
        distributed.all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))
