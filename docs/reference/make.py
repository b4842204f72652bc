"""Writes docs/reference/commands.md, and the table of docs/recommenders.md, from the program itself:
`python docs/reference/make.py`.

With `--check` it only says whether the pages are up to date.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from bot.cli import app
from retention.recommenders.registry import MODELS

_ROOT = Path(__file__).parents[2]
_PAGE = Path(__file__).with_name("commands.md")
_RECOMMENDERS = _ROOT / "docs" / "recommenders.md"
_TABLE = "| name | orders products by | customers with two products it takes |\n| --- | --- | ---: |\n"
_MARKUP = re.compile(r"\[/?(?:bold|dim|red|green|yellow)\]")
_HEAD = """# Commands

Written by `python docs/reference/make.py` from the program's own help. Every command reads its
[settings](settings.md) from the environment or a file, and takes `--help`.
"""


def reference() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    return "\n".join([_HEAD, *_described(root, "liuke")]).rstrip() + "\n"


def recommenders() -> str:
    """The page of the recommenders, its table from the registry."""
    before, _, rest = _RECOMMENDERS.read_text(encoding="utf-8").partition(_TABLE)
    rows = (f"| `{one.name}` | {one.about} | {one.least_customers or 'none'} |\n" for one in MODELS.values())
    return before + _TABLE + "".join(rows) + "\n" + rest.partition("\n\n")[2]


def _described(command: Any, name: str) -> Iterator[str]:
    for child_name, child in getattr(command, "commands", {}).items():
        if child.hidden:
            continue
        path = f"{name} {child_name}"
        if hasattr(child, "commands"):
            yield f"## `{path}`\n\n{_clean(child.help)}\n"
            yield from _described(child, path)
        else:
            yield f"{'###' if name != 'liuke' else '##'} `{_usage(child, path)}`\n\n{_clean(child.help)}\n"
            yield from _options(child)


def _usage(command: Any, path: str) -> str:
    words = [path]
    for parameter in _shown(command):
        if parameter.param_type_name == "argument":
            name = (parameter.metavar or parameter.name).upper().strip("[]")
            words.append(name if parameter.required else f"[{name}]")
    return " ".join(words)


def _options(command: Any) -> Iterator[str]:
    lines = []
    for parameter in _shown(command):
        argument = parameter.param_type_name == "argument"
        names = parameter.name.upper() if argument else ", ".join(parameter.opts + parameter.secondary_opts)
        if argument and not parameter.help:
            continue
        told = _sentence(_clean(parameter.help))
        default = _default(parameter)
        lines.append(f"- `{names}`: {told}{default}" if told else f"- `{names}`{default}")
    if lines:
        yield "\n".join(lines) + "\n"


def _shown(command: Any) -> list[Any]:
    return [parameter for parameter in command.params if parameter.name != "help" and not _hidden(parameter)]


def _hidden(parameter: Any) -> bool:
    return bool(getattr(parameter, "hidden", False))


def _default(parameter: Any) -> str:
    value = parameter.default
    if isinstance(value, Path) and value.is_relative_to(_ROOT):
        value = value.relative_to(_ROOT)
    if isinstance(value, bool) or value in (None, "", ...) or callable(value) or parameter.required:
        return ""
    if isinstance(value, list | tuple) and not value:
        return ""
    return f" Default: `{value}`."


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "…", "?")) else f"{text}."


def _clean(text: str | None) -> str:
    """Help text as a line of Markdown."""
    paragraphs = (text or "").strip().split("\n\n")
    joined = "\n\n".join(" ".join(line.strip() for line in one.splitlines()) for one in paragraphs)
    return _MARKUP.sub("", joined).replace("|", "\\|")


def main() -> None:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    for path, page in ((_PAGE, reference()), (_RECOMMENDERS, recommenders())):
        if check and path.read_text(encoding="utf-8") != page:
            sys.exit(f"{path} is out of date; run `python docs/reference/make.py`")
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
