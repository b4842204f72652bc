"""The transformer at work: ONNX Runtime, one thread a session, token vectors out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from kernel.arrays import Floats32
from nlu.errors import ModelDamaged

LARGEST_BATCH = 32
_AFTER = re.compile(rb"after_layer_(\d+)\b")
_LENGTH_DELIMITED = 2
_FLOAT = b"\x08\x01"
"""elem_type = FLOAT of an ONNX tensor type."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text read by the encoder."""

    pooled: Floats32
    """Mean of the token vectors, shape (d,)."""
    tokens: Floats32
    """Token vectors, shape (tokens, d)."""
    spans: tuple[tuple[int, int], ...]
    """Where in the text each token lies; (0, 0) for the marks at both ends."""
    inner: Floats32
    """Token vectors one and two thirds of the way up, side by side, shape (tokens, 2 · d): the last layer is bent
    towards the intents, these still tell the words. The last layer's own where the graph names its parts otherwise."""
    upper: Floats32
    """Token vectors that the last layer reads, shape (tokens, d); the last layer's own likewise."""


class Encoder:
    """Texts in, token vectors out; safe to call from several threads."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Load.

        Raises:
            ModelDamaged: one of the files cannot be loaded.
        """
        try:
            stored = model.read_bytes()
            inner, last = inner_layers(stored), last_but_one(stored)
            self._session = open_session(stored + with_outputs(sorted({*inner, *last})))
            self._outputs, self._inner = ["states", *inner, *last], len(inner)
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(tokenizer))
            self._input_names = [node.name for node in self._session.get_inputs()]
            # What can be loaded need not be an encoder: the first message would tell.
            (self.width,) = self.encode(["ok 好"])[0].pooled.shape
            """Numbers of a vector."""
        except Exception as broken:
            raise ModelDamaged(
                f"{model.parent} cannot be loaded ({broken}): build or fetch it again."
            ) from broken

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Read texts that `nlu.normalise.model_text` has prepared; one result a text, in order."""
        results: dict[int, Encoded] = {}
        for group in batches_by_length(texts, LARGEST_BATCH):
            results.update(zip(group, self._batch([texts[i] for i in group]), strict=True))
        return [results[i] for i in range(len(texts))]

    def _batch(self, texts: list[str]) -> list[Encoded]:
        encodings = self._tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        found = self._session.run(self._outputs, dict(zip(self._input_names, (ids, mask), strict=True)))
        states, inner = found[0], np.concatenate(found[1 : 1 + self._inner] or found[:1], axis=2)
        lengths = mask.sum(1).tolist()
        return [_one(*parts) for parts in zip(encodings, states, inner, found[-1], lengths, strict=True)]


def open_session(model: str | bytes) -> onnxruntime.InferenceSession:
    """A session for the path or the content of an ONNX file, with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A bot reads messages of ever new lengths: remembered memory plans would only grow.
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def batches_by_length(texts: Sequence[str], size: int) -> Iterator[list[int]]:
    """The places of the texts in batches of like length, the shortest first."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    return (order[start : start + size] for start in range(0, len(order), size))


def _one(encoding: Encoding, states: Floats32, inner: Floats32, upper: Floats32, length: int) -> Encoded:
    tokens = states[:length]
    pooled: Floats32 = np.add.reduce(tokens, 0) / np.float32(length)
    return Encoded(pooled, tokens, tuple(encoding.offsets[:length]), inner[:length], upper[:length])


def inner_layers(model: bytes) -> list[str]:
    """Names of what comes out one and two thirds of the way up; none where the graph names its parts otherwise."""
    layers = max((int(number) for number in _AFTER.findall(model)), default=0)
    chosen = sorted({round(layers / 3), round(2 * layers / 3)} - {0, layers})
    return [f"after_layer_{number}" for number in chosen]


def last_but_one(model: bytes) -> list[str]:
    """Name of what the last layer reads; none where the graph names its parts otherwise, or has one layer."""
    layers = max((int(number) for number in _AFTER.findall(model)), default=0)
    return [f"after_layer_{layers - 1}"] if layers > 1 else []


def with_outputs(names: Sequence[str]) -> bytes:
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
