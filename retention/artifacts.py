"""Saved models: a folder of NumPy and JSON files with a manifest of what they are and what they hash to.

Nothing is ever pickled: reading a model runs no code of the file's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from kernel.files import npz_arrays, npz_bytes, write_durably
from retention.errors import ModelDamaged

KIND = "retention"
FORM = 1
"""Raised when the files change in a way that older programs can't read."""
MANIFEST = "manifest.json"

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a folder with a model holds."""

    kind: str
    version: str
    form: int
    fitted_at: str
    """ISO 8601, UTC."""
    seed: int
    data_hash: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What could not be fitted and what is used instead."""
    readiness: tuple[Mapping[str, Any], ...] = ()
    """The fields of a `retention.report.Readiness` each."""
    files: Mapping[str, str] = field(default_factory=dict)
    """File name to SHA-256."""


def write(
    directory: Path, manifest: Mapping[str, Any], parts: Mapping[str, tuple[Mapping[str, Any], Arrays]]
) -> None:
    """Write a model so that it is either whole or not there.

    Args:
        directory: must not exist yet, or be empty.
        manifest: the fields of `Manifest` other than `kind`, `form` and `files`.
        parts: name to (JSON-able facts, arrays without objects).

    Raises:
        FileExistsError: there is something in the folder already.
    """
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(f"{directory} holds something already: give each version a folder of its own")
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = directory.with_name(f".{directory.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    files: dict[str, str] = {}
    for name, (facts, arrays) in parts.items():
        files[f"{name}.json"] = write_durably(draft / f"{name}.json", _json(facts))
        files[f"{name}.npz"] = write_durably(draft / f"{name}.npz", npz_bytes(arrays))
    whole = {**manifest, "kind": KIND, "form": FORM, "files": files}
    write_durably(draft / MANIFEST, _json(whole))
    if directory.exists():
        directory.rmdir()
    draft.rename(directory)


def replace(directory: Path, name: str, part: tuple[Mapping[str, Any], Arrays]) -> None:
    """Put a part in place of the one of that name; whenever this ends, the version is whole, with or without it.

    Raises:
        ModelDamaged: the manifest can't be read.
    """
    manifest = read_manifest(directory)
    facts, arrays = part
    others = {file: digest for file, digest in manifest.files.items() if not _wanted(file, (name,))}
    _put_manifest(directory, manifest, others)
    fresh = {
        f"{name}.json": write_durably(directory / f"{name}.json", _json(facts)),
        f"{name}.npz": write_durably(directory / f"{name}.npz", npz_bytes(arrays)),
    }
    _put_manifest(directory, manifest, others | fresh)


def _put_manifest(directory: Path, manifest: Manifest, files: Mapping[str, str]) -> None:
    draft = directory / f".{MANIFEST}.{os.getpid()}"
    write_durably(draft, _json({**asdict(manifest), "files": files}))
    draft.replace(directory / MANIFEST)


def read(
    directory: Path, *, only: Collection[str] | None = None
) -> tuple[Manifest, dict[str, tuple[dict[str, Any], dict[str, NDArray[Any]]]]]:
    """The manifest and the parts of a saved model, after the checksum of each has been compared.

    Args:
        only: the names of the parts to read, as far as they are there; all of them without it. Files of other parts
            are not looked at.

    Raises:
        ModelDamaged: a file is missing, changed or unreadable, or the form is not this program's.
    """
    manifest = read_manifest(directory)
    for name in manifest.files:
        if Path(name).name != name:
            raise ModelDamaged(f"{directory / MANIFEST} names a file outside its folder: {name!r}")
    contents = {
        name: _checked(directory, name, digest)
        for name, digest in manifest.files.items()
        if _wanted(name, only)
    }
    parts = {}
    try:
        for name, content in contents.items():
            if name.endswith(".json"):
                stem = name.removesuffix(".json")
                parts[stem] = (json.loads(content), npz_arrays(contents[f"{stem}.npz"]))
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ModelDamaged(f"{directory} cannot be read: {error}") from error
    return manifest, parts


def _wanted(name: str, only: Collection[str] | None) -> bool:
    return only is None or name.rpartition(".")[0] in only


def read_manifest(directory: Path) -> Manifest:
    """The manifest alone.

    Raises:
        ModelDamaged: it is missing, unreadable, of another kind or of another form.
    """
    try:
        raw = json.loads((directory / MANIFEST).read_text("utf-8"))
        for name in ("notes", "readiness"):
            raw[name] = tuple(raw.get(name, ()))
        manifest = Manifest(**raw)
    except (OSError, ValueError, TypeError) as error:
        raise ModelDamaged(f"{directory / MANIFEST} cannot be read: {error}") from error
    if manifest.kind != KIND or manifest.form != FORM:
        raise ModelDamaged(
            f"{directory} holds {manifest.kind!r} in form {manifest.form}, "
            f"this program reads {KIND!r} in form {FORM}"
        )
    return manifest


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True).encode()


def _checked(directory: Path, name: str, digest: str) -> bytes:
    try:
        content = (directory / name).read_bytes()
    except OSError as error:
        raise ModelDamaged(f"{directory / name} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise ModelDamaged(f"{directory / name} is not what was written: its checksum differs")
    return content
