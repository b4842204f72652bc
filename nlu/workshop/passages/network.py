"""The two networks that answer from the shop's pages, both on what the shipped encoder made of texts.

The encoder itself stays as it is. A few thousand questions are too few for layers that begin with nothing: the finder
turns the encoder's vectors, and the reader of answers goes on with a copy of the encoder's last layer, over both texts
at once.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from nlu.pages.model import FEATURES, HEADING, KINDS, TEXT
from nlu.workshop.training.export import HEAD_SIZE, restore

HIDDEN = 384
LAYERS = 3
"""Of the encoder, whose vectors are found by."""
TOKEN_WIDTH, WHOLE_WIDTH = 128, 192
FAR = 1e4
"""What a logit is lowered by that is not to count."""

Placed = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Unit vectors of tokens (b, n, t), what each counts in a question (b, n), unit vectors of the whole (b, w)."""


class Finder(nn.Module):
    """Vectors of questions and of entries that lie together where one answers the other."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.token = nn.Linear(LAYERS * HIDDEN, TOKEN_WIDTH)
        self.whole = nn.Linear(LAYERS * HIDDEN, WHOLE_WIDTH)
        with torch.no_grad():
            for turned in (self.token, self.whole):
                nn.init.zeros_(turned.weight)
                nn.init.zeros_(turned.bias)
                nn.init.orthogonal_(turned.weight[:, :HIDDEN])
        self.counts = nn.Linear(LAYERS * HIDDEN, 2)
        nn.init.zeros_(self.counts.weight)
        self.of_kind = nn.Embedding(KINDS, 2)
        """What a token counts besides, by its kind, in a question and in the whole."""
        nn.init.zeros_(self.of_kind.weight)
        self.shares = nn.Parameter(torch.tensor([math.log(20.0), math.log(5.0), math.log(5.0)]))
        """Logarithms of what likeness by tokens, likeness as a whole and words in common count."""
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor) -> Placed:
        """Where texts lie.

        Args:
            vectors: the encoder's, each layer of unit length, (b, n, LAYERS · d).
            mask: (b, n).
            kinds: (b, n).
        """
        read = self.dropout(vectors)
        tokens = functional.normalize(self.token(read), dim=-1) * mask[..., None]
        hidden = ((mask - 1.0) * FAR)[..., None]
        counts = (self.counts(vectors) + self.of_kind(kinds) + hidden).softmax(1)
        whole = functional.normalize(self.whole((read * counts[..., 1:]).sum(1)), dim=-1)
        return tokens, counts[..., 0], whole

    def likeness(
        self, question: Placed, rows: Placed, rows_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """By tokens and as a whole, (questions, rows) each."""
        near = torch.einsum("qtd,rnd->qrtn", question[0], rows[0])
        near = (near + ((rows_mask - 1.0) * FAR)[None, :, None]).amax(-1)
        return (near * question[1][:, None]).sum(-1), question[2] @ rows[2].T

    def scores(self, by_tokens: torch.Tensor, as_whole: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """How near each row is to each question, (questions, rows)."""
        shares = self.shares.exp()
        return shares[0] * by_tokens + shares[1] * as_whole + shares[2] * words


class AnswerReader(nn.Module):
    """A question and a row read together: how well it answers, and from where to where."""

    def __init__(self, encoder: Path, dropout: float = 0.1) -> None:
        super().__init__()
        layer: Any = restore(encoder).encoder.layer[-1]
        attention = layer.attention.self
        parts = (attention.query, attention.key, attention.value)
        self.reading = nn.Linear(HIDDEN, 3 * HIDDEN)
        with torch.no_grad():
            self.reading.weight.copy_(torch.cat([part.weight for part in parts]))
            self.reading.bias.copy_(torch.cat([part.bias for part in parts]))
        self.attended: nn.Module = layer.attention.output.dense
        self.middle: nn.Module = layer.attention.output.LayerNorm
        self.wide, self.narrow, self.end = (
            layer.intermediate.dense,
            layer.output.dense,
            layer.output.LayerNorm,
        )
        self.kind = nn.Embedding(KINDS, HIDDEN)
        nn.init.normal_(self.kind.weight, std=0.02)
        self.matched = nn.Linear(1, HIDDEN)
        nn.init.normal_(self.matched.weight, std=0.02)
        nn.init.zeros_(self.matched.bias)
        self.scaled_features = nn.BatchNorm1d(FEATURES)
        self.answers = nn.Sequential(
            nn.Linear(3 * HIDDEN + FEATURES, 128), nn.GELU(), nn.Dropout(dropout), nn.Linear(128, 1)
        )
        self.nearness = nn.Linear(FEATURES, 1)
        self.ends = nn.Linear(HIDDEN, 2)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        vectors: torch.Tensor,
        mask: torch.Tensor,
        kinds: torch.Tensor,
        match: torch.Tensor,
        features: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The logit that the row answers (b,), and of each token that the answer begins and ends there (b, n, 2).

        Args:
            vectors: what the encoder's last layer reads, (b, n, d): the question first, then the row.
            mask: (b, n).
            kinds: (b, n).
            match: of each token, the likeness of the likest on the other side, (b, n).
            features: (b, FEATURES).
        """
        states = self._joined(vectors + self.kind(kinds) + self.matched(match[..., None]), mask)
        asks = ((kinds < HEADING).to(states.dtype) * mask)[..., None]
        tells = ((kinds >= HEADING).to(states.dtype) * mask)[..., None]
        question = (states * asks).sum(1) / asks.sum(1).clamp_min(1.0)
        row = (states * tells).sum(1) / tells.sum(1).clamp_min(1.0)
        scaled = self.scaled_features(features)
        said = self.answers(torch.cat([states[:, 0], question, row, scaled], 1)) + self.nearness(scaled)
        outside = ((kinds < TEXT).to(states.dtype) + (1.0 - mask)) * -FAR
        return said.squeeze(-1), self.ends(states) + outside[..., None]

    def _joined(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The encoder's last layer over question and row at once."""
        batch, length, width = states.shape
        heads = width // HEAD_SIZE
        query, key, value = (
            self.reading(states).view(batch, length, 3, heads, HEAD_SIZE).permute(2, 0, 3, 1, 4)
        )
        hidden = ((mask - 1.0) * FAR)[:, None, None].to(query.dtype)
        share = self.dropout.p if self.training else 0.0
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=hidden, dropout_p=share)
        seen = seen.transpose(1, 2).reshape(batch, length, width)
        states = self.middle(states + self.dropout(self.attended(seen)))
        steps = self.narrow(functional.gelu(self.wide(states)))
        after: torch.Tensor = self.end(states + self.dropout(steps))
        return after


def lack(logits: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """How little what is right has of the chances of all rows and a silence that counts 0; the mean.

    Args:
        logits: of each question's rows, (questions, rows).
        right: 1.0 for rows that answer, (questions, rows); where there is none, silence is right.
    """
    said = torch.cat([logits, torch.zeros(len(logits), 1)], 1).log_softmax(-1)
    wanted = torch.cat([right, (right.sum(1, keepdim=True) == 0).float()], 1)
    return -(said + (wanted - 1.0) * FAR).logsumexp(-1).mean()
