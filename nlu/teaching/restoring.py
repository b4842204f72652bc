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

HEAD_SIZE = 32
"""Numbers of one attention head, as in the pretrained encoder."""

_LINEAR = {"attended": "attention.output.dense", "wide": "intermediate.dense", "narrow": "output.dense"}

Floats = npt.NDArray[np.float32]
Stored = dict[str, npt.NDArray[np.generic]]


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
    # The vector of the one kind of token was added to all positions.
    places = stored["places"].astype(np.float32)
    state = {
        "embeddings.word_embeddings.weight": _exact(stored, "words"),
        "embeddings.position_embeddings.weight": places,
        "embeddings.token_type_embeddings.weight": np.zeros((1, places.shape[1]), np.float32),
        **_norm(stored, "start", "embeddings.LayerNorm"),
    }
    for number in range(1, 1 + sum(name.endswith(".reading.codes") for name in stored)):
        state |= _layer(stored, f"layer_{number}", f"encoder.layer.{number - 1}")
    return state


def _layer(stored: Stored, name: str, into: str) -> dict[str, Floats]:
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


def _norm(stored: Stored, name: str, into: str) -> dict[str, Floats]:
    return {
        f"{into}.weight": stored[f"{name}.scale"].astype(np.float32),
        f"{into}.bias": stored[f"{name}.shift"].astype(np.float32),
    }


def _exact(stored: Stored, name: str) -> Floats:
    """8-bit codes times the step of their row or column, undoing the factors for numbers that reach far."""
    exact: Floats = stored[f"{name}.codes"].astype(np.float32) * stored[f"{name}.scales"].astype(np.float32)
    even = stored.get(f"{name}.even")
    return exact if even is None else exact * even.astype(np.float32)[:, None]


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
