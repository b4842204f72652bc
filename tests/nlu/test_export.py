"""The written graph computes what the network computes, to within eight bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

torch = pytest.importorskip("torch")
from transformers import BertConfig, BertModel  # noqa: E402 - after the check for the extra

from nlu.training.export import export  # noqa: E402

SIZES: dict[str, Any] = {
    "vocab_size": 60, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 128,
    "max_position_embeddings": 32, "type_vocab_size": 1,
}  # fmt: skip
Array = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def encoder() -> BertModel:
    torch.manual_seed(3)
    made: BertModel = BertModel(BertConfig(**SIZES), add_pooling_layer=False)
    with torch.no_grad():
        for parameter in made.parameters():
            # As they are made, biases are nought and every layer norm is plain: no mistake there would show.
            parameter.add_(0.05 * torch.randn_like(parameter))
    made.train(False)
    return made


@pytest.fixture(scope="module")
def session(encoder: BertModel, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("export") / "encoder.onnx"
    export(encoder, path)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


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
