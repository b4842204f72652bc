"""The context model in training: a small transformer over the encoder's vectors of a message and of what is around it.

The encoder itself is not changed: what it reads in a message by itself stays as it is, and its vectors can be kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from nlu.context.inputs import ASKING, FEATURES, THINGS

_HEADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large the model and its answers are."""

    hidden: int
    """Numbers of the encoder's vectors."""
    intents: int
    """That the encoder's own heads know."""
    tasks: int
    asked_for: int
    acts: int
    dangers: int
    """Without none."""
    wishes: int
    slots: int
    width: int = 192
    layers: int = 2
    dropout: float = 0.15


class _Layer(nn.Module):
    """Attention and two linear steps, each beside what comes in."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.before_attention, self.before_steps = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value, self.attended = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.first, self.second = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor, hidden_from: torch.Tensor) -> torch.Tensor:
        batch, length, width = states.shape
        split = self.query_key_value(self.before_attention(states)).view(batch, length, 3, _HEADS, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(width // _HEADS) + hidden_from
        attended = (self.dropout(scores.softmax(-1)) @ value).transpose(1, 2).reshape(batch, length, width)
        states = states + self.dropout(self.attended(attended))
        steps = self.second(nn.functional.gelu(self.first(self.before_steps(states))))
        after: torch.Tensor = states + self.dropout(steps)
        return after


class ContextNetwork(nn.Module):
    """Vectors of a message and of its conversation in, logits of all answers out."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, hidden = sizes.width, sizes.hidden
        self.token, self.thing = nn.Linear(hidden, width), nn.Linear(hidden, width)
        self.scaled_token, self.scaled_thing = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.alone = nn.Linear(sizes.intents, width)
        self.kind = nn.Embedding(len(ASKING), width)
        self.task = nn.Embedding(sizes.tasks + 1, width)
        self.slot = nn.Embedding(sizes.asked_for + 1, width)
        self.open = nn.Linear(2 * sizes.tasks, width)
        self.thing_kind = nn.Embedding(len(THINGS), width)
        self.features = nn.Linear(FEATURES, width, bias=False)
        self.layers = nn.ModuleList(_Layer(width, sizes.dropout) for _ in range(sizes.layers))
        self.scaled, self.dropout = nn.LayerNorm(width), nn.Dropout(sizes.dropout)
        self.message_heads = nn.ModuleDict(
            {
                name: nn.Linear(width, size)
                for name, size in (
                    ("acts", sizes.acts), ("danger", sizes.dangers + 1), ("wishes", sizes.wishes), ("beyond", 2)
                )
            }
        )  # fmt: skip
        self.thing_head = nn.Linear(width, 1)
        self.token_heads = nn.ModuleDict(
            {
                name: nn.Linear(width, size)
                for name, size in (
                    ("slot_tags", 2 * sizes.slots + 1), ("wish_tags", 3), ("wish_of_tokens", sizes.wishes)
                )
            }
        )  # fmt: skip

    def forward(self, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Logits by name.

        Args:
            given: tokens (b, t, d), token_mask (b, t), pooled (b, d), alone (b, intents), asked (b, 3),
                tasks (b, 2 · tasks), things (b, n, d), kinds (b, n), features (b, n, f), thing_mask (b, n).
        """
        message = self.thing(self.scaled_thing(given["pooled"])) + self.alone(given["alone"])
        kind, task, slot = given["asked"].unbind(1)
        state = self.kind(kind) + self.task(task) + self.slot(slot) + self.open(given["tasks"])
        things = self.thing(self.scaled_thing(given["things"])) + self.thing_kind(given["kinds"])
        things = things + self.features(given["features"])
        tokens = self.token(self.scaled_token(given["tokens"]))
        states = torch.cat([message[:, None], state[:, None], things, tokens], 1)
        both = torch.ones_like(given["asked"][:, :2], dtype=torch.float32)
        mask = torch.cat([both, given["thing_mask"], given["token_mask"]], 1)
        hidden_from = (mask - 1.0)[:, None, None] * 1e4
        for layer in self.layers:
            states = layer(states, hidden_from)
        states = self.dropout(self.scaled(states))
        count = given["things"].shape[1]
        whole, of_things, of_tokens = states[:, 0], states[:, 2 : 2 + count], states[:, 2 + count :]
        return {
            **{name: head(whole) for name, head in self.message_heads.items()},
            "points": self.thing_head(of_things).squeeze(-1),
            **{name: head(of_tokens) for name, head in self.token_heads.items()},
        }
