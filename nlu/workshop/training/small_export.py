"""Small networks as ONNX with 8-bit weights, by PyTorch's own exporter."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn


def export_small(
    network: nn.Module,
    example: tuple[torch.Tensor, ...],
    path: Path,
    *,
    given: Sequence[str],
    said: Sequence[str],
    axes: Mapping[str, Mapping[int, str]],
) -> None:
    """Write a network.

    Args:
        network: in evaluation.
        example: what it may be given.
        path: of the file.
        given: names of what goes in.
        said: names of what comes out.
        axes: of those names, the axes that may be of any length, with their names.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        # The newer exporter needs a package of its own; of a graph as plain as this both make the same.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network, example, str(whole), input_names=list(given), output_names=list(said),
                dynamic_axes=axes, opset_version=17, dynamo=False,
            )  # fmt: skip
        quantize_dynamic(str(whole), str(path), weight_type=QuantType.QInt8, per_channel=True)
