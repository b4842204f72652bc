"""What an import says of files and rows, in the languages of those who read it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from kernel.sentence import Sentence


def in_language(said: str, language: str) -> str:
    """A sentence of the import's in a language; in English where the other has no words for it."""
    template = None if language == "en" else _texts(language).get(_key(said))
    if template is None:
        return str(said)
    values = said.values if isinstance(said, Sentence) else {}
    words = {name: _word(value, language) for name, value in values.items()}
    return template.format_map(words) if words else template


def _key(said: str) -> str:
    return said.key if isinstance(said, Sentence) else said


def _word(value: object, language: str) -> object:
    return in_language(value, language) if isinstance(value, Sentence) else value


@cache
def _texts(language: str) -> Mapping[str, str]:
    """Text by English sentence."""
    return tomllib.loads(resources.files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
