"""What the bot says, in Fluent files; a shop's own files stand before ours.

The one typed wrapper around fluent.runtime.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast
from fluent.syntax.visitor import Visitor

LANGUAGES = ("zh", "en")
_LOCALES = {"zh": ["zh-CN", "zh"], "en": ["en-GB", "en"]}
QUESTIONS = ("question-1", "question-2", "question-3")
"""What somebody who opens a chat may want to ask."""
# Fluent takes nothing after the = for a mistake; of a question it says that there is none.
_NO_QUESTION = re.compile(r"^(question-[1-3] {0,9}=) {0,9}$", re.MULTILINE)


class TextsInvalid(Exception):
    """A text file can't be used; the message names the file and what to mend."""


class Texts:
    """Every text by its id, in each language."""

    def __init__(self, bundles: Mapping[str, FluentBundle], variables: Mapping[str, dict[str, set[str]]]):
        self._bundles = bundles
        self.variables = variables
        """Language to message id to the variables it uses."""

    @classmethod
    def load(cls, overrides: Path | None = None, package: str = __package__) -> Texts:
        """Read a package's files, then those of the shop's folder (`zh.ftl`, `en.ftl`), whose messages win.

        A shop's text whose id is none of ours is never said; `unknown_texts` names it.

        Raises:
            TextsInvalid: a file can't be read or has a syntax error, or a shop's text uses a variable that ours does
                not have.
        """
        bundles: dict[str, FluentBundle] = {}
        variables: dict[str, dict[str, set[str]]] = {}
        for language in LANGUAGES:
            # Isolation marks are for mixed directions on a screen; messengers show some of them as boxes.
            bundle = FluentBundle(_LOCALES[language], use_isolating=False)
            own = resources.files(package).joinpath(f"{language}.ftl").read_text("utf-8")
            variables[language] = _add(bundle, own, f"{language}.ftl", None)
            override = overrides / f"{language}.ftl" if overrides is not None else None
            if override is not None and override.exists():
                own = _NO_QUESTION.sub(r'\1 { "" }', _read(override))
                _add(bundle, own, str(override), variables[language])
            bundles[language] = bundle
        return cls(bundles, variables)

    def say(self, language: str, text_id: str, **values: str | int) -> str:
        """One text with its variables filled in; plain, nothing is escaped.

        Raises:
            KeyError: there is no such text, or a variable is missing.
        """
        bundle = self._bundles.get(language) or self._bundles["en"]
        pattern = bundle.get_message(text_id).value
        if pattern is None:
            raise KeyError(text_id)
        text, errors = bundle.format_pattern(pattern, values)
        if errors:
            raise KeyError(f"{text_id}: {errors[0]}")
        return str(text)

    def questions(self, language: str) -> tuple[str, ...]:
        """The quick questions in a language: those that the shop has not left out."""
        asked = (self.say(language, text_id).strip() for text_id in QUESTIONS)
        return tuple(text for text in asked if text)


def unknown_texts(folder: Path, package: str = __package__) -> Iterator[tuple[Path, str, Sequence[str]]]:
    """Texts of a shop's folder that are never said: the file, the id, and every id there is.

    Whole files that are never read come with an empty id and the names of those that are. What can't be read is left
    to `Texts.load`, which says what is wrong.
    """
    known = sorted(Texts.load(package=package).variables["en"])
    read = [f"{language}.ftl" for language in LANGUAGES]
    for path in sorted(folder.glob("*.ftl")):
        if path.name not in read:
            yield path, "", read
            continue
        messages = [one for one in _parsed(_read(path)).body if isinstance(one, ast.Message)]
        # A shop may put words of its own into several texts: `{ our-name }`.
        used = set().union(*(_Variables.of(one).messages for one in messages))
        for name in dict.fromkeys(one.id.name for one in messages):
            if name not in known and name not in used:
                yield path, name, known


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise TextsInvalid(f"{path} is not written in UTF-8; save it so") from None


@lru_cache(maxsize=8)
def _parsed(source: str) -> ast.Resource:
    """What a file says; reading one takes a quarter of a second, and each is read again and again."""
    return FluentResource(source)


def _add(
    bundle: FluentBundle, source: str, name: str, known: Mapping[str, set[str]] | None
) -> dict[str, set[str]]:
    resource = _parsed(source)
    found: dict[str, set[str]] = {}
    for entry in resource.body:
        if isinstance(entry, ast.Junk):
            problem = entry.annotations[0].message if entry.annotations else "syntax error"
            raise TextsInvalid(f"{name}: {problem}: {(entry.content or '').strip()[:60]!r}")
        if isinstance(entry, ast.Message):
            if entry.id.name in found:
                raise TextsInvalid(f"{name}: {entry.id.name} is there twice")
            found[entry.id.name] = _Variables.of(entry).names
    for text_id, used in found.items():
        if known is not None and (extra := used - known.get(text_id, used)):
            raise TextsInvalid(f"{name}: {text_id} has no variable {', '.join(sorted(extra))}")
    bundle.add_resource(resource, allow_overrides=True)
    return found


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.messages: set[str] = set()

    @classmethod
    def of(cls, entry: ast.Message) -> Self:
        visitor = cls()
        visitor.visit(entry)
        return visitor

    def visit_VariableReference(self, node: Any) -> None:  # noqa: N802 - the visitor's own convention
        self.names.add(node.id.name)

    def visit_MessageReference(self, node: Any) -> None:  # noqa: N802
        self.messages.add(node.id.name)
