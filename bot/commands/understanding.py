"""`liuke nlu …`, the part that needs the shop's store: teach the model, go back, and take out corrections."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.common import with_store
from bot.console_output import fail, out, print_table
from bot.settings import Settings
from bot.understanding import KIND, SHIPPED
from nlu import commands as nlu_commands
from nlu.printing import print_lesson, progress_bar, told, write_figures
from nlu.redaction import redact
from storage import NotFound, Store
from storage.corrections import Correction, Corrections
from storage.models import ModelVersion, ModelVersions

app = nlu_commands.app
"""The commands of the understanding room; those that need a store are added here."""
_KEPT_BEFORE = timedelta(seconds=1)


@app.command("train")
def train(
    data: Annotated[
        list[Path],
        typer.Option(
            help="Messages with the columns text and label; own intents or ours. Several files may be given."
        ),
    ],
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Train the encoder too; needs the extra `train`, and minutes.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--out", help="Only write the model there; what is in use stays.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Use it even if it reads the built-in intents worse.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
) -> None:
    """Teach the model your messages and use it from now on; the one before is kept."""
    if to is not None and to.exists():
        fail(f"{to} is there already; name a folder that is not.")
    if to is not None:
        _teach(data, to, finetune, json_file)
        out.print(f"The model is in {to}.", markup=False, highlight=False)
        return
    with_store(lambda settings, store: _teach_and_use(settings, store, data, finetune, anyway, json_file))


@app.command("versions")
def versions() -> None:
    """Show every model of the understanding, newest first."""

    async def work(_settings: Settings, store: Store) -> list[ModelVersion]:
        async with store.read() as connection:
            return await ModelVersions(connection).all(KIND)

    rows = [
        (
            one.version,
            "yes" if one.current else "",
            f"{one.metrics['accuracy']:.1%}" if "accuracy" in one.metrics else "",
            f"{one.fitted_at:%Y-%m-%d %H:%M}Z" if one.path else "",
        )
        for one in with_store(work)
    ]
    print_table(
        "Models of the understanding",
        ("version", "in use", "cross-validated", "taught"),
        rows or [(SHIPPED, "yes", "", "")],
    )


@app.command("use")
def use(version: Annotated[str, typer.Argument(help="From `liuke nlu versions`.")]) -> None:
    """Read with this version: go back, or forward again."""
    now = datetime.now(UTC)
    with_store(
        lambda _settings, store: store.write(lambda c: ModelVersions(c).make_current(KIND, version, now))
    )
    out.print(f"Reading with {version} within seconds.", markup=False, highlight=False)


@app.command("rollback")
def rollback() -> None:
    """Read with the version that was used before this one; again to go back further."""

    async def back(connection: AsyncConnection) -> str:
        before = await ModelVersions(connection).before(KIND)
        if before is None:
            raise NotFound("no older version was ever used: there is nothing to go back to")
        await ModelVersions(connection).make_current(KIND, before.version, datetime.now(UTC))
        return before.version

    version = with_store(lambda _settings, store: store.write(back))
    out.print(f"Reading with {version} within seconds.", markup=False, highlight=False)


@app.command("corrections")
def corrections(
    to: Annotated[Path, typer.Option("--out", help="Tab-separated: text and label, for `liuke nlu train`.")],
) -> None:
    """Write what staff said that messages really meant, without personal data."""

    async def work(_settings: Settings, store: Store) -> Sequence[Correction]:
        async with store.read(long=True) as connection:
            return await Corrections(connection).all()

    found = with_store(work)
    fresh = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, escapechar=None)
            writer.writerow(("text", "label"))
            # Normalised by the redaction, so that no text holds a tab or a line's end.
            writer.writerows((redact(one.text), one.label) for one in found)
        fresh.replace(to)
    except OSError as error:
        fail(f"{to} can't be written: {error.strerror}")
    finally:
        fresh.unlink(missing_ok=True)
    out.print(f"{len(found)} corrections written to {to}.", markup=False, highlight=False)


def _teach(data: Sequence[Path], folder: Path, finetune: bool, json_file: Path | None) -> Any:
    from nlu.teaching.shop import lesson_values, teach

    with told(), progress_bar() as progress:
        lesson = teach(data, folder, finetune=finetune, progress=progress)
    print_lesson(lesson)
    write_figures(json_file, lesson_values(lesson))
    return lesson


async def _teach_and_use(
    settings: Settings,
    store: Store,
    data: Sequence[Path],
    finetune: bool,
    anyway: bool,
    json_file: Path | None,
) -> None:
    from nlu.teaching.shop import lesson_values

    now = datetime.now(UTC)
    version = now.strftime("%Y%m%dT%H%M%S")
    relative = Path("models") / KIND / version
    folder = settings.home / relative
    folder.parent.mkdir(parents=True, exist_ok=True)
    lesson = _teach(data, folder, finetune, json_file)
    if lesson.harms and not anyway:
        shutil.rmtree(folder, ignore_errors=True)
        fail(
            "The built-in intents would be read worse, so the model in use stays. "
            "Look at the confused pairs and the doubtful examples, or insist with --anyway."
        )
    taught = ModelVersion(
        kind=KIND,
        version=version,
        path=str(relative),
        metrics={"accuracy": lesson.accuracy, "built_in": lesson.built_in_after},
        data_hash=lesson.data_hash,
        seed=0,
        fitted_at=now,
        current=True,
        report=lesson_values(lesson),
    )
    await store.write(lambda connection: _register(connection, taught))
    out.print(
        f"Version {version} reads from now on; `liuke nlu rollback` goes back.", markup=False, highlight=False
    )


async def _register(connection: AsyncConnection, taught: ModelVersion) -> None:
    """Keep the taught version beside the shipped one, which is registered with the first of them."""
    register = ModelVersions(connection)
    if not await register.all(KIND):
        before = taught.fitted_at - _KEPT_BEFORE
        shipped = ModelVersion(
            kind=KIND,
            version=SHIPPED,
            path="",
            metrics={},
            data_hash="",
            seed=0,
            fitted_at=before,
            current=True,
        )
        await register.add(shipped, now=before)
    await register.add(taught)
