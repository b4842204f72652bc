"""Fitted models of the commands, kept in folders of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retention.commands.output import fail, told


def save_part(
    directory: Path,
    part: str,
    content: tuple[Mapping[str, Any], Mapping[str, Any]],
    *,
    seed: int,
    at: datetime | None,
    data: str,
    metrics: Mapping[str, float] | None = None,
) -> None:
    """Write a model of one part; ends the command where the folder holds something already.

    Args:
        at: the moment up to which it has learned; now, where the data has no times.
        data: the hash of what it has learned from; empty for a model that was only taken over.
        metrics: as its fit measured them.
    """
    from retention import artifacts

    moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat()
    manifest: dict[str, Any] = {
        "version": directory.name,
        "fitted_at": moment,
        "seed": seed,
        "data_hash": data,
    }
    manifest["metrics"] = dict(metrics or {})
    try:
        artifacts.write(directory, manifest, {part: content})
    except OSError as error:
        fail(str(error))


def load_part(directory: Path, part: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A part of the model in a folder; ends the command where it is not there or damaged."""
    from retention import artifacts

    with told():
        _, parts = artifacts.read(directory)
    if part not in parts:
        fail(f"{directory} holds {', '.join(sorted(parts)) or 'nothing'}, and no model of the kind {part!r}")
    return parts[part]
