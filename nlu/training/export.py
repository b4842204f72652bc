"""PyTorch → ONNX with 8-bit weights, written for the kernels that ONNX Runtime has for exactly this.

An exporter writes attention as some thirty small steps a layer, and quantising afterwards reads the same input three
times for query, key and value. Here each layer is eight nodes: one 8-bit product for all three, one attention, and one
node each for adding and normalising.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from transformers import BertModel

_OPSET = 17
_CONTRIB = "com.microsoft"
_LARGEST = 127
"""Symmetric 8-bit weights: -127 … 127, zero is zero."""

Array = npt.NDArray[np.generic]


def export(encoder: BertModel, path: Path) -> None:
    """Write the encoder: `ids` and `mask` (batch, tokens) in, `states` (batch, tokens, hidden) out."""
    graph = _Graph()
    states = _embeddings(graph, encoder)
    mask = graph.node("Cast", ["mask"], to=TensorProto.INT32)
    for place in range(encoder.config.num_hidden_layers):
        states = _layer(graph, encoder, place, states, mask)
    graph.node("Identity", [states], output="states")
    onnx.save(_model(graph, encoder.config.hidden_size), str(path))


@dataclass(slots=True)
class _Graph:
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def node(self, kind: str, inputs: Sequence[str], *, output: str = "", **settings: Any) -> str:
        """Add a node of standard ONNX; the name of its output."""
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **settings))
        return output

    def contrib(self, kind: str, inputs: Sequence[str], **settings: Any) -> str:
        """Add a node of ONNX Runtime's own; the name of its output."""
        return self.node(kind, inputs, domain=_CONTRIB, **settings)

    def keep(self, values: Array) -> str:
        """Keep weights; their name."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _embeddings(graph: _Graph, encoder: BertModel) -> str:
    parts = encoder.embeddings
    words = _array(parts.word_embeddings.weight)
    # One scale a row, so that a rare word with small numbers keeps its digits.
    codes, scales = _eight_bits(words, axis=1)
    rows = graph.node("Gather", [graph.keep(codes), "ids"])
    steps = graph.node("Gather", [graph.keep(scales[:, None]), "ids"])
    read = graph.node("Mul", [graph.node("Cast", [rows], to=TensorProto.FLOAT), steps])
    # There is one kind of token, so its vector belongs to every position.
    places = _array(parts.position_embeddings.weight) + _array(parts.token_type_embeddings.weight)[:1]
    tokens = graph.node("Shape", ["ids"], start=1, end=2)
    start, axis = graph.keep(np.array([0], np.int64)), graph.keep(np.array([0], np.int64))
    here = graph.node("Slice", [graph.keep(places), start, tokens, axis])
    return _normalise(graph, graph.node("Add", [read, here]), parts.LayerNorm)


def _layer(graph: _Graph, encoder: BertModel, place: int, states: str, mask: str) -> str:
    layer: Any = encoder.encoder.layer[place]
    reading = layer.attention.self
    three = _product(graph, states, [reading.query, reading.key, reading.value])
    heads = encoder.config.num_attention_heads
    split = [f"{part}_{place}" for part in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [three], split, axis=-1))
    seen = graph.contrib("MultiHeadAttention", [*split, "", mask], num_heads=heads)
    attended = _product(graph, seen, [layer.attention.output.dense])
    states = _add_and_normalise(graph, attended, states, layer.attention.output.LayerNorm)
    wide = graph.contrib("Gelu", [_product(graph, states, [layer.intermediate.dense])])
    narrow = _product(graph, wide, [layer.output.dense])
    return _add_and_normalise(graph, narrow, states, layer.output.LayerNorm)


def _product(graph: _Graph, states: str, layers: Sequence[nn.Linear]) -> str:
    """The outputs of linear layers with the same input, side by side."""
    weight = np.concatenate([_array(layer.weight) for layer in layers]).T
    bias = np.concatenate([_array(layer.bias) for layer in layers])
    codes, scales = _eight_bits(weight, axis=0)
    # Symmetric weights need no zero point.
    return graph.contrib(
        "DynamicQuantizeMatMul", [states, graph.keep(codes), graph.keep(scales), "", graph.keep(bias)]
    )


def _add_and_normalise(graph: _Graph, change: str, states: str, norm: nn.LayerNorm) -> str:
    # Two nodes, since the one that does both takes three times as long as they do.
    return _normalise(graph, graph.node("Add", [change, states]), norm)


def _normalise(graph: _Graph, states: str, norm: nn.LayerNorm) -> str:
    inputs = [states, *_scale_and_shift(graph, norm)]
    return graph.node("LayerNormalization", inputs, epsilon=norm.eps, axis=-1)


def _scale_and_shift(graph: _Graph, norm: nn.LayerNorm) -> tuple[str, str]:
    return graph.keep(_array(norm.weight)), graph.keep(_array(norm.bias))


def _eight_bits(weight: npt.NDArray[np.float32], axis: int) -> tuple[Array, npt.NDArray[np.float32]]:
    """Codes, and the step of each row or column: what is summed over `axis` shares one."""
    steps = np.maximum(np.abs(weight).max(axis), np.finfo(np.float32).tiny) / np.float32(_LARGEST)
    codes = np.rint(weight / np.expand_dims(steps, axis)).clip(-_LARGEST, _LARGEST)
    return codes.astype(np.int8), steps.astype(np.float32)


def _array(tensor: torch.Tensor) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = tensor.detach().float().numpy()
    return values


def _model(graph: _Graph, hidden: int) -> onnx.ModelProto:
    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("ids", "mask")]
    outputs = [helper.make_tensor_value_info("states", TensorProto.FLOAT, [*shape, hidden])]
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
    body = helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.weights)
    return helper.make_model(body, opset_imports=opsets, ir_version=8, producer_name="liuke")
