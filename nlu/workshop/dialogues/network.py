"""The context model in training: a small transformer over the encoder's vectors of a message and of what is around it.

The encoder itself is not changed: what it reads in a message by itself stays as it is, and its vectors can be kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from nlu.context.inputs import ASKING, FEATURES, MOST_SHOWN, PIECES

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
    width: int = 256
    layers: int = 2
    dropout: float = 0.2


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
        width = sizes.width
        self.scaled_token, self.token = nn.LayerNorm(sizes.hidden), nn.Linear(sizes.hidden, width)
        self.alone = nn.Linear(sizes.intents, width)
        self.kind = nn.Embedding(len(ASKING), width)
        self.task = nn.Embedding(sizes.tasks + 1, width)
        self.slot = nn.Embedding(sizes.asked_for + 1, width)
        self.open = nn.Linear(2 * sizes.tasks, width)
        self.piece, self.place = nn.Embedding(len(PIECES), width), nn.Embedding(1 + MOST_SHOWN, width)
        self.features = nn.Linear(FEATURES, width, bias=False)
        for names in (self.kind, self.task, self.slot, self.piece, self.place):
            nn.init.normal_(names.weight, std=0.5)
        self.layers = nn.ModuleList(_Layer(width, sizes.dropout) for _ in range(sizes.layers))
        self.scaled, self.dropout = nn.LayerNorm(width), nn.Dropout(sizes.dropout)
        self.message_heads = nn.ModuleDict(
            {
                name: nn.Linear(2 * width, size)
                for name, size in (
                    ("acts", sizes.acts), ("danger", sizes.dangers + 1), ("wishes", sizes.wishes), ("beyond", 2)
                )
            }
        )  # fmt: skip
        self.thing_head = nn.Sequential(
            nn.Linear(2 * width + FEATURES, width), nn.GELU(), nn.Linear(width, 1)
        )
        self.token_heads = nn.ModuleDict(
            {
                name: nn.Linear(width, size)
                for name, size in (
                    ("slot_tags", 2 * sizes.slots + 1), ("wish_tags", 3), ("wish_of_tokens", sizes.wishes)
                )
            }
        )  # fmt: skip

    def forward(self, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Logits by name; those of things in the order of `features`, those of tokens for every token.

        Args:
            given: vectors (b, n, d) and mask, kinds and places of them (b, n), features (b, 1 + shown, f),
                asked (b, 3), tasks (b, 2 · tasks), alone (b, intents).
        """
        kind, task, slot = given["asked"].unbind(1)
        state = self.kind(kind) + self.task(task) + self.slot(slot) + self.open(given["tasks"])
        features, places = self.features(given["features"]), given["places"]
        tokens = (
            self.token(self.scaled_token(given["vectors"])) + self.piece(given["kinds"]) + self.place(places)
        )
        tokens = tokens + features.gather(1, places[..., None].expand(-1, -1, features.shape[-1]))
        states = torch.cat([state[:, None], self.alone(given["alone"])[:, None], tokens], 1)
        both = torch.ones_like(given["asked"][:, :2], dtype=torch.float32)
        hidden_from = (torch.cat([both, given["mask"]], 1) - 1.0)[:, None, None] * 1e4
        for layer in self.layers:
            states = layer(states, hidden_from)
        states = self.dropout(self.scaled(states))
        tokens, mask = states[:, 2:], given["mask"]
        message = _mean(tokens, mask * (given["kinds"] == 0))
        of_place = (places[:, None] == _numbers(features)[None, :, None]) * mask[:, None]
        things = torch.bmm(of_place, tokens) / of_place.sum(2, keepdim=True).clamp_min(1.0)
        whole = torch.cat([states[:, 0], message], 1)
        beside = message[:, None].expand(-1, things.shape[1], -1)
        points = self.thing_head(torch.cat([things, beside, given["features"]], 2)).squeeze(-1)
        return {
            **{name: head(whole) for name, head in self.message_heads.items()},
            "points": points[:, 1:],
            **{name: head(tokens) for name, head in self.token_heads.items()},
        }


def _mean(states: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    mean: torch.Tensor = (states * weights[..., None]).sum(1) / weights.sum(1, keepdim=True)
    return mean


def _numbers(rows: torch.Tensor) -> torch.Tensor:
    """0, 1, … for each of the rows, shape (rows,)."""
    return torch.ones_like(rows[0, :, 0]).cumsum(0) - 1.0
