"""The trained finder as arrays, and the trained reader of answers as ONNX with 8-bit weights."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from kernel.arrays import Floats32
from nlu.workshop.passages.network import FEATURES, HIDDEN, AnswerReader, Finder

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
    both = {0: "rows", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        # The newer exporter needs a package of its own; of a graph as plain as this both make the same.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                reader, example, str(whole), input_names=list(GIVEN), output_names=list(SAID),
                dynamic_axes={
                    **dict.fromkeys(("vectors", "mask", "kinds", "match", "ends"), both),
                    "features": {0: "rows"}, "said": {0: "rows"},
                },
                opset_version=17, dynamo=False,
            )  # fmt: skip
        quantize_dynamic(str(whole), str(path), weight_type=QuantType.QInt8, per_channel=True)
