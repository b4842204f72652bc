"""Cutting the vocabulary down to what a Chinese and English shop reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from nlu.normalise import simplify
from nlu.training.weights import Pieces

PIECES = 27_000
LONGEST = 96
"""Tokens that the encoder reads of a message; the rest is cut."""

_OURS = re.compile(r"[▁\x21-\x7e\u3001-\u303f\u4e00-\u9fff\u2600-\u27bf\U0001f300-\U0001faff]+")
_CHINESE_CHARACTER = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The kept pieces in their new order, and for each its row in the pretrained embedding."""

    tokenizer: Tokenizer
    rows: tuple[int, ...]


def full_tokenizer(pieces: Pieces) -> Tokenizer:
    """The tokenizer of the pretrained encoder."""
    return _tokenizer(list(zip(pieces.texts, pieces.scores, strict=True)), pieces)


def cut(pieces: Pieces, texts: Iterable[str]) -> Vocabulary:
    """Keep the pieces that the texts use, every simplified character, and the likeliest others."""
    used = Counter(
        row for encoding in full_tokenizer(pieces).encode_batch(list(texts)) for row in encoding.ids
    )
    special = [pieces.bos, pieces.pad, pieces.eos, pieces.unknown]
    kept = set(special)
    kept.update(row for row, text in enumerate(pieces.texts) if _is_single_character(text))
    by_use = (row for row, _ in used.most_common() if _readable(pieces.texts[row]))
    by_likelihood = sorted(
        (row for row in range(len(pieces.texts)) if row > max(special) and _readable(pieces.texts[row])),
        key=lambda row: -pieces.scores[row],
    )
    for row in (*by_use, *by_likelihood):
        if len(kept) >= PIECES:
            break
        kept.add(row)
    rows = sorted(kept)
    entries = [(pieces.texts[row], pieces.scores[row]) for row in rows]
    return Vocabulary(_tokenizer(entries, pieces), tuple(rows))


def _readable(piece: str) -> bool:
    return bool(_OURS.fullmatch(piece)) and piece == piece.lower() and piece == simplify(piece)


def _is_single_character(piece: str) -> bool:
    bare = piece.removeprefix("▁")
    return len(bare) == 1 and piece == bare and bool(_CHINESE_CHARACTER.match(bare)) and _readable(piece)


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
