"""Texts in parts that the encoder takes, each with the vectors of its tokens and where they lie.

The encoder takes some ninety tokens. A longer text is read from the end of the last sentence that it took whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kernel.arrays import Floats32
from nlu.encoder import Encoded, Encoder
from nlu.heads import units
from nlu.normalise import ENCODED_AT_MOST, Normalised, model_text, normalise

_SENTENCE_ENDS = re.compile(r"[。！？!?；;…]+[”’\"')）」]*\s*|\.[\"')]*\s+|\n+")
_WORD_ENDS = re.compile(r"[\s,，、:：]+")
MOST_PARTS = 400
"""Of one text; what stands behind is not searched."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text, and its tokens."""

    start: int
    """Of the stretch in the text …"""
    end: int
    """… and its end."""
    vectors: Floats32
    """Of its tokens, shape (tokens, 3 · d): the last and the inner layers, each of unit length …"""
    upper: Floats32
    """… and what the last layer reads, shape (tokens, d)."""
    spans: tuple[tuple[int, int], ...]
    """Where each token lies in the text."""


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence or line of a text that says something, without the white space around it."""
    found, start = [], 0
    for mark in (*_SENTENCE_ENDS.finditer(text), None):
        end = len(text) if mark is None else mark.end()
        said = text[start:end]
        if any(character.isalnum() for character in said):
            left = start + len(said) - len(said.lstrip())
            found.append((left, left + len(said.strip())))
        elif found and said.strip():
            found[-1] = (found[-1][0], start + len(said.rstrip()))
        start = end
    return found


def parts_of(texts: Sequence[str], encoder: Encoder) -> list[list[Part]]:
    """The parts of each text, in order; of one that says nothing, none."""
    found: list[list[Part]] = [[] for _ in texts]
    open_at = {number: 0 for number, text in enumerate(texts) if text.strip()}
    while open_at:
        rests = {number: texts[number][at : at + 2 * ENCODED_AT_MOST] for number, at in open_at.items()}
        forms = {number: normalise(rest) for number, rest in rests.items()}
        read = encoder.encode([model_text(form.text[:ENCODED_AT_MOST]) for form in forms.values()])
        for (number, form), encoded in zip(forms.items(), read, strict=True):
            at, rest = open_at[number], rests[number]
            took = _took(form, rest, encoded)
            whole = at + took >= len(texts[number].rstrip())
            found[number].append(_part(form, encoded, at, took))
            if whole or not took or len(found[number]) == MOST_PARTS:
                del open_at[number]
            else:
                open_at[number] = at + took
    return found


def _took(form: Normalised, rest: str, encoded: Encoded) -> int:
    """How many characters of the rest a part takes: all that was read, or up to the last sentence's end therein."""
    last = max((end for _, end in encoded.spans), default=0)
    if not last or last >= len(form.text.rstrip()):
        return len(rest)
    read = form.original_span(last - 1, last)[1]
    for marks, least in ((_SENTENCE_ENDS, read // 3), (_WORD_ENDS, read // 2)):
        ends = [mark.end() for mark in marks.finditer(rest[:read]) if mark.end() > least]
        if ends:
            return ends[-1]
    return read


def _part(form: Normalised, encoded: Encoded, at: int, took: int) -> Part:
    kept, spans = [], []
    for place, (start, end) in enumerate(encoded.spans):
        if start >= end:
            lies = (at, at)
        else:
            first, last = form.original_span(start, end)
            lies = (at + first, at + last)
        if lies[1] <= at + took:
            kept.append(place)
            spans.append(lies)
    return Part(at, at + took, unit_layers(encoded)[kept], encoded.upper[kept], tuple(spans))


def unit_layers(encoded: Encoded) -> Floats32:
    """The last and the inner layers of a text's tokens, each of unit length, shape (tokens, 3 · d)."""
    width = encoded.tokens.shape[1]
    layers = (encoded.tokens, encoded.inner[:, :width], encoded.inner[:, width:])
    return np.concatenate([units(layer) for layer in layers], axis=1)
