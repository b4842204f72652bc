"""The written graph computes what the network computes, to within eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

torch = pytest.importorskip("torch")
from transformers import BertConfig, BertModel  # noqa: E402 - after the check for the extra

from kernel.arrays import Floats32  # noqa: E402
from nlu import modelfiles  # noqa: E402
from nlu.normalise import encoder_text  # noqa: E402
from nlu.workshop.datasets import held_out  # noqa: E402
from nlu.workshop.training.export import activation_ranges, export, restore  # noqa: E402

SIZES: dict[str, Any] = {
    "vocab_size": 60, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 128,
    "max_position_embeddings": 32, "type_vocab_size": 1,
}  # fmt: skip
WORDS = [f"word{number}" for number in range(SIZES["vocab_size"])]
ZERO, STEP = 12, 1 / 256
"""Of the 8 bits of what a product is given."""
Array = Floats32


@pytest.fixture(scope="module")
def encoder() -> BertModel:
    torch.manual_seed(3)
    made: BertModel = BertModel(BertConfig(**SIZES), add_pooling_layer=False)
    with torch.no_grad():
        for parameter in made.parameters():
            # As they are made, biases are nought and every layer norm is plain: no mistake there would show.
            parameter.add_(0.05 * torch.randn_like(parameter))
        layers: Any = made.encoder.layer
        for layer in layers:
            # Real encoders have such numbers: a few are many times as large as the others.
            layer.attention.output.LayerNorm.weight[5] *= 4
            layer.intermediate.dense.weight[7] *= 4
    made.train(False)
    return made


@pytest.fixture(scope="module")
def path(encoder: BertModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("export") / "encoder.onnx"
    export(
        encoder,
        written,
        activation_ranges(encoder, tokenizer(), [" ".join(WORDS[i : i + 20]) for i in range(30)]),
    )
    return written


@pytest.fixture(scope="module")
def session(path: Path) -> Any:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def tokenizer() -> Tokenizer:
    words = {word: number for number, word in enumerate(WORDS)}
    made = Tokenizer(WordLevel(words, unk_token=WORDS[0]))
    made.pre_tokenizer = Whitespace()
    made.enable_padding()
    return made


def read(session: Any, ids: Any, mask: Any) -> Array:
    (states,) = session.run(None, {"ids": np.array(ids, np.int64), "mask": np.array(mask, np.int64)})
    return np.asarray(states, np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 16), (5, 32)])
def test_the_graph_gives_the_networks_token_vectors(
    encoder: BertModel, session: Any, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(shape[1])
    ids = rng.integers(0, 60, shape)
    mask = np.arange(shape[1]) < rng.integers(1, shape[1] + 1, (shape[0], 1))
    with torch.inference_mode():
        wanted = encoder(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask).long())
    found, exact = read(session, ids, mask)[mask], wanted.last_hidden_state.numpy()[mask]
    alike = (found * exact).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(exact, axis=1)
    assert alike.min() > 0.99


def test_what_a_message_is_padded_with_does_not_change_it(session: Any) -> None:
    ids, mask = [[2, 7, 9, 0, 0]], [[1, 1, 1, 0, 0]]
    others = read(session, [[2, 7, 9, 51, 33]], mask)[0, :3]
    np.testing.assert_allclose(read(session, ids, mask)[0, :3], others, atol=0.05)
    alone = read(session, [[2, 7, 9]], [[1, 1, 1]])[0]
    np.testing.assert_allclose(read(session, ids, mask)[0, :3], alone, atol=0.05)


def products(path: Path) -> dict[str, tuple[Array, Array]]:
    """Codes and steps of every product, by its name."""
    stored = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(path)).graph.initializer}
    names = [
        name.removesuffix(".codes") for name in stored if name.endswith(".codes") and name != "words.codes"
    ]
    return {name: (stored[f"{name}.codes"], stored[f"{name}.scales"]) for name in names}


@pytest.mark.parametrize("which", ["made here", "shipped"])
def test_products_are_exact_on_every_processor(which: str, path: Path) -> None:
    # Without instructions for 8-bit products a processor adds two of them in 16 bits and cuts off what does not fit.
    found = products(path if which == "made here" else modelfiles.SHIPPED / "encoder.onnx")
    assert len(found) % 4 == 0
    assert found
    rng = np.random.default_rng(1)
    for name, (codes, steps) in found.items():
        for sign in (1, -1):
            same = np.maximum(sign * codes.astype(int), 0)
            assert (same[0::2] + same[1::2]).max() <= 128, name
        # On the grid of the 8 bits, so that no rounding is a matter of taste; both ends are there in every row.
        eight = rng.integers(0, 256, (4, len(codes)))
        eight[:, 0], eight[:, 1] = 0, 255
        given = ((eight - ZERO) * STEP).astype(np.float32)
        exact = (eight - ZERO) @ codes.astype(int) * (STEP * steps)
        np.testing.assert_allclose(multiplied(given, codes, steps), exact, rtol=1e-4, atol=1e-4, err_msg=name)


def multiplied(values: Array, codes: Array, steps: Array) -> Array:
    node = helper.make_node("DynamicQuantizeMatMul", ["x", "codes", "steps"], ["y"], domain="com.microsoft")
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, codes.shape[0]])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None, codes.shape[1]])],
        [numpy_helper.from_array(codes, "codes"), numpy_helper.from_array(steps, "steps")],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": values})
    return np.asarray(found, np.float32)


def test_what_was_evened_out_is_restored(encoder: BertModel, path: Path) -> None:
    restored, exact = restore(path).state_dict(), encoder.state_dict()
    for name in ("intermediate.dense", "output.dense"):
        found = restored[f"encoder.layer.1.{name}.weight"]
        wanted = exact[f"encoder.layer.1.{name}.weight"]
        assert float((found - wanted).norm() / wanted.norm()) < 0.05


@pytest.mark.slow
def test_eight_bits_keep_what_the_shipped_encoder_says() -> None:
    folder = modelfiles.SHIPPED
    network, words = restore(folder / "encoder.onnx"), Tokenizer.from_file(str(folder / "tokenizer.json"))
    network.train(False)
    session = onnxruntime.InferenceSession(str(folder / "encoder.onnx"), providers=["CPUExecutionProvider"])
    pairs = []
    for language in ("zh", "en"):
        for example in held_out("dev", language)[::4]:
            ids = [words.encode(encoder_text(example.text)).ids]
            mask = np.ones_like(ids)
            with torch.inference_mode():
                states = network(
                    input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask)
                ).last_hidden_state
            pairs.append((read(session, ids, mask)[0].mean(0), states[0].mean(0).numpy()))
    found, exact = (np.stack(side) for side in zip(*pairs, strict=True))
    # What all vectors have in common tells nothing apart.
    apart = np.linalg.norm(found - exact, axis=1) / np.linalg.norm(exact - exact.mean(0), axis=1)
    assert apart.mean() < 0.09
    assert apart.max() < 0.2
