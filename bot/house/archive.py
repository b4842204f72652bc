"""A back-up: one zip with the store, what can't be made again of the home folder, and a manifest with checksums."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Self

from pydantic import SecretStr

from bot.settings import ENV_FILE, Settings
from bot.shop.prices import FILE as PRICES
from bot.shop.rules import FILE as RULES
from kernel.console import Progress
from kernel.errors import LiukeError

FOLDERS = ("models", "media", "pages", "texts")
"""Of the home, taken whole. What is left out can be made again, or is nobody's to keep: rejected rows of imports, what
the console knows of browsers, caches."""
STORE = "store"
"""The database's file in the archive."""
HOME = "home"
"""The folder in the archive that holds the files of the home."""
MANIFEST = "manifest.json"
_FORMAT = 1
_CHUNK = 1 << 20
_SECRET_ADDRESSES = ("database_url", "redis_url")
_PREFIX = "LIUKE_"


class BackupDamaged(LiukeError):
    """The file is no back-up of Liuke, or not as it was written: take another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a back-up says of itself."""

    format: int
    program: str
    """The version of the program that wrote it."""
    made_at: str
    """ISO 8601, UTC."""
    kind: str
    """sqlite or postgresql."""
    revision: str
    """Of the schema."""
    counts: Mapping[str, int]
    """Rows by table."""
    files: Mapping[str, str]
    """The SHA-256 of each file in the archive, by its name there."""
    left_out: tuple[str, ...]
    """Names of settings that were set in `liuke.env` and hold a secret: they must be set again."""

    @classmethod
    def read(cls, content: bytes) -> Self:
        """From its JSON.

        Raises:
            BackupDamaged: it is none, or of a later format.
        """
        try:
            values: dict[str, Any] = json.loads(content)
            if values["format"] > _FORMAT:
                raise BackupDamaged("The back-up was made by a newer version; update this program.")
            found = cls(**{**values, "left_out": tuple(values["left_out"])})
            datetime.fromisoformat(found.made_at)
        except (ValueError, TypeError, KeyError) as error:
            raise BackupDamaged("The back-up's manifest can't be read; take another back-up.") from error
        return found


def write_archive(
    path: Path, store: Path, home: Path, facts: Mapping[str, Any], progress: Progress
) -> Manifest:
    """Write a back-up of a dumped store and a home folder to a new file.

    Args:
        path: of the zip.
        store: what `storage.dumps.dump` wrote.
        home: its files are taken as they are; settings without secrets.
        facts: `made_at`, `kind`, `revision` and `counts` of the manifest.
        progress: told of the bytes that are written.

    Raises:
        OSError: a file can't be read or written.
    """
    members = {STORE: store, **{f"{HOME}/{name}": file for name, file in _home_files(home)}}
    settings, left_out = _without_secrets(home / ENV_FILE)
    checksums: dict[str, str] = {}
    total = sum(file.stat().st_size for file in members.values()) or 1
    done = 0
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, file in members.items():
            checksum = hashlib.sha256()
            try:
                source = file.open("rb")
            except FileNotFoundError:
                continue  # an old model, cleared away since it was listed
            entry = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with source, archive.open(entry, "w", force_zip64=True) as member:
                while chunk := source.read(_CHUNK):
                    checksum.update(chunk)
                    member.write(chunk)
                    done += len(chunk)
                    progress("packing", min(done / total, 1.0))
            checksums[name] = checksum.hexdigest()
        if settings:
            archive.writestr(f"{HOME}/{ENV_FILE}", settings)
            checksums[f"{HOME}/{ENV_FILE}"] = hashlib.sha256(settings).hexdigest()
        manifest = Manifest(
            format=_FORMAT, program=version("liuke"), files=checksums, left_out=tuple(left_out), **facts
        )
        archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
    return manifest


def read_archive(path: Path, progress: Progress) -> Manifest:
    """The manifest of a back-up, each of whose files has the checksum that it names.

    Raises:
        BackupDamaged: it is no back-up, or a file in it is missing, altered, or named as none may be.
        OSError: it can't be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = Manifest.read(archive.read(MANIFEST))
            if set(archive.namelist()) - {MANIFEST} != set(manifest.files) or STORE not in manifest.files:
                raise BackupDamaged(f"{path} does not hold the files that its manifest names.")
            for place, (name, checksum) in enumerate(manifest.files.items()):
                progress("checking the back-up", place / len(manifest.files))
                if not _is_plain(name) or _checksum(archive, name) != checksum:
                    raise BackupDamaged(f"{path} is damaged: {name} is not as it was written.")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
        raise BackupDamaged(f"{path} is no back-up of Liuke, or only a part of one.") from error
    return manifest


def unpack(path: Path, into: Path, progress: Progress) -> None:
    """Put every file of a checked back-up below a new folder.

    Raises:
        OSError: a file can't be written.
    """
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name != MANIFEST]
        for place, name in enumerate(names):
            progress("unpacking", place / len(names))
            archive.extract(name, into)


def _is_plain(name: str) -> bool:
    """Nothing that leads out of the folder it is unpacked in."""
    parts = PurePosixPath(name).parts
    ours = name == STORE or (parts[0] == HOME and len(parts) > 1)
    return ours and ".." not in parts and "\\" not in name and ":" not in name


def _checksum(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as member:
        return hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]


def _home_files(home: Path) -> Iterator[tuple[str, Path]]:
    """Each file that is taken, with its name below the home; drafts, whose names begin with a dot, are not."""
    for folder in FOLDERS:
        for file in sorted((home / folder).rglob("*")):
            inside = file.relative_to(home)
            if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                yield inside.as_posix(), file
    for name in (RULES, PRICES):
        if (home / name).is_file():
            yield name, home / name


def _without_secrets(file: Path) -> tuple[bytes, list[str]]:
    """The lines of `liuke.env` that set what is no secret, and the names of those that do.

    Anything else, such as a comment or a misspelt name, may hold one.
    """
    kept: list[str] = []
    left_out: list[str] = []
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        name = line.partition("=")[0].strip().removeprefix("export ").strip().upper()
        field = name.removeprefix(_PREFIX).lower()
        if not name.startswith(_PREFIX) or field not in Settings.model_fields:
            continue
        types = getattr(Settings.model_fields[field].annotation, "__args__", ())
        if SecretStr in types or field in _SECRET_ADDRESSES:
            left_out.append(name)
        else:
            kept.append(line)
    return "".join(f"{line}\n" for line in kept).encode(), left_out
