"""PyTorch → ONNX with 8-bit weights, written for the kernels that ONNX Runtime has for exactly this.

An exporter writes attention as some thirty small steps a layer, and quantising afterwards reads the same input three
times for query, key and value. Here one node multiplies by all three in 8 bits and attends, and there is one each for
adding and normalising.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
"""Symmetric 8-bit weights: -127 … 127, zero is zero. Neighbours of one sign add up to 128 at most: processors without
instructions for 8-bit products (VNNI) add two products of 255 times a weight in 16 bits, and cut off
what does not fit."""
_TINY = float(np.finfo(np.float32).tiny)
_EVEN = 2.0
"""A number is made smaller where it reaches further than this many times the median of all …"""
_AT_MOST = 64.0
"""… to this part of it at least."""

Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]


def export(encoder: BertModel, path: Path, reach: Mapping[str, Floats]) -> None:
    """Write the encoder: `ids` and `mask` (batch, tokens) in, `states` (batch, tokens, hidden) out.

    What comes out of the n-th layer is called `after_layer_n`; `nlu.teaching` shows and restores by these names.

    Args:
        encoder: in float32.
        path: of the file.
        reach: what `nlu.training.reach` found on messages like those that the encoder will read.
    """
    graph = _Graph()
    states = _embeddings(graph, encoder)
    mask = graph.node("Cast", ["mask"], to=TensorProto.INT32)
    for place in range(encoder.config.num_hidden_layers):
        states = _layer(graph, encoder, place, states, mask, reach)
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

    def keep(self, name: str, values: Array) -> str:
        """Keep weights; their name."""
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _embeddings(graph: _Graph, encoder: BertModel) -> str:
    parts = encoder.embeddings
    # One scale a row, so that a rare word with small numbers keeps its digits.
    codes, scales = _by_row(_array(parts.word_embeddings.weight))
    rows = graph.node("Gather", [graph.keep("words.codes", codes), "ids"])
    steps = graph.node("Gather", [graph.keep("words.scales", scales[:, None]), "ids"])
    read = graph.node("Mul", [graph.node("Cast", [rows], to=TensorProto.FLOAT), steps])
    # There is one kind of token, so its vector belongs to every position.
    places = _array(parts.position_embeddings.weight) + _array(parts.token_type_embeddings.weight)[:1]
    tokens = graph.node("Shape", ["ids"], start=1, end=2)
    first = graph.keep("first", np.array([0], np.int64))
    here = graph.node("Slice", [graph.keep("places", places), first, tokens, first])
    return _normalised(graph, "start", [read, here], parts.LayerNorm)


def _layer(
    graph: _Graph,
    encoder: BertModel,
    place: int,
    states: str,
    mask: str,
    reach: Mapping[str, Floats],
) -> str:
    layer: Any = encoder.encoder.layer[place]
    reading, name = layer.attention.self, f"layer_{place + 1}"
    three = [reading.query, reading.key, reading.value]
    seen = _attention(graph, f"{name}.reading", states, mask, three, encoder.config.num_attention_heads)
    attended = _product(graph, f"{name}.attended", seen, layer.attention.output.dense)
    states = _normalised(graph, f"{name}.middle", [attended, states], layer.attention.output.LayerNorm)
    wide = _product(graph, f"{name}.wide", states, layer.intermediate.dense, reach[f"{name}.wide"])
    active = graph.contrib("Gelu", [wide])
    narrow = _product(graph, f"{name}.narrow", active, layer.output.dense, reach[f"{name}.narrow"])
    return _normalised(graph, f"{name}.end", [narrow, states], layer.output.LayerNorm, output=f"after_{name}")


def _attention(
    graph: _Graph, name: str, states: str, mask: str, layers: Sequence[nn.Linear], heads: int
) -> str:
    """What each token takes from the others; `layers` are query, key and value, multiplied by in one product."""
    codes, scales, bias = _kept(graph, name, layers)
    eight = [f"{name}.states", f"{name}.step", f"{name}.zero"]
    graph.nodes.append(helper.make_node("DynamicQuantizeLinear", [states], eight))
    inputs = [eight[0], codes, bias, eight[1], scales, mask, eight[2]]
    return graph.contrib("QAttention", inputs, num_heads=heads)


def _product(
    graph: _Graph,
    name: str,
    states: str,
    layer: nn.Linear,
    reach: Floats | None = None,
) -> str:
    excess = None if reach is None else _excess(reach)
    if excess is not None:
        states = graph.node("Mul", [states, graph.keep(f"{name}.even", 1 / excess)])
    codes, scales, bias = _kept(graph, name, [layer], excess)
    # Symmetric weights need no zero point.
    return graph.contrib("DynamicQuantizeMatMul", [states, codes, scales, "", bias])


def _excess(reach: Floats) -> Floats:
    """How many times too far each number reaches, shape (inputs,); 1 for most."""
    usual = max(float(np.median(reach)), _TINY)
    excess: Floats = np.clip(reach.astype(np.float64) / (_EVEN * usual), 1, _AT_MOST).astype(np.float32)
    return excess


def _kept(
    graph: _Graph,
    name: str,
    layers: Sequence[nn.Linear],
    excess: Floats | None = None,
) -> tuple[str, str, str]:
    """Codes, steps and biases of linear layers with the same input, side by side; an `excess` makes weights larger."""
    weight = np.concatenate([_array(layer.weight) for layer in layers]).T
    if excess is not None:
        weight = weight * excess[:, None]
    bias = np.concatenate([_array(layer.bias) for layer in layers])
    codes, scales = _by_column(weight)
    return (
        graph.keep(f"{name}.codes", codes),
        graph.keep(f"{name}.scales", scales),
        graph.keep(f"{name}.bias", bias),
    )


def _normalised(
    graph: _Graph, name: str, parts: Sequence[str], norm: nn.LayerNorm, *, output: str = ""
) -> str:
    """The sum of two, normalised; two nodes, since the one that does both takes twice as long as they do."""
    scale = graph.keep(f"{name}.scale", _array(norm.weight))
    shift = graph.keep(f"{name}.shift", _array(norm.bias))
    inputs = [graph.node("Add", parts), scale, shift]
    return graph.node("LayerNormalization", inputs, output=output, epsilon=norm.eps, axis=-1)


def _by_row(weight: Floats) -> tuple[Array, Floats]:
    """Codes, and the step of each row."""
    steps = _steps(np.abs(weight).max(1))
    return _codes(weight, steps[:, None]), steps


def _by_column(weight: Floats) -> tuple[Array, Floats]:
    """Codes, and the step of each column, for products: what is summed shares one, and neighbours fit together."""
    pairs = [
        (np.maximum(sign * weight, 0)[0::2] + np.maximum(sign * weight, 0)[1::2]).max(0) for sign in (1, -1)
    ]
    steps = _steps(np.maximum(np.abs(weight).max(0), np.maximum(*pairs)))
    return _codes(weight, steps), steps


def _steps(largest: Floats) -> Floats:
    steps: Floats = (np.maximum(largest, _TINY) / _LARGEST).astype(np.float32)
    return steps


def _codes(weight: Floats, steps: Floats) -> Array:
    codes: Array = np.rint(weight / steps).clip(-_LARGEST, _LARGEST).astype(np.int8)
    return codes


def _array(tensor: torch.Tensor) -> Floats:
    values: Floats = tensor.detach().float().numpy()
    return values


def _model(graph: _Graph, hidden: int) -> onnx.ModelProto:
    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("ids", "mask")]
    outputs = [helper.make_tensor_value_info("states", TensorProto.FLOAT, [*shape, hidden])]
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
    body = helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.weights)
    return helper.make_model(body, opset_imports=opsets, ir_version=8, producer_name="liuke")
