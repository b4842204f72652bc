"""Training the encoder on a shop's messages while it goes on reading everything else as before."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nlu.heads import Floats, Heads
from nlu.intents import INTENTS
from nlu.normalise import readable
from nlu.teaching.adapting import Seen, Taught
from nlu.teaching.finetuning import TOKENS, train
from nlu.teaching.labelled import Labelled
from nlu.teaching.progress import Progress
from nlu.teaching.restoring import restore
from nlu.teaching.views import log_softmax
from nlu.training.data import Example

try:
    import nlu.training  # noqa: F401, I001 - says how threads wait, before they are made
    import torch
    from tokenizers import Tokenizer
    from torch import nn
    from torch.nn import functional
    from transformers import BertModel

    from nlu.training import calibrate
    from nlu.training.export import export
    from nlu.training.network import mean_vectors
    from nlu.training.reach import reach
except ModuleNotFoundError as absent:
    from nlu.errors import TrainingMissing

    raise TrainingMissing(absent) from absent

PASSES = 3
SHOWN_AGAIN = 3
"""Times that a message of the shop is seen in one pass."""
LIKENESS = 1.0
"""Weight of keeping the vectors of everything else where they were, for the heads that are not trained here."""


class _Net(nn.Module):
    """The encoder with the head of the intents on its mean token vector."""

    def __init__(self, encoder: BertModel, heads: Heads) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(heads.intent_weight.shape[1], heads.intent_weight.shape[0])
        weight, bias = (
            torch.from_numpy(heads.intent_weight.copy()),
            torch.from_numpy(heads.intent_bias.copy()),
        )
        self.head.load_state_dict({"weight": weight, "bias": bias})

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mean token vectors, shape (batch, hidden)."""
        return mean_vectors(self.encoder, ids, mask)


def finetune_model(
    base: Path,
    fresh: Path,
    heads: Heads,
    rows: Sequence[Labelled],
    seen: Seen,
    replayed: Sequence[Example],
    kept: Seen,
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
    net = _Net(encoder, heads)
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    texts = [readable(row.text) for row in rows] * SHOWN_AGAIN
    own = len(texts)
    texts += [readable(example.text) for example in replayed]
    former = np.concatenate([np.tile(seen.vectors, (SHOWN_AGAIN, 1)), kept.vectors])
    spelling = np.concatenate([np.tile(seen.spelling, (SHOWN_AGAIN, 1)), kept.spelling])
    spelling = np.pad(spelling, ((0, 0), (0, len(heads.intents) - spelling.shape[1])))
    told = np.zeros((own, len(heads.intents)), np.float32)
    told[np.arange(own), [heads.intents.index(row.label) for row in rows] * SHOWN_AGAIN] = 1.0
    answers = np.exp(log_softmax(kept.logits(heads)))
    shares = torch.from_numpy(np.concatenate([told, answers]).astype(np.float32))
    places = torch.from_numpy(former.astype(np.float32))
    said = torch.from_numpy(spelling.astype(np.float32))
    spread = places.std(0).clamp_min(1e-3)

    def loss(group: list[int], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        pooled = net(ids, mask)
        away = (((pooled - places[group]) / spread) ** 2).mean(1)
        elsewhere = torch.tensor([float(i >= own) for i in group])
        ranked = functional.cross_entropy(net.head(pooled) + said[group], shares[group])
        whole: torch.Tensor = ranked + LIKENESS * (away * elsewhere).mean()
        return whole

    train(net, encoder, tokenizer, texts, loss, passes=PASSES, seed=seed, progress=progress)
    progress("exporting", 0.0)
    export(encoder, fresh / "encoder.onnx", reach(encoder, tokenizer, texts))
    shutil.copy(base / "tokenizer.json", fresh / "tokenizer.json")
    progress("exporting", 1.0)
    return replace(
        heads,
        intent_weight=net.head.weight.detach().numpy().copy(),
        intent_bias=net.head.bias.detach().numpy().copy(),
    )


def refitted(heads: Heads, shop: Taught, known: Seen, measured: Sequence[Example]) -> Heads:
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
    ours = calibrate.calibrated(ours, measured, known.vectors)
    return replace(heads, intent_slope=ours.intent_slope, intent_offset=ours.intent_offset)


def _centres(heads: Heads, shop: Taught) -> Floats:
    """The shop's own intents have theirs at the end, in the order of the intents."""
    own = [name for name in heads.intents if name not in INTENTS]
    centres = heads.centres.copy()
    for place, name in enumerate(own, start=len(centres) - len(own)):
        messages = shop.seen.vectors[shop.labels == name]
        if len(messages):
            centres[place] = (messages.mean(0) - heads.mean) @ heads.whitening
    return centres
