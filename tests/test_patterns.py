"""No regular expression of the program takes long, whatever the text; and none of them hides from this test."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import BuiltinMethodType, MappingProxyType
from typing import Any

import pytest

from tests.hostile import LONGEST, made_from, texts
from tests.speed import seconds_of, yardstick

ROOMS = ("bot", "kernel", "nlu", "retention", "storage")
BOUND = 0.005
"""Seconds of processor time that one pattern may take for one text of LONGEST characters."""
YARDSTICKS = 45
"""In the measure of `tests.speed`, where the machine is slower, or is for an hour: the slowest take 10 to 19 there,
and 32 on some processors."""
LENGTHS = (16, 20, 28, 40, 64, 128, 512, LONGEST)
"""Short ones first: a pattern whose time doubles with every few characters is seen before it takes for ever."""
RUNS = 8
"""The least of so many runs counts, so that whatever else the machine does does not."""
DEEPEST = 6
"""Containers within containers that are looked into."""
HOPELESS = 20 * BOUND

Find = Callable[[re.Pattern[Any], Any], object]
USES: dict[str, Find] = {
    "finditer": lambda pattern, text: sum(1 for _ in pattern.finditer(text)),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
}
"""Every place where it matches, and whether the whole does: no other way to use a pattern takes longer."""


def _trees() -> dict[str, ast.Module]:
    """What the program's modules say: name → syntax tree."""
    root = Path(__file__).parents[1]
    return {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            file.read_text(encoding="utf-8")
        )
        for room in ROOMS
        for file in sorted((root / room).rglob("*.py"))
    }


TREES = _trees()


def _names_re(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Import) and _imports(node) for node in ast.walk(tree))


def _imports(node: ast.Import) -> bool:
    return any(alias.name == "re" for alias in node.names)


def _is_of_re(node: ast.AST) -> bool:
    """Whether a name of the module `re` is called."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr != "escape"
    )


def _compiled(tree: ast.Module) -> int:
    return sum(_is_of_re(node) for node in ast.walk(tree))


def _hidden(tree: ast.Module) -> Iterator[str]:
    """What would keep a pattern from being found, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from (f"line {inner.lineno}: in a function" for inner in ast.walk(node) if _is_of_re(inner))
        elif _is_of_re(node) and node.func.attr != "compile":
            yield f"line {node.lineno}: compile it first"
        elif isinstance(node, ast.Import):
            yield from (
                f"line {node.lineno}: import re by its own name"
                for alias in node.names
                if alias.name == "regex" or (alias.name == "re" and alias.asname)
            )
        elif isinstance(node, ast.ImportFrom) and node.module == "re":
            yield f"line {node.lineno}: import the whole of re"


def patterns_of(module: str) -> dict[str, re.Pattern[Any]]:
    """Name → pattern, of a module's globals, its classes' attributes, and what containers of either hold."""
    found: dict[str, re.Pattern[Any]] = {}
    for name, value in _imported(module).items():
        found.update(_patterns(f"{module}.{name}", value, module, ()))
    return found


def _imported(module: str) -> dict[str, Any]:
    """The globals of a module; none where a library is missing that only an extra brings."""
    try:
        return dict(vars(importlib.import_module(module)))
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in ROOMS:
            raise
        pytest.skip(f"{module} needs {missing.name}")


def _patterns(
    name: str, value: object, module: str, holders: tuple[object, ...]
) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield name, value
    if len(holders) < DEEPEST and not any(value is holder for holder in holders):
        for key, inner in _inside(value, module):
            yield from _patterns(f"{name}.{key}", inner, module, (*holders, value))


def _inside(value: object, module: str) -> Iterator[tuple[object, object]]:
    if isinstance(value, Mapping):
        yield from (("keys", tuple(value)), *value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from enumerate(value)
    elif isinstance(value, type) and value.__module__ == module:
        yield from ((key, inner) for key, inner in vars(value).items() if not isinstance(inner, type))
    elif isinstance(value, BuiltinMethodType):
        yield "self", value.__self__
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name, None)) for field in fields(value))


def too_slow(pattern: re.Pattern[Any]) -> str | None:
    """What takes a pattern longer than it may, in words, or nothing."""
    for length in LENGTHS:
        for text in dict.fromkeys((*texts(length), *_own(pattern, length))):
            for use in USES:
                took = seconds(pattern, text, use)
                if took > BOUND and took > YARDSTICKS * min(seconds_of(yardstick) for _ in range(RUNS)):
                    return (
                        f"{use}: {1000 * took:.1f} ms for {length} characters, {text[:40]!r}…{text[-20:]!r}"
                    )
    return None


def _own(pattern: re.Pattern[Any], length: int) -> list[str]:
    written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    return made_from(written, pattern.flags, length)


def seconds(pattern: re.Pattern[Any], text: str, use: str) -> float:
    """Of the processor; what is within the bound once is not tried again, nor what is far beyond it."""
    read = text if isinstance(pattern.pattern, str) else text.encode()
    least = float("inf")
    for _ in range(RUNS):
        began = time.thread_time()
        USES[use](pattern, read)
        least = min(least, time.thread_time() - began)
        if not BOUND < least < HOPELESS:
            break
    return least


@cache
def _verdict(pattern: re.Pattern[Any]) -> str | None:
    return too_slow(pattern)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("module", [name for name, tree in TREES.items() if _names_re(tree)])
def test_no_pattern_takes_long_on_any_text(module: str) -> None:
    verdicts = {name: _verdict(pattern) for name, pattern in patterns_of(module).items()}
    assert {name: slow for name, slow in verdicts.items() if slow} == {}


@pytest.mark.parametrize("module", [name for name, tree in TREES.items() if _names_re(tree)])
def test_every_pattern_is_found(module: str) -> None:
    """Each call of `re.compile` makes at least one that is tried above."""
    assert len(patterns_of(module)) >= _compiled(TREES[module])


@pytest.mark.parametrize("module", TREES)
def test_patterns_are_compiled_where_they_are_found(module: str) -> None:
    """Not in functions, not by another name of the module, and not by its other functions."""
    assert [*_hidden(TREES[module])] == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"\d+\s*\d*\s*x",
        r"(?:x|x)*y",
        r"\s*,",
        r".*(?:吗|呢)",
        r"([a-z]+)*@",
        r"(?=[a-z-]*\d)[a-z-]{3,9}",
    ],
)
def test_a_slow_pattern_is_seen(pattern: str) -> None:
    assert too_slow(re.compile(pattern)) is not None


@pytest.mark.parametrize(
    "written",
    [
        'import re\ndef f(t): return re.search("a", t)',
        'import re\ndef f(t): return re.compile("a").search(t)',
        'import re\nf = lambda t: re.sub("a", "", t)',
        'import re\nclass A:\n    async def f(self): return re.match("a", "b")',
        'import re\nX = re.findall("a", "b")',
        "import re as regex",
        "from re import compile",
        "import regex",
    ],
)
def test_a_hidden_pattern_is_seen(written: str) -> None:
    assert [*_hidden(ast.parse(written))]


def test_patterns_in_containers_and_classes_are_found() -> None:
    bad = re.compile("bad")

    class Held:
        pattern = bad
        several = MappingProxyType({"a": (bad, [bad])})

    Held.__module__ = "held"
    assert len([*_patterns("Held", Held, "held", ())]) == 3
    assert len([*_patterns("list", [{bad: 1}, {"a": bad}, bad.search], "held", ())]) == 3
