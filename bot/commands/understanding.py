"""`liuke nlu …`, the part that needs the shop's store: teach the model, go back, and take out corrections."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

import nlu
from bot.commands.common import with_reader, with_store
from bot.models.understanding import KIND, SHIPPED
from bot.settings import Settings
from kernel.console import fail, failing, out, print_table, progress_bar
from kernel.times import utc_now
from nlu import commands as nlu_commands
from nlu import modelfiles
from nlu.datafiles import write_lines, written_beside
from nlu.errors import ModelDamaged
from nlu.redaction import redact
from nlu.workshop.reports import check_writable, print_teaching, write_figures
from storage import NotFound, Store
from storage.drafts import Corrections
from storage.models import ModelVersion, ModelVersions

if TYPE_CHECKING:
    from nlu.workshop.teaching import TeachingResult

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
    base: Annotated[
        str | None,
        typer.Option(
            help="The version that is taught, from `liuke nlu versions`, with what it was taught before; "
            "`shipped` forgets all of that. By default the one in use."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Only write the model there; what is in use stays.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Use it even if it reads the built-in intents worse.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
) -> None:
    """Teach the model in use your messages, beside those it was taught before, and use it from now on."""
    if to is not None and to.exists():
        fail(f"{to} is there already; name a folder that is not.")
    check_writable(json_file, *data)

    async def work(settings: Settings, store: Store) -> None:
        before = await _base(settings, store, base)
        if to is None:
            await _teach_and_use(settings, store, before, data, finetune, anyway, json_file)
            return
        write_figures(json_file, _figures(_teach(data, to, before, finetune), before))
        out.print(f"The model is in {to}.")

    with_store(work)


@app.command("versions")
def versions() -> None:
    """Show every model of the understanding, newest first."""
    rows = [
        (
            one.version,
            "yes" if one.current else "",
            f"{one.metrics['accuracy']:.1%}" if "accuracy" in one.metrics else "",
            f"{one.fitted_at:%Y-%m-%d %H:%M}Z" if one.path else "",
        )
        for one in with_reader(lambda connection: ModelVersions(connection).all(KIND))
    ]
    print_table(
        "Models of the understanding",
        ("version", "in use", "cross-validated", "taught"),
        rows or [(SHIPPED, "yes", "", "")],
    )


@app.command("use")
def use(version: Annotated[str, typer.Argument(help="From `liuke nlu versions`.")]) -> None:
    """Read with this version: go back, or forward again."""

    async def work(settings: Settings, store: Store) -> bool:
        async with store.read() as connection:
            # The shipped version is registered with the first that is taught.
            if version == SHIPPED and not await ModelVersions(connection).all(KIND):
                return False
        await _use(settings, store, await _version(store, version))
        return True

    if not with_store(work):
        out.print("Nothing was ever taught: the shipped model is in use.")
        return
    out.print(f"Reading with {version} within seconds.")


@app.command("rollback")
def rollback() -> None:
    """Read with the version that was used before this one; again to go back further."""

    async def work(settings: Settings, store: Store) -> str:
        async with store.read() as connection:
            before = await ModelVersions(connection).before(KIND)
        if before is None:
            raise NotFound("no older version was ever used: there is nothing to go back to")
        await _use(settings, store, before)
        return before.version

    version = with_store(work)
    out.print(f"Reading with {version} within seconds.")


@app.command("corrections")
def corrections(
    to: Annotated[
        Path,
        typer.Option("--out", help="Tab-separated: text, label and corrected_at, for `liuke nlu train`."),
    ],
) -> None:
    """Write what staff said that messages really meant, without personal data."""
    check_writable(to)
    found = with_reader(lambda connection: Corrections(connection).all(), long=True)
    with failing(), written_beside(to) as file:
        found = [one for one in found if one.label]
        texts = [redact(one.text) for one in found]
        # A message of control characters alone has no words to learn from, and `train` would refuse the file.
        rows = [
            (text, one.label, one.at.isoformat())
            for text, one in zip(texts, found, strict=True)
            if text.strip()
        ]
        write_lines(file, ("text", "label", "corrected_at"), rows)
    out.print(f"{len(rows)} corrections written to {to}.")


async def _version(store: Store, version: str) -> ModelVersion:
    """The version of that name.

    Raises:
        NotFound: there is none.
    """
    async with store.read() as connection:
        found = [one for one in await ModelVersions(connection).all(KIND) if one.version == version]
    if not found:
        raise NotFound(f"there is no version {version!r} of the understanding; see `liuke nlu versions`")
    return found[0]


def _folder(settings: Settings, version: ModelVersion) -> Path:
    return settings.home / version.path if version.path else modelfiles.SHIPPED


async def _use(settings: Settings, store: Store, version: ModelVersion) -> None:
    """Read with a version from now on, if it can be loaded; else the command ends, and the one in use stays."""
    with failing():
        nlu.load(_folder(settings, version))
    now = utc_now()
    await store.write(lambda connection: ModelVersions(connection).make_current(KIND, version.version, now))


@dataclass(frozen=True, slots=True)
class _Base:
    """What is taught."""

    name: str
    folder: Path


async def _base(settings: Settings, store: Store, wanted: str | None) -> _Base:
    """The version named, or the one in use; a damaged one ends the command."""
    if wanted == SHIPPED:
        return _Base(SHIPPED, modelfiles.SHIPPED)
    if wanted is None:
        async with store.read() as connection:
            version = await ModelVersions(connection).current(KIND)
    else:
        version = await _version(store, wanted)
    if version is None:
        return _Base(SHIPPED, modelfiles.SHIPPED)
    folder = _folder(settings, version)
    try:
        modelfiles.check(folder)
    except ModelDamaged as damaged:
        fail(f"{damaged}\nTeach another one: --base VERSION, or --base {SHIPPED}.")
    return _Base(version.version, folder)


def _teach(data: Sequence[Path], to: Path, base: _Base, finetune: bool) -> TeachingResult:
    from nlu.workshop.teaching import teach

    with failing(), progress_bar() as progress:
        result = teach(data, to, base.folder, finetune=finetune, progress=progress)
    print_teaching(result, base.name)
    return result


def _figures(result: TeachingResult, base: _Base) -> dict[str, object]:
    """What is kept of a teaching: no message of the shop's."""
    from nlu.workshop.teaching import result_values

    return {**result_values(result), "base": base.name}


async def _teach_and_use(
    settings: Settings,
    store: Store,
    base: _Base,
    data: Sequence[Path],
    finetune: bool,
    anyway: bool,
    json_file: Path | None,
) -> None:
    now = utc_now()
    version = now.strftime("%Y%m%dT%H%M%S")
    relative = Path("models") / KIND / version
    folder = settings.home / relative
    with failing():
        folder.parent.mkdir(parents=True, exist_ok=True)
    with _gone_unless_used(folder):
        result = _teach(data, folder, base, finetune)
        if result.harms and not anyway:
            write_figures(json_file, _figures(result, base))
            fail(
                "The built-in intents would be read worse, so the model in use stays. "
                "Look at the confused pairs and the doubtful examples, or insist with --anyway."
            )
        taught = ModelVersion(
            kind=KIND,
            version=version,
            path=str(relative),
            metrics={"accuracy": result.accuracy, "built_in": result.built_in_after},
            data_hash=result.data_hash,
            seed=0,
            fitted_at=now,
            current=True,
            report=_figures(result, base),
        )
        await store.write(lambda connection: _register(connection, taught))
    out.print(f"Version {version} reads from now on; `liuke nlu rollback` goes back.")
    # Last, so that a full disk can't leave a model that nobody reads with.
    write_figures(json_file, _figures(result, base))


@contextmanager
def _gone_unless_used(folder: Path) -> Iterator[None]:
    """Whatever ends the command before the model is registered, nobody would ever find its folder."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


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
