"""Computing in bfloat16 while learning in float32 (Micikevicius et al. 2018), where the processor is faster at it."""

from __future__ import annotations

import torch
from torch import nn
from transformers import BertModel

from nlu.training.precision import quickest


class Halved:
    """An encoder that computes with copies of the float32 weights that an optimiser changes."""

    def __init__(self, encoder: BertModel, precision: torch.dtype | None = None) -> None:
        """Take the weights over; `precision` of the copies is the one that is quickest here, unless given."""
        self._encoder = encoder
        self._kept = {name: tensor.detach().clone() for name, tensor in encoder.state_dict().items()}
        learned = {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
        self.exact = {name: self._kept[name] for name in sorted(learned)}
        for tensor in self.exact.values():
            tensor.grad = torch.zeros_like(tensor)
        nn.Module.to(encoder, precision or quickest())
        parameters = dict(encoder.named_parameters())
        self._copies: list[torch.Tensor] = [parameters[name] for name in self.exact]

    def take_gradients(self) -> None:
        """Bring the gradients of the copies over, and clear those."""
        wanted = [tensor.grad for tensor in self.exact.values()]
        found = [torch.zeros_like(copy) if copy.grad is None else copy.grad for copy in self._copies]
        torch._foreach_copy_(wanted, found)
        for copy in self._copies:
            copy.grad = None

    def give_weights(self) -> None:
        """Bring what the optimiser made of the weights to the copies."""
        with torch.no_grad():
            torch._foreach_copy_(self._copies, list(self.exact.values()))

    def restore(self) -> None:
        """Make the encoder a float32 one again."""
        nn.Module.to(self._encoder, torch.float32)
        self._encoder.load_state_dict(self._kept)
