"""The exported encoder back in PyTorch, so that a shop can train it on without the weights it was exported from.

8-bit weights times their scales are what the exported graph computes with; nothing is lost that is not lost already.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import ModelProto, numpy_helper
from transformers import BertConfig, BertModel

from nlu.errors import ModelDamaged

_PREFIX = "encoder."
_QUANTISED = "_quantized"
HEAD_SIZE = 32
"""Numbers of one attention head, as in the pretrained encoder."""

Floats = npt.NDArray[np.float32]


def restore(path: Path) -> BertModel:
    """The encoder of an `encoder.onnx` that `nlu.training.export` wrote.

    Raises:
        ModelDamaged: the graph is of another make.
    """
    try:
        model = onnx.load(str(path))
        state = _state(model)
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


def _state(model: ModelProto) -> dict[str, Floats]:
    """Parameters by the names that `BertModel` has for them."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    state = {
        name.removeprefix(_PREFIX): values.astype(np.float32)
        for name, values in stored.items()
        if name.startswith(_PREFIX) and values.dtype == np.float32 and not name.endswith("_scale")
    }
    for name in stored:
        if name.startswith(_PREFIX) and name.endswith(_QUANTISED):
            state[name.removeprefix(_PREFIX).removesuffix(_QUANTISED)] = _exact(stored, name)
    for bias, matrix in _matrices(model):
        weight = _exact(stored, matrix) if matrix.endswith(_QUANTISED) else stored[matrix]
        state[f"{bias.removeprefix(_PREFIX).removesuffix('bias')}weight"] = weight.T.astype(np.float32)
    return state


def _exact(stored: dict[str, npt.NDArray[np.generic]], name: str) -> Floats:
    """8-bit values times their scale, which is one number or one a column."""
    stem = name.removesuffix(_QUANTISED)
    values = stored[name].astype(np.float32) - stored[f"{stem}_zero_point"].astype(np.float32)
    exact: Floats = values * stored[f"{stem}_scale"].astype(np.float32)
    return exact


def _matrices(model: ModelProto) -> list[tuple[str, str]]:
    """Each named bias with the nameless matrix whose product it is added to."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    biases = {
        tensor.name
        for tensor in model.graph.initializer
        if tensor.name.startswith(_PREFIX) and tensor.name.endswith(".bias")
    }
    found = []
    for node in model.graph.node:
        if node.op_type not in ("MatMul", "MatMulInteger"):
            continue
        at: onnx.NodeProto = node
        for _ in range(4):  # the product, perhaps cast and scaled, then the sum
            following = [reader for name in at.output for reader in readers.get(name, [])]
            if len(following) != 1:
                break
            at = following[0]
            if at.op_type == "Add" and biases.intersection(at.input):
                found.append((biases.intersection(at.input).pop(), node.input[1]))
                break
    return found


def _config(state: dict[str, Floats]) -> BertConfig:
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
