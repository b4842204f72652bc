"""The network in training: the encoder, and linear heads on the mean of its token vectors."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

from nlu.intents import INTENTS, SENTIMENTS
from nlu.workshop.training.pretrained import Pretrained

BATCH = 64
"""Messages."""
HEAD_SIZES = {"intent": len(INTENTS), "sentiment": len(SENTIMENTS), "urgent": 1, "offensive": 1}
POSITIONS = 128
"""Rows kept of the position embedding; the tokenizer cuts at fewer tokens."""
_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def build_encoder(pretrained: Pretrained, rows: Sequence[int], layers: Sequence[int]) -> BertModel:
    """The pretrained encoder with the given rows of its vocabulary and the given layers."""
    sizes = pretrained.sizes
    config = BertConfig(
        vocab_size=len(rows),
        hidden_size=sizes.hidden,
        num_hidden_layers=len(layers),
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=POSITIONS,
        type_vocab_size=1,
        layer_norm_eps=sizes.layer_norm_epsilon,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(_state(pretrained, rows, layers), strict=False)
    return model


def _state(pretrained: Pretrained, rows: Sequence[int], layers: Sequence[int]) -> dict[str, torch.Tensor]:
    hidden = pretrained.sizes.hidden
    tensors = {name: torch.from_numpy(values.copy()) for name, values in pretrained.tensors.items()}
    state = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].view(-1, hidden)[list(rows)],
        "embeddings.position_embeddings.weight": tensors["emb.pos"].view(-1, hidden)[:POSITIONS],
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].view(-1, hidden)[:1],
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for target, source in enumerate(layers):
        for short, name in _NAMES.items():
            bias = tensors[f"l{source}.{short}.b"]
            weight = tensors[f"l{source}.{short}.w"]
            is_matrix = not short.endswith("ln")
            prefix = f"encoder.layer.{target}.{name}"
            state[f"{prefix}.weight"] = weight.view(bias.numel(), -1) if is_matrix else weight
            state[f"{prefix}.bias"] = bias
    return state


def mean_vectors(encoder: BertModel, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the token vectors, shape (batch, hidden)."""
    states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    weights = mask.unsqueeze(-1).to(states.dtype)
    pooled: torch.Tensor = (states * weights).sum(1) / weights.sum(1)
    return pooled


class Reader(nn.Module):
    """Encoder and heads; one pass, all answers."""

    centre: torch.Tensor
    spread: torch.Tensor

    def __init__(self, encoder: BertModel, tasks: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        hidden = encoder.config.hidden_size
        # Pretrained sentence vectors lie in a narrow cone; centred and scaled they are ten times easier to learn from.
        self.register_buffer("centre", torch.zeros(hidden))
        self.register_buffer("spread", torch.ones(hidden))
        self.heads = nn.ModuleDict({name: nn.Linear(hidden, size) for name, size in HEAD_SIZES.items()})
        self.tasks = dict(tasks or {})
        self.task_heads = nn.ModuleDict({name: nn.Linear(hidden, len(of)) for name, of in self.tasks.items()})

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Sentence vectors as they are and as the heads read them, shape (batch, hidden) each."""
        pooled = mean_vectors(self.encoder, ids, mask)
        return pooled, self.dropout((pooled - self.centre) / self.spread)

    def follow(self, pooled: torch.Tensor, pace: float) -> None:
        """Move centre and spread a little towards those of a batch."""
        self.centre = torch.lerp(self.centre, pooled.detach().mean(0), pace)
        self.spread = torch.lerp(self.spread, pooled.detach().std(0).clamp_min(1e-3), pace)

    def standardise(self, vectors: torch.Tensor) -> None:
        """Take centre and spread from pooled vectors, shape (texts, hidden)."""
        self.centre.copy_(vectors.mean(0))
        self.spread.copy_(vectors.std(0).clamp_min(1e-3))

    def folded(self, head: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of a head for pooled vectors as they come from the encoder."""
        linear = self.heads[head]
        assert isinstance(linear, nn.Linear)  # noqa: S101 - made so above
        weight = linear.weight.detach() / self.spread
        return weight, linear.bias.detach() - weight @ self.centre


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
