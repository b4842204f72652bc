"""PyTorch → ONNX with 8-bit weights."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from transformers import BertModel


class _TokenVectors(nn.Module):
    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states


def export(encoder: BertModel, path: Path) -> None:
    """Write the encoder: `ids` and `mask` (batch, tokens) in, `states` (batch, tokens, hidden) out."""
    encoder.train(False)
    encoder.set_attn_implementation("sdpa")
    ids = torch.ones((2, 9), dtype=torch.int64)
    batch, tokens = torch.export.Dim("batch", min=1, max=512), torch.export.Dim("tokens", min=2, max=127)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        exact = Path(folder) / "exact.onnx"
        program = torch.onnx.export(
            _TokenVectors(encoder),
            (ids, torch.ones_like(ids)),
            input_names=["ids", "mask"],
            output_names=["states"],
            dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}),
            dynamo=True,
            optimize=True,
            verbose=False,
        )
        if program is None:
            raise RuntimeError("PyTorch exported nothing")
        program.save(str(exact))
        _quantise(exact, path)


def _quantise(exact: Path, path: Path) -> None:
    model = onnx.load(str(exact))
    # Shapes recorded for the example would contradict the quantised graph.
    del model.graph.value_info[:]
    onnx.save(model, str(exact))
    quantize_dynamic(
        str(exact),
        str(path),
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        extra_options={"MatMulConstBOnly": True},
    )
