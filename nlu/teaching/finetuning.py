"""Training the encoder itself on a table of labelled messages; needs the extra `train`.

It starts where the frozen classifier ended, head and all, so that the vectors are not bent by a head that knows
nothing yet (Kumar et al. 2022, Fine-tuning can distort pretrained features).
"""

from __future__ import annotations

import math
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlu.errors import TrainingMissing
from nlu.teaching.classifier import Answers, Classifier, outside_score, weighed
from nlu.teaching.deep import DeepEncoder, Floats, inner_layers
from nlu.teaching.progress import Progress
from nlu.teaching.views import log_softmax

try:
    import nlu.training  # noqa: F401, I001 - says how threads wait, before they are made
    import torch
    from tokenizers import Tokenizer
    from torch import nn
    from torch.nn import functional
    from transformers import BertModel

    from nlu.teaching.restoring import restore
    from nlu.training.batches import BATCH, batches
    from nlu.normalise import readable
    from nlu.training.export import export
    from nlu.training.halves import Halved
    from nlu.training.reach import reach
except ModuleNotFoundError as absent:
    raise TrainingMissing(absent) from absent

SEEN = 40_000
"""Messages seen in all, as far as FEWEST and MOST passes allow: it bounds the time."""
FEWEST, MOST = 4, 20
ENCODER_RATE = 1e-4
HEAD_RATE = 5e-4
SMOOTHING = 0.05
TOKENS = 64
WAY = 0.8
"""How far the weights go from where training began to where it ended (Wortsman et al. 2022, Robust fine-tuning of
zero-shot models). Messages of MultiDoGO that nothing had met were read best from 0.5 to 0.9 of the way, by half a point
at most and in no order; .8 and .9 were the best beside the n-grams."""
TUNED = np.array([0.9, 0.35])
"""Weights of the tuned encoder's answer and of that of the character n-grams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """An encoder that was trained on, with its head, beside the n-grams of the frozen classifier."""

    frozen: Classifier
    encoder: DeepEncoder
    weight: Floats
    """Shape (k, layers · d), for vectors as they come."""
    bias: Floats

    def read(self, texts: Sequence[str]) -> Answers:
        """What is said of each message."""
        tuned = log_softmax(self.encoder.vectors(texts) @ self.weight.T + self.bias)
        spelt = self.frozen.spelling.log_probabilities(np.array(list(texts), object))
        logits = weighed([tuned, spelt], TUNED)
        return Answers(
            labels=self.frozen.labels,
            probabilities=np.exp(log_softmax(logits)),
            out_of_scope=outside_score(logits, self.frozen.outside),
        )


class _Net(nn.Module):
    """The encoder with a linear head on the mean token vectors of the layers that `DeepEncoder` shows."""

    centre: torch.Tensor
    spread: torch.Tensor

    def __init__(self, encoder: BertModel, layers: Sequence[int], frozen: Classifier) -> None:
        super().__init__()
        self.encoder = encoder
        self._layers = tuple(layers)
        centre, spread, weight, bias = (torch.from_numpy(part.copy()) for part in frozen.meaning.parts)
        self.register_buffer("centre", centre)
        self.register_buffer("spread", spread)
        self.head = nn.Linear(weight.shape[1], weight.shape[0])
        self.head.load_state_dict({"weight": weight, "bias": bias})
        self.dropout = nn.Dropout(0.2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, k)."""
        states = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        share = (mask / mask.sum(1, keepdim=True)).unsqueeze(-1)
        pooled = torch.cat([(states[layer].float() * share).sum(1) for layer in self._layers], dim=1)
        logits: torch.Tensor = self.head(self.dropout((pooled - self.centre) / self.spread))
        return logits

    def folded(self) -> tuple[Floats, Floats]:
        """Weight and bias for vectors as they come from the encoder."""
        weight = self.head.weight.detach() / self.spread
        bias = self.head.bias.detach() - weight @ self.centre
        return weight.numpy(), bias.numpy()


def finetuned(
    frozen: Classifier,
    texts: Sequence[str],
    labels: Sequence[str],
    model: Path,
    *,
    seed: int,
    progress: Progress,
) -> Tuned:
    """Train the encoder of a model folder on labelled messages that `frozen` was fitted on."""
    torch.manual_seed(seed)
    stored = model / "encoder.onnx"
    encoder = restore(stored)
    shown = [int(name.rpartition("_")[2]) for name in inner_layers(stored.read_bytes())]
    net = _Net(encoder, [encoder.config.num_hidden_layers, *shown], frozen)
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    numbers = {label: number for number, label in enumerate(frozen.labels)}
    wanted = torch.tensor([numbers[label] for label in labels])

    def loss(group: list[int], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(net(ids, mask), wanted[group], label_smoothing=SMOOTHING)

    passes = min(MOST, max(FEWEST, math.ceil(SEEN / len(texts))))
    prepared = [readable(text) for text in texts]
    began = {name: weights.detach().clone() for name, weights in net.named_parameters()}
    train(net, net.encoder, tokenizer, prepared, loss, passes=passes, seed=seed, progress=progress)
    _go(net, began, WAY)
    progress("exporting", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        export(encoder, Path(folder) / "encoder.onnx", reach(encoder, tokenizer, prepared))
        shutil.copy(model / "tokenizer.json", folder)
        tuned = DeepEncoder(Path(folder))
    progress("exporting", 1.0)
    weight, bias = net.folded()
    return Tuned(frozen=frozen, encoder=tuned, weight=weight, bias=bias)


def _go(net: nn.Module, began: dict[str, torch.Tensor], way: float) -> None:
    """Put each weight between where it began and where it is, this far along."""
    with torch.no_grad():
        for name, weights in net.named_parameters():
            weights.copy_(torch.lerp(began[name], weights, way))


def train(
    net: nn.Module,
    encoder: BertModel,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    loss_of: Callable[[list[int], torch.Tensor, torch.Tensor], torch.Tensor],
    *,
    passes: int,
    seed: int,
    progress: Progress,
) -> None:
    """Train a network that holds the encoder; `loss_of` is given rows with their ids and mask."""
    steps = passes * math.ceil(len(texts) / BATCH)
    # Words that no message holds must stay where they are beside their like.
    encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    encoder.set_attn_implementation("eager")
    rest = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    halved = Halved(encoder)
    exact = list(halved.exact.values())
    optimiser = torch.optim.AdamW(
        [{"params": exact, "lr": ENCODER_RATE}, {"params": rest, "lr": HEAD_RATE}],
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    net.train()
    done = 0
    for number in range(passes):
        for group, ids, mask in batches(tokenizer, texts, random.Random(f"{seed}/{number}")):
            optimiser.zero_grad(set_to_none=False)
            torch.autograd.backward(loss_of(group, ids, mask))
            halved.take_gradients()
            torch.nn.utils.clip_grad_norm_([*exact, *rest], 1.0)
            optimiser.step()
            halved.give_weights()
            schedule.step()
            done += 1
            progress("training the encoder", done / steps)
    halved.restore()
    net.train(False)


def _rate(step: int, steps: int) -> float:
    warm = max(1, steps // 10)
    return min(step / warm, max(0.0, (steps - step) / max(1, steps - warm)))
