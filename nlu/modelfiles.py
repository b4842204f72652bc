"""The model folder: encoder.onnx, tokenizer.json, heads.npz, context.onnx, context.json, pages.npz, answers.onnx,
sentences.npz, card.md and manifest.json with their checksums.

A folder that a shop taught holds two files more: `taught.tsv`, the messages it was taught with, and `untaught.npz`, the
heads before the first of them. Only teaching reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from kernel.files import sha256
from nlu.datafiles import read_table, write_lines, written_beside
from nlu.errors import ModelDamaged
from nlu.redaction import redact

FORMAT = "liuke-nlu-1"
FILES = ("encoder.onnx", "tokenizer.json", "heads.npz")
CONTEXT = ("context.onnx", "context.json")
"""What reads a message in its conversation; a folder of an older version lacks them."""
PAGES = ("pages.npz", "answers.onnx", "sentences.npz")
"""What answers from the shop's pages; likewise."""
TAUGHT = "taught.tsv"
"""Has no checksum, so that a person may take a message out of it."""
UNTAUGHT = "untaught.npz"
SHIPPED = Path(__file__).parent / "model"


def write_manifest(folder: Path, facts: dict[str, object]) -> None:
    """Write the manifest over the files that lie in the folder."""
    names = [*FILES, *(name for name in (*CONTEXT, *PAGES, UNTAUGHT) if (folder / name).is_file())]
    manifest = {"format": FORMAT, **facts, "sha256": {name: sha256(folder / name) for name in names}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")


def check(folder: Path) -> dict[str, object]:
    """The manifest, after making sure that every file is there and unaltered.

    Raises:
        ModelDamaged: something is missing, altered or of another format.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        sums = manifest["sha256"]
        kind = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as broken:
        raise ModelDamaged(
            f"{folder} is no model folder: manifest.json is missing or unreadable."
        ) from broken
    if kind != FORMAT:
        raise ModelDamaged(f"{folder} holds a model of format {kind!r}; this version reads {FORMAT!r}.")
    if not isinstance(sums, dict):
        raise ModelDamaged(f"{folder} is no model folder: manifest.json names no checksums.")
    # What may be absent is no less trusted than the rest: it counts as soon as either side speaks of it.
    more = [name for name in (*CONTEXT, *PAGES, UNTAUGHT) if name in sums or (folder / name).exists()]
    for name in (*FILES, *more):
        path = folder / name
        if not path.is_file():
            raise ModelDamaged(f"{folder} is incomplete: {name} is missing. Build or fetch the model again.")
        if sha256(path) != sums.get(name):
            raise ModelDamaged(f"{path} was altered or damaged. Build or fetch the model again.")
    return dict(manifest)


def forget_taught(path: Path, texts: Iterable[str]) -> int:
    """Take these messages out of a `taught.tsv`; how many there were.

    Raises:
        DataRefused: somebody has changed the file, and it can't be read any more.
    """
    rows = [(row["text"], row["label"]) for row in read_table(path, ["text", "label"])]
    gone = {redact(text).casefold() for text in texts}
    left = [row for row in rows if gone.isdisjoint({row[0].casefold(), redact(row[0]).casefold()})]
    if len(left) < len(rows):
        with written_beside(path) as file:
            write_lines(file, ("text", "label"), left)
    return len(rows) - len(left)
