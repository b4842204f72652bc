"""PyTorch → ONNX with 8-bit weights, written for the kernels that ONNX Runtime has for exactly this.

An exporter writes attention as some thirty small steps a layer, and quantising afterwards reads the same input three
times for query, key and value. Here one node multiplies by all three in 8 bits and attends, and there is one each for
adding and normalising.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

from kernel.arrays import Floats32
from nlu.errors import ModelDamaged
from nlu.workshop.training.network import batches

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

HEAD_SIZE = 32
"""Numbers of one attention head, as in the pretrained encoder."""
LOOKED_AT = 1_000
"""Texts at most; which numbers are large is the same for all messages."""

Array = npt.NDArray[np.generic]


def export(encoder: BertModel, path: Path, ranges: Mapping[str, Floats32]) -> None:
    """Write the encoder: `ids` and `mask` (batch, tokens) in, `states` (batch, tokens, hidden) out.

    What comes out of the n-th layer is called `after_layer_n`; `nlu.workshop` shows and restores by these names.

    Args:
        encoder: in float32.
        path: of the file.
        ranges: what `activation_ranges` found on messages like those that the encoder will read.
    """
    onnx.save(_Writer(encoder, ranges).model(), str(path))


class _Writer:
    """The nodes and weights of a graph; a method adds some and gives the name of what comes out of them."""

    def __init__(self, encoder: BertModel, ranges: Mapping[str, Floats32]) -> None:
        self._encoder, self._ranges = encoder, ranges
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def model(self) -> ModelProto:
        """The whole encoder."""
        states = self._embeddings()
        mask = self._node("Cast", ["mask"], to=TensorProto.INT32)
        layers: Any = self._encoder.encoder.layer
        for number, layer in enumerate(layers, start=1):
            states = self._layer(f"layer_{number}", layer, states, mask)
        self._node("Identity", [states], output="states")
        shape = ["batch", "tokens"]
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("ids", "mask")]
        hidden = self._encoder.config.hidden_size
        outputs = [helper.make_tensor_value_info("states", TensorProto.FLOAT, [*shape, hidden])]
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
        body = helper.make_graph(self._nodes, "encoder", inputs, outputs, self._weights)
        return helper.make_model(body, opset_imports=opsets, ir_version=8, producer_name="liuke")

    def _node(self, kind: str, inputs: Sequence[str], *, output: str = "", **settings: Any) -> str:
        output = output or f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **settings))
        return output

    def _keep(self, name: str, values: Array) -> str:
        """Keep weights; their name."""
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _embeddings(self) -> str:
        parts = self._encoder.embeddings
        # One scale a row, so that a rare word with small numbers keeps its digits.
        codes, scales = _by_row(_array(parts.word_embeddings.weight))
        rows = self._node("Gather", [self._keep("words.codes", codes), "ids"])
        steps = self._node("Gather", [self._keep("words.scales", scales[:, None]), "ids"])
        read = self._node("Mul", [self._node("Cast", [rows], to=TensorProto.FLOAT), steps])
        # There is one kind of token, so its vector belongs to every position.
        places = _array(parts.position_embeddings.weight) + _array(parts.token_type_embeddings.weight)[:1]
        tokens = self._node("Shape", ["ids"], start=1, end=2)
        first = self._keep("first", np.array([0], np.int64))
        here = self._node("Slice", [self._keep("places", places), first, tokens, first])
        return self._normalised("start", [read, here], parts.LayerNorm)

    def _layer(self, name: str, layer: Any, states: str, mask: str) -> str:
        reading = layer.attention.self
        seen = self._attention(f"{name}.reading", states, mask, [reading.query, reading.key, reading.value])
        attended = self._product(f"{name}.attended", seen, layer.attention.output.dense)
        states = self._normalised(f"{name}.middle", [attended, states], layer.attention.output.LayerNorm)
        wide = self._product(f"{name}.wide", states, layer.intermediate.dense)
        active = self._node("Gelu", [wide], domain=_CONTRIB)
        narrow = self._product(f"{name}.narrow", active, layer.output.dense)
        return self._normalised(
            f"{name}.end", [narrow, states], layer.output.LayerNorm, output=f"after_{name}"
        )

    def _attention(self, name: str, states: str, mask: str, layers: Sequence[nn.Linear]) -> str:
        """What each token takes from the others; `layers` are query, key and value, multiplied by in one product."""
        codes, scales, bias = self._linear(name, layers)
        eight = [f"{name}.states", f"{name}.step", f"{name}.zero"]
        self._nodes.append(helper.make_node("DynamicQuantizeLinear", [states], eight))
        inputs = [eight[0], codes, bias, eight[1], scales, mask, eight[2]]
        heads = self._encoder.config.num_attention_heads
        return self._node("QAttention", inputs, domain=_CONTRIB, num_heads=heads)

    def _product(self, name: str, states: str, layer: nn.Linear) -> str:
        excess = _excess(self._ranges[name]) if name in self._ranges else None
        if excess is not None:
            states = self._node("Mul", [states, self._keep(f"{name}.even", 1 / excess)])
        codes, scales, bias = self._linear(name, [layer], excess)
        # Symmetric weights need no zero point.
        return self._node("DynamicQuantizeMatMul", [states, codes, scales, "", bias], domain=_CONTRIB)

    def _linear(
        self, name: str, layers: Sequence[nn.Linear], excess: Floats32 | None = None
    ) -> tuple[str, str, str]:
        """Codes, steps and biases of layers with the same input, side by side; an `excess` makes weights larger."""
        weight = np.concatenate([_array(layer.weight) for layer in layers]).T
        if excess is not None:
            weight = weight * excess[:, None]
        bias = np.concatenate([_array(layer.bias) for layer in layers])
        codes, scales = _by_column(weight)
        kept = {"codes": codes, "scales": scales, "bias": bias}
        first, second, third = (self._keep(f"{name}.{part}", values) for part, values in kept.items())
        return first, second, third

    def _normalised(self, name: str, parts: Sequence[str], norm: nn.LayerNorm, *, output: str = "") -> str:
        """The sum of two, normalised; two nodes, since the one that does both takes twice as long as they do."""
        scale = self._keep(f"{name}.scale", _array(norm.weight))
        shift = self._keep(f"{name}.shift", _array(norm.bias))
        inputs = [self._node("Add", parts), scale, shift]
        return self._node("LayerNormalization", inputs, output=output, epsilon=norm.eps, axis=-1)


def _excess(ranges: Floats32) -> Floats32:
    """How many times too far each number reaches, shape (inputs,); 1 for most."""
    usual = max(float(np.median(ranges)), _TINY)
    excess: Floats32 = np.clip(ranges.astype(np.float64) / (_EVEN * usual), 1, _AT_MOST).astype(np.float32)
    return excess


def _by_row(weight: Floats32) -> tuple[Array, Floats32]:
    """Codes, and the step of each row."""
    steps = _steps(np.abs(weight).max(1))
    return _codes(weight, steps[:, None]), steps


def _by_column(weight: Floats32) -> tuple[Array, Floats32]:
    """Codes, and the step of each column, for products: what is summed shares one, and neighbours fit together."""
    pairs = [
        (np.maximum(sign * weight, 0)[0::2] + np.maximum(sign * weight, 0)[1::2]).max(0) for sign in (1, -1)
    ]
    steps = _steps(np.maximum(np.abs(weight).max(0), np.maximum(*pairs)))
    return _codes(weight, steps), steps


def _steps(largest: Floats32) -> Floats32:
    steps: Floats32 = (np.maximum(largest, _TINY) / _LARGEST).astype(np.float32)
    return steps


def _codes(weight: Floats32, steps: Floats32) -> Array:
    codes: Array = np.rint(weight / steps).clip(-_LARGEST, _LARGEST).astype(np.int8)
    return codes


def _array(tensor: torch.Tensor) -> Floats32:
    values: Floats32 = tensor.detach().float().numpy()
    return values


def activation_ranges(encoder: BertModel, tokenizer: Tokenizer, texts: Sequence[str]) -> dict[str, Floats32]:
    """The largest absolute value, over some of the texts, of every number that a layer's feed-forward part is given.

    Args:
        encoder: in float32.
        tokenizer: the encoder's.
        texts: as `encoder_text` gives them.

    Returns:
        By the names of `export`: `layer_1.wide`, shape (hidden,), `layer_1.narrow`, shape (intermediate,), and so on.
    """
    layers: Any = encoder.encoder.layer
    found: dict[str, torch.Tensor] = {}

    def watching(name: str) -> Callable[[nn.Module, tuple[torch.Tensor]], None]:
        def watch(_: nn.Module, given: tuple[torch.Tensor]) -> None:
            largest = given[0].abs().flatten(0, -2).amax(0)
            found[name] = torch.maximum(found[name], largest) if name in found else largest

        return watch

    watches = [
        product.register_forward_pre_hook(watching(f"layer_{number}.{part}"))
        for number, layer in enumerate(layers, start=1)
        for part, product in (("wide", layer.intermediate.dense), ("narrow", layer.output.dense))
    ]
    was_training = encoder.training
    encoder.train(False)
    chosen = texts[:: max(1, -(-len(texts) // LOOKED_AT))]
    with torch.inference_mode():
        for _, ids, mask in batches(tokenizer, chosen, random.Random(0)):
            encoder(input_ids=ids, attention_mask=mask)
    encoder.train(was_training)
    for watch in watches:
        watch.remove()
    return {name: values.numpy() for name, values in found.items()}


_LINEAR = {"attended": "attention.output.dense", "wide": "intermediate.dense", "narrow": "output.dense"}

Stored = dict[str, Array]


def restore(path: Path) -> BertModel:
    """The encoder of an `encoder.onnx` that `export` wrote.

    Raises:
        ModelDamaged: the graph is of another make.
    """
    try:
        model = onnx.load(str(path))
        state = _parameters(model)
        encoder = BertModel(_config(state), add_pooling_layer=False)
        missing, unexpected = encoder.load_state_dict(
            {name: torch.from_numpy(values.copy()) for name, values in state.items()}, strict=False
        )
    except Exception as broken:
        raise ModelDamaged(f"{path} cannot be trained on ({broken}): build the model again.") from broken
    left = [name for name in missing if not name.endswith("position_ids")] + list(unexpected)
    if left:
        raise ModelDamaged(f"{path} cannot be trained on: {', '.join(left[:3])} does not fit.")
    return encoder


def _parameters(model: ModelProto) -> dict[str, Floats32]:
    """Parameters by the names that `BertModel` has for them."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    # The vector of the one kind of token was added to all positions.
    places = stored["places"].astype(np.float32)
    state = {
        "embeddings.word_embeddings.weight": _exact(stored, "words"),
        "embeddings.position_embeddings.weight": places,
        "embeddings.token_type_embeddings.weight": np.zeros((1, places.shape[1]), np.float32),
        **_norm(stored, "start", "embeddings.LayerNorm"),
    }
    for number in range(1, 1 + sum(name.endswith(".reading.codes") for name in stored)):
        state |= _layer_parameters(stored, f"layer_{number}", f"encoder.layer.{number - 1}")
    return state


def _layer_parameters(stored: Stored, name: str, into: str) -> dict[str, Floats32]:
    state = {
        **_norm(stored, f"{name}.middle", f"{into}.attention.output.LayerNorm"),
        **_norm(stored, f"{name}.end", f"{into}.output.LayerNorm"),
    }
    three = np.split(_exact(stored, f"{name}.reading"), 3, axis=1)
    biases = np.split(stored[f"{name}.reading.bias"].astype(np.float32), 3)
    for part, weight, bias in zip(("query", "key", "value"), three, biases, strict=True):
        state[f"{into}.attention.self.{part}.weight"] = weight.T
        state[f"{into}.attention.self.{part}.bias"] = bias
    for part, target in _LINEAR.items():
        state[f"{into}.{target}.weight"] = _exact(stored, f"{name}.{part}").T
        state[f"{into}.{target}.bias"] = stored[f"{name}.{part}.bias"].astype(np.float32)
    return state


def _norm(stored: Stored, name: str, into: str) -> dict[str, Floats32]:
    return {
        f"{into}.weight": stored[f"{name}.scale"].astype(np.float32),
        f"{into}.bias": stored[f"{name}.shift"].astype(np.float32),
    }


def _exact(stored: Stored, name: str) -> Floats32:
    """8-bit codes times the step of their row or column, undoing the factors for numbers that reach far."""
    exact: Floats32 = stored[f"{name}.codes"].astype(np.float32) * stored[f"{name}.scales"].astype(np.float32)
    even = stored.get(f"{name}.even")
    return exact if even is None else exact * even.astype(np.float32)[:, None]


def _config(state: dict[str, Floats32]) -> BertConfig:
    pieces, hidden = state["embeddings.word_embeddings.weight"].shape
    layers = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("encoder.layer."))
    return BertConfig(
        vocab_size=pieces,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // HEAD_SIZE,
        intermediate_size=state["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=state["embeddings.position_embeddings.weight"].shape[0],
        type_vocab_size=1,
        layer_norm_eps=1e-12,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
