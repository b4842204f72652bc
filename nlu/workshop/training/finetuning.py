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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import BertModel

from kernel.arrays import Floats32
from kernel.console import Progress
from nlu.encoder import inner_layers
from nlu.heads import Heads
from nlu.intents import INTENTS
from nlu.normalise import encoder_text
from nlu.workshop.adaptation import HeadInputs, LabelledInputs
from nlu.workshop.classifier import Classifier, Predict, Predictions, log_softmax, predictions, weighed
from nlu.workshop.datasets import Example
from nlu.workshop.labelled import Labelled
from nlu.workshop.layered_encoder import LayeredEncoder
from nlu.workshop.training.calibration import calibrated
from nlu.workshop.training.export import activation_ranges, export, restore
from nlu.workshop.training.network import BATCH, batches, mean_vectors
from nlu.workshop.training.optimising import Optimiser

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
MIXTURE = np.array([0.9, 0.35])
"""Weights of the fine-tuned encoder's answer and of that of the character n-grams."""
SHOP_PASSES = 3
SHOP_REPEATED = 3
"""Times that a message of the shop is seen in one pass."""
LIKENESS = 1.0
"""Weight of keeping the vectors of everything else where they were, for the heads that are not trained here."""


class _LayeredNet(nn.Module):
    """The encoder with a linear head on the mean token vectors of the layers that `LayeredEncoder` shows."""

    centre: torch.Tensor
    spread: torch.Tensor

    def __init__(self, encoder: BertModel, layers: Sequence[int], frozen: Classifier) -> None:
        super().__init__()
        self.encoder = encoder
        self._layers = tuple(layers)
        model = frozen.by_vector
        parts = (model.centre, model.spread, model.linear.weight, model.linear.bias)
        centre, spread, weight, bias = (torch.from_numpy(part.copy()) for part in parts)
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

    def folded(self) -> tuple[Floats32, Floats32]:
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
) -> Predict:
    """Train the encoder of a model folder on labelled messages that `frozen` was fitted on.

    The n-grams of the frozen classifier have a say beside it.
    """
    torch.manual_seed(seed)
    stored = model / "encoder.onnx"
    encoder = restore(stored)
    shown = [int(name.rpartition("_")[2]) for name in inner_layers(stored.read_bytes())]
    net = _LayeredNet(encoder, [encoder.config.num_hidden_layers, *shown], frozen)
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    numbers = {label: number for number, label in enumerate(frozen.labels)}
    wanted = torch.tensor([numbers[label] for label in labels])

    def loss(group: list[int], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(net(ids, mask), wanted[group], label_smoothing=SMOOTHING)

    passes = min(MOST, max(FEWEST, math.ceil(SEEN / len(texts))))
    prepared = [encoder_text(text) for text in texts]
    began = {name: weights.detach().clone() for name, weights in net.named_parameters()}
    train(net, tokenizer, prepared, loss, passes=passes, seed=seed, progress=progress)
    with torch.no_grad():
        for name, weights in net.named_parameters():
            weights.copy_(torch.lerp(began[name], weights, WAY))
    with tempfile.TemporaryDirectory() as folder:
        _write(encoder, tokenizer, prepared, model, Path(folder), progress)
        trained = LayeredEncoder(Path(folder))
    weight, bias = net.folded()

    def predict(texts: Sequence[str]) -> Predictions:
        by_vector = log_softmax(trained.vectors(texts) @ weight.T + bias)
        by_ngrams = frozen.by_ngrams.log_probabilities(texts)
        return predictions(frozen.labels, weighed([by_vector, by_ngrams], MIXTURE))

    return predict


def _write(
    encoder: BertModel, tokenizer: Tokenizer, texts: Sequence[str], base: Path, to: Path, progress: Progress
) -> None:
    """Export the encoder to a folder, beside the tokenizer of the model that it comes from."""
    progress("exporting", 0.0)
    export(encoder, to / "encoder.onnx", activation_ranges(encoder, tokenizer, texts))
    shutil.copy(base / "tokenizer.json", to)
    progress("exporting", 1.0)


def train(
    net: Any,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    loss_of: Callable[[list[int], torch.Tensor, torch.Tensor], torch.Tensor],
    *,
    passes: int,
    seed: int,
    progress: Progress,
    encoder_rate: float = ENCODER_RATE,
    head_rate: float = HEAD_RATE,
    what: str = "training the encoder",
) -> None:
    """Train a network that holds an encoder as `encoder`; `loss_of` is given rows with their ids and mask."""
    steps = passes * math.ceil(len(texts) / BATCH)
    optimiser = Optimiser(net, steps=steps, encoder_rate=encoder_rate, head_rate=head_rate)
    net.train()
    done = 0
    for number in range(passes):
        for group, ids, mask in batches(tokenizer, texts, random.Random(f"{seed}/{number}")):
            optimiser.step(loss_of(group, ids, mask))
            done += 1
            progress(what, done / steps)
    optimiser.finish()
    net.train(False)


def finetune_model(
    base: Path,
    fresh: Path,
    heads: Heads,
    rows: Sequence[Labelled],
    seen: HeadInputs,
    replayed: Sequence[Example],
    kept: HeadInputs,
    *,
    seed: int,
    progress: Progress,
) -> Heads:
    """Write encoder and tokenizer of a model trained on a shop's messages into `fresh`; return its heads.

    Args:
        base: the model folder trained on.
        fresh: a folder.
        heads: fitted to the shop's messages on the frozen encoder.
        rows: the shop's messages.
        seen: the same, by the frozen encoder.
        replayed: messages of the corpus.
        kept: the same, by the frozen encoder.
        seed: of the order and the dropout.
        progress: told what is done.
    """
    torch.manual_seed(seed)
    encoder = restore(base / "encoder.onnx")
    head = nn.Linear(heads.intent_weight.shape[1], heads.intent_weight.shape[0])
    weight, bias = (torch.from_numpy(part.copy()) for part in (heads.intent_weight, heads.intent_bias))
    head.load_state_dict({"weight": weight, "bias": bias})
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    texts = [encoder_text(row.text) for row in rows] * SHOP_REPEATED
    own = len(texts)
    texts += [encoder_text(example.text) for example in replayed]
    former = np.concatenate([np.tile(seen.vectors, (SHOP_REPEATED, 1)), kept.vectors])
    spelling = np.concatenate([np.tile(seen.ngram_logits, (SHOP_REPEATED, 1)), kept.ngram_logits])
    spelling = np.pad(spelling, ((0, 0), (0, len(heads.intents) - spelling.shape[1])))
    told = np.zeros((own, len(heads.intents)), np.float32)
    told[np.arange(own), [heads.intents.index(row.label) for row in rows] * SHOP_REPEATED] = 1.0
    answers = np.exp(log_softmax(kept.logits(heads)))
    shares = torch.from_numpy(np.concatenate([told, answers]).astype(np.float32))
    places = torch.from_numpy(former.astype(np.float32))
    said = torch.from_numpy(spelling.astype(np.float32))
    spread = places.std(0).clamp_min(1e-3)

    def loss(group: list[int], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        pooled = mean_vectors(encoder, ids, mask)
        away = (((pooled - places[group]) / spread) ** 2).mean(1)
        elsewhere = torch.tensor([float(i >= own) for i in group])
        ranked = functional.cross_entropy(head(pooled) + said[group], shares[group])
        whole: torch.Tensor = ranked + LIKENESS * (away * elsewhere).mean()
        return whole

    net = nn.ModuleDict({"encoder": encoder, "head": head})
    train(net, tokenizer, texts, loss, passes=SHOP_PASSES, seed=seed, progress=progress)
    _write(encoder, tokenizer, texts, base, fresh, progress)
    learned = [part.detach().numpy().copy() for part in (head.weight, head.bias)]
    return replace(heads, intent_weight=learned[0], intent_bias=learned[1])


def refitted(heads: Heads, shop: LabelledInputs, known: HeadInputs, measured: Sequence[Example]) -> Heads:
    """The heads with everything fitted anew that the trained encoder has moved: the shop's centres and probabilities.

    What is outside the scope stays as the build has learned it, from hundreds of such messages: fitted anew on the
    dozen of the development set it turned away a fifth of what had just been taught, and told the rest no better.

    Args:
        heads: as they were trained with the encoder.
        shop: the shop's messages, by the trained encoder.
        known: the development messages, by the trained encoder.
        measured: the same, with their labels.
    """
    heads = replace(heads, centres=_centres(heads, shop))
    built_in = len(INTENTS)
    if heads.intents[:built_in] != INTENTS:
        return heads  # a model of another list of intents: its probabilities stay what they were
    # The build's own step; it knows the built-in intents alone, whose slope serves the shop's as well.
    ours = replace(
        heads,
        intents=INTENTS,
        intent_weight=heads.intent_weight[:built_in],
        intent_bias=heads.intent_bias[:built_in],
    )
    ours = calibrated(ours, measured, known.vectors)
    return replace(heads, intent_slope=ours.intent_slope, intent_offset=ours.intent_offset)


def _centres(heads: Heads, shop: LabelledInputs) -> Floats32:
    """The shop's own intents have theirs at the end, in the order of the intents."""
    own = [name for name in heads.intents if name not in INTENTS]
    centres = heads.centres.copy()
    for place, name in enumerate(own, start=len(centres) - len(own)):
        messages = shop.seen.vectors[shop.labels == name]
        if len(messages):
            centres[place] = (messages.mean(0) - heads.mean) @ heads.whitening
    return centres
