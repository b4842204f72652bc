"""The trained finder as arrays, and the trained reader of answers as ONNX with 8-bit weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kernel.arrays import Floats32
from nlu.pages.model import FEATURES
from nlu.workshop.passages.network import HIDDEN, AnswerReader, Finder
from nlu.workshop.training.small_export import export_small

GIVEN = ("vectors", "mask", "kinds", "match", "features")
SAID = ("said", "ends")


def export_finder(finder: Finder, facts: Mapping[str, Floats32 | float], path: Path) -> None:
    """Write the finder's weights in 16 bits, and what was fitted beside them, in 32."""
    arrays = {
        "token_weight": finder.token.weight,
        "token_bias": finder.token.bias,
        "whole_weight": finder.whole.weight,
        "whole_bias": finder.whole.bias,
        "counts_weight": finder.counts.weight,
        "counts_bias": finder.counts.bias,
        "of_kind": finder.of_kind.weight,
        "shares": finder.shares.exp(),
    }
    kept: dict[str, Any] = {
        **{name: values.detach().numpy().astype(np.float16) for name, values in arrays.items()},
        **{name: np.asarray(value, np.float32) for name, value in facts.items()},
    }
    np.savez(path, **kept)


def export_reader(reader: AnswerReader, path: Path) -> None:
    """Write the reader: arrays named as in `GIVEN` in, logits named as in `SAID` out."""
    reader.eval()
    example = (
        torch.zeros(2, 5, HIDDEN), torch.ones(2, 5), torch.tensor([[0, 0, 2, 3, 3]] * 2), torch.zeros(2, 5),
        torch.zeros(2, FEATURES),
    )  # fmt: skip
    axes = {
        **{name: {0: "rows", 1: "tokens"} for name in ("vectors", "mask", "kinds", "match", "ends")},
        **{name: {0: "rows"} for name in ("features", "said")},
    }
    export_small(reader, example, path, given=GIVEN, said=SAID, axes=axes)
