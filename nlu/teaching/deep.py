"""The shipped encoder with its inner layers in view.

Its last layer is bent towards the intents that ship; layers below it keep more of what else a message says, and a
head for other labels needs that (Tenney et al. 2019, BERT rediscovers the classical NLP pipeline).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from nlu.errors import ModelDamaged
from nlu.normalise import readable

Floats = npt.NDArray[np.float32]
Advance = Callable[[int], None]

BATCH = 32
_AFTER = re.compile(rb"after_layer_(\d+)\b")
_LENGTH_DELIMITED = 2
_FLOAT = b"\x08\x01"
"""elem_type = FLOAT of an ONNX tensor type."""


class DeepEncoder:
    """Texts in, mean vectors of several layers out."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the encoder of a model folder.

        Raises:
            ModelDamaged: one of its files cannot be loaded.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_mem_pattern = False
        try:
            stored = (folder / "encoder.onnx").read_bytes()
            inner = inner_layers(stored)
            self._session = onnxruntime.InferenceSession(
                stored + _showing(inner), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as broken:
            raise ModelDamaged(f"{folder} cannot be loaded ({broken}): build or fetch it again.") from broken
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = [node.name for node in self._session.get_outputs()]
        self.layers = len(self._outputs)
        """How many layers are shown side by side."""

    def vectors(self, texts: Sequence[str], advance: Advance = lambda _: None) -> Floats:
        """Mean token vectors of the last layer and those below it, side by side, shape (texts, layers · d)."""
        prepared = [readable(text) for text in texts]
        order = sorted(range(len(prepared)), key=lambda i: len(prepared[i]))
        rows: list[Floats | None] = [None] * len(prepared)
        for start in range(0, len(order), BATCH):
            group = order[start : start + BATCH]
            for i, row in zip(group, self._batch([prepared[i] for i in group]), strict=True):
                rows[i] = row
            advance(len(group))
        return np.stack([row for row in rows if row is not None])

    def _batch(self, texts: list[str]) -> Floats:
        encodings = self._tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        layers = self._session.run(self._outputs, dict(zip(self._inputs, (ids, mask), strict=True)))
        share = (mask / mask.sum(1, keepdims=True)).astype(np.float32)
        return np.concatenate([np.einsum("btd,bt->bd", states, share) for states in layers], axis=1)


def inner_layers(model: bytes) -> list[str]:
    """Names of what comes out one and two thirds of the way up; none where the graph names its parts otherwise."""
    layers = max((int(number) for number in _AFTER.findall(model)), default=0)
    chosen = sorted({round(layers / 3), round(2 * layers / 3)} - {0, layers})
    return [f"after_layer_{number}" for number in chosen]


def _showing(names: Sequence[str]) -> bytes:
    """A piece of an ONNX model that only names further outputs of its graph.

    Serialised protobuf messages are merged by appending one to the other, so that no copy of ours of the format
    is needed: ModelProto.graph = 7, GraphProto.output = 12, ValueInfoProto.name = 1 and .type = 2.
    """
    tensor_of_floats = _field(2, _field(1, _FLOAT))
    outputs = b"".join(_field(12, _field(1, name.encode()) + tensor_of_floats) for name in names)
    return _field(7, outputs) if outputs else b""


def _field(number: int, content: bytes) -> bytes:
    length, varint = len(content), bytearray()
    while length > 0x7F:
        varint.append(length & 0x7F | 0x80)
        length >>= 7
    varint.append(length)
    return bytes([number << 3 | _LENGTH_DELIMITED]) + bytes(varint) + content
