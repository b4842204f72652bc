"""Carries out the recipes of CONTRIBUTING.md in a copy of the tree, as a reader would.

A recipe is a section with blocks of three kinds. A block named by a path is a new file; one of `diff` changes a file
that is there; one of `sh` is run, and what it must say follows in a `text` block, where `…` stands for anything.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
_LARGE = 1_000_000
"""Bytes: such files are linked to, not copied."""
_SECTION = re.compile(r"^### (?P<title>Add .+?)\n(?P<body>.*?)(?=^#{1,3} |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<path>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `kind` is its language, `path` the file that it makes or changes."""

    kind: str
    path: str | None
    text: str


def recipes() -> dict[str, tuple[Block, ...]]:
    """The title of each recipe, and its blocks in order."""
    page = PAGE.read_text("utf-8")
    return {found["title"]: tuple(_blocks(found["body"])) for found in _SECTION.finditer(page)}


def _blocks(body: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(body):
        yield Block(found["kind"], found["path"], found["text"])


def copy_tree(target: Path) -> None:
    """The files that are under version control, and those that will be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        source, copy = ROOT / name, target / name
        if not source.is_file():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.stat().st_size > _LARGE:
            copy.symlink_to(source)
        else:
            shutil.copy2(source, copy)


def carry_out(blocks: tuple[Block, ...], tree: Path, home: Path) -> None:
    """Do what the blocks say, in order.

    Raises:
        AssertionError: a change doesn't fit its file, or a command fails or says something else.
    """
    said = ""
    for block in blocks:
        if block.kind == "diff":
            assert block.path
            change(tree / block.path, block.text)
        elif block.kind == "sh":
            said = _run(block.text, tree, home)
        elif block.kind == "text":
            _check(said, block.text)
        elif block.path:
            file = tree / block.path
            assert not file.exists(), f"{block.path} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, "utf-8")


def change(file: Path, diff: str) -> None:
    """Find the lines of the diff that are to be there, once, and put those that shall be there in their place."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] or line for line in lines if line[0] != "+")
    after = "".join(line[1:] or line for line in lines if line[0] != "-")
    text = file.read_text("utf-8")
    assert text.count(before) == 1, f"{file.name} holds these lines {text.count(before)} times:\n{before}"
    file.write_text(text.replace(before, after), "utf-8")


def _run(commands: str, tree: Path, home: Path) -> str:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "LIUKE_HOME": str(home), "PYTHONPATH": str(tree),
        "OMP_NUM_THREADS": "1", "COLUMNS": "200", "LANG": "C.UTF-8",
    }  # fmt: skip
    said = []
    for command in commands.replace("\\\n", " ").splitlines():
        words = shlex.split(command)
        program = [sys.executable, "-m", "bot.cli"] if words[0] == "liuke" else [sys.executable]
        assert words[0] in ("liuke", "python"), f"a recipe runs liuke or python, not {words[0]}"
        done = subprocess.run(
            [*program, *words[1:]], cwd=tree, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        said.append(done.stdout)
    return "".join(said)


def _check(said: str, wanted: str) -> None:
    pattern = r"\s*".join(
        ".*?".join(re.escape(part) for part in line.strip().split("…")) for line in wanted.splitlines()
    )
    assert re.search(pattern, said, re.DOTALL), f"wanted\n{wanted}\ncame\n{said}"
