"""`liuke nlu train`, `use` and `corrections`, and the list that staff correct from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.conversation.texts import Texts
from bot.models.understanding import KIND
from bot.privacy.erasure import Eraser
from bot.settings import Settings
from bot.staff.case_service import CaseService
from bot.staff.console.case_log import offered
from nlu import modelfiles
from nlu.datafiles import read_table
from nlu.intents import INTENTS
from nlu.workshop import teaching
from nlu.workshop.teaching import TeachingResult
from storage import Store
from storage.drafts import Corrections
from storage.models import ModelVersion, ModelVersions
from tests.conftest import make_tables
from tests.factories import NOW
from tests.storage.test_corrections import written

T = TypeVar("T")
RUN = CliRunner()
RESULT = TeachingResult(
    messages=12,
    messages_before=2,
    data_hash="x",
    new_intents=("gift_wrap",),
    own_intents=("gift_wrap", "engraving"),
    lost_intents=("wraping",),
    accuracy=0.9,
    finetuned=False,
    seen_before=False,
    interval=(0.6, 1.0),
    confused=(),
    suspects=(teaching.Suspect(file="mine.tsv", line=3, text="x", label="a", likelier="b", probability=0.9),),
    built_in_before=0.95,
    built_in_after=0.95,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with two versions, the later of them in use; their folders are not there."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("LIUKE_HOME", str(home))
    asyncio.run(make_tables(Settings(home=home).store_url))
    for number in (1, 2):
        _in_store(home, lambda store, number=number: _add(store, number))
    return home


def _in_store(home: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        store = Store.open(Settings(home=home).store_url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def _add(store: Store, number: int) -> None:
    version = ModelVersion(
        kind=KIND,
        version=f"v{number}",
        path=f"models/nlu/v{number}",
        metrics={},
        data_hash="",
        seed=0,
        fitted_at=NOW + timedelta(hours=number),
        current=True,
        report={"own_intents": ["gift_wrap"]},
    )
    await store.write(lambda connection: ModelVersions(connection).add(version))


def _current(home: Path) -> str:
    async def read(store: Store) -> ModelVersion | None:
        async with store.read() as connection:
            return await ModelVersions(connection).current(KIND)

    version = _in_store(home, read)
    assert version is not None
    return version.version


def _sound(folder: Path) -> None:
    """The shipped model in a folder, without a copy of its files."""
    folder.mkdir(parents=True)
    for name in modelfiles.FILES:
        (folder / name).symlink_to(modelfiles.SHIPPED / name)
    modelfiles.write_manifest(folder, {})


def _told(done: Result) -> str:
    return " ".join(done.output.split())


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were taught; nothing is learned."""
    bases: list[Path] = []

    def teach(_files: object, out: Path, base: Path, **_options: object) -> TeachingResult:
        bases.append(base)
        _sound(out)
        return RESULT

    monkeypatch.setattr(teaching, "teach", teach)
    return bases


def test_the_model_in_use_is_taught_on(home: Path, taught: list[Path], tmp_path: Path) -> None:
    _sound(home / "models/nlu/v2")
    figures = tmp_path / "figures.json"
    done = RUN.invoke(app, ["nlu", "train", "--data", "mine.tsv", "--json", str(figures)])
    assert done.exit_code == 0, done.output
    assert taught == [home / "models/nlu/v2"]
    assert "taught from │ v2" in _told(done)
    assert "12, of earlier lessons 2" in _told(done)
    assert "wraping" in _told(done)
    assert "mine.tsv, line 3" in _told(done)
    assert json.loads(figures.read_text("utf-8"))["base"] == "v2"
    assert _current(home) not in ("v1", "v2")


@pytest.mark.parametrize(("base", "folder"), [("shipped", modelfiles.SHIPPED), ("v1", Path("models/nlu/v1"))])
def test_another_model_is_taught_where_it_is_named(
    home: Path, taught: list[Path], tmp_path: Path, base: str, folder: Path
) -> None:
    _sound(home / "models/nlu/v1")
    to = tmp_path / "model"
    done = RUN.invoke(app, ["nlu", "train", "--data", "mine.tsv", "--base", base, "--out", str(to)])
    assert done.exit_code == 0, done.output
    assert taught == [home / folder]
    assert _current(home) == "v2"


def test_a_damaged_model_is_not_taught(home: Path, taught: list[Path]) -> None:
    done = RUN.invoke(app, ["nlu", "train", "--data", "mine.tsv"])
    assert done.exit_code == 1
    assert "--base shipped" in _told(done)
    assert taught == []


def test_figures_that_cannot_be_kept_are_told_before_anything_is_learned(
    home: Path, taught: list[Path]
) -> None:
    done = RUN.invoke(app, ["nlu", "train", "--data", "mine.tsv", "--json", "/nowhere/x.json"])
    assert done.exit_code == 1
    assert "there is no folder /nowhere" in _told(done)
    assert taught == []


def test_figures_do_not_eat_the_messages(home: Path, taught: list[Path], tmp_path: Path) -> None:
    data = tmp_path / "mine.tsv"
    data.write_text("text\tlabel\n", "utf-8")
    done = RUN.invoke(app, ["nlu", "train", "--data", "other.tsv", "--data", str(data), "--json", str(data)])
    assert done.exit_code == 1
    assert "would be lost" in _told(done)
    assert (taught, data.read_text("utf-8")) == ([], "text\tlabel\n")


def test_a_label_is_no_markup(home: Path, taught: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _sound(home / "models/nlu/v2")
    odd = replace(RESULT, new_intents=("[/vip]",), lost_intents=(":heart:",))
    sound = teaching.teach
    monkeypatch.setattr(teaching, "teach", lambda *given, **options: (sound(*given, **options), odd)[1])
    done = RUN.invoke(app, ["nlu", "train", "--data", "mine.tsv"])
    assert done.exit_code == 0, done.output
    assert "[/vip]" in done.output
    assert ":heart:" in done.output


def test_a_model_that_nobody_will_use_leaves_no_folder(
    home: Path, taught: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _sound(home / "models/nlu/v2")

    def broken(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("bot.commands.understanding.print_teaching", broken)
    assert RUN.invoke(app, ["nlu", "train", "--data", "mine.tsv"]).exit_code == 1
    assert [one.name for one in (home / "models/nlu").iterdir()] == ["v2"]
    assert _current(home) == "v2"


def test_a_file_in_the_models_place_is_named(home: Path, taught: list[Path]) -> None:
    (home / "models").write_text("", "utf-8")
    done = RUN.invoke(app, ["nlu", "train", "--data", "mine.tsv", "--base", "shipped"])
    assert done.exit_code == 1
    assert "home/models" in done.output.replace("\n", "")
    assert "the store" not in _told(done)
    assert taught == []


def test_whose_accuracy_it_is_is_told(
    home: Path, taught: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned = replace(RESULT, finetuned=True, seen_before=True)
    monkeypatch.setattr(teaching, "teach", lambda *_, **__: tuned)
    arguments = ["--data", "mine.tsv", "--base", "shipped", "--out", str(tmp_path / "model"), "--finetune"]
    done = RUN.invoke(app, ["nlu", "train", *arguments])
    assert "heads on the encoder as it was" in _told(done)
    assert "the accuracy flatters" in _told(done)


def test_a_damaged_version_is_not_used(home: Path) -> None:
    done = RUN.invoke(app, ["nlu", "use", "v1"])
    assert done.exit_code == 1
    assert "v1 is no model folder" in _told(done)
    assert RUN.invoke(app, ["nlu", "rollback"]).exit_code == 1
    assert _current(home) == "v2"
    _sound(home / "models/nlu/v1")
    assert RUN.invoke(app, ["nlu", "use", "v1"]).exit_code == 0
    assert _current(home) == "v1"
    done = RUN.invoke(app, ["nlu", "use", "v3"])
    assert done.exit_code == 1
    assert "there is no version 'v3'" in _told(done)


def test_the_shipped_model_is_in_use_while_nothing_was_taught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    asyncio.run(make_tables(Settings(home=tmp_path).store_url))
    done = RUN.invoke(app, ["nlu", "use", "shipped"])
    assert done.exit_code == 0
    assert "the shipped model is in use" in _told(done)
    assert RUN.invoke(app, ["nlu", "use", "v1"]).exit_code == 1


def test_corrections_are_written_with_their_time(home: Path, tmp_path: Path) -> None:
    to = tmp_path / "corrections.tsv"
    assert RUN.invoke(app, ["nlu", "corrections", "--out", str(to)]).exit_code == 0
    assert to.read_text("utf-8") == "text\tlabel\tcorrected_at\n"
    done = RUN.invoke(app, ["nlu", "corrections", "--out", "/nowhere/x.tsv"])
    assert done.exit_code == 1
    assert "there is no folder /nowhere" in _told(done)


def test_a_correction_without_words_is_not_written(home: Path, tmp_path: Path) -> None:
    async def write(connection: AsyncConnection) -> None:
        for number, text in enumerate(("wrap it please", "\u200b\u200b")):
            said, _, _, ann = await written(connection, text, address=f"v-{number}")
            await Corrections(connection).put(said, "gift_wrap", staff_id=ann, now=NOW)

    _in_store(home, lambda store: store.write(write))
    to = tmp_path / "corrections.tsv"
    assert RUN.invoke(app, ["nlu", "corrections", "--out", str(to)]).exit_code == 0
    assert [row["text"] for row in read_table(to, ("text", "label"))] == ["wrap it please"]


def test_staff_are_offered_what_the_model_was_taught(home: Path) -> None:
    async def own(store: Store) -> tuple[str, ...]:
        return await CaseService(store, texts=Texts.load(), eraser=Eraser(store, home)).own_intents()

    assert _in_store(home, own) == ("gift_wrap",)
    assert offered(["gift_wrap"], "gift_wrap") == [*INTENTS, "gift_wrap"]
    assert offered([], "engraving") == [*INTENTS, "engraving"]
