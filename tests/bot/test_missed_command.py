"""`liuke nlu missed`: what is shown, what is written, and that it can be learned from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import Settings
from kernel.times import utc_now
from nlu import commands
from nlu.acts import Act
from nlu.datafiles import read_table
from nlu.workshop.dialogues import building
from nlu.workshop.dialogues.corpus import read_turns
from storage import Store
from storage.drafts import Corrections
from storage.schema import message
from storage.staff import Staff
from tests.conftest import make_tables
from tests.storage.test_corrections import written
from tests.storage.test_missed import said

T = TypeVar("T")
RUN = CliRunner()
WHERE = {
    "asked": "choice return.order",
    "tasks": ["return", "gift_wrap"],
    "shown": ["order 1: 1 x Kettle | paid", "product: Mug | $9"],
}


def _in_store(home: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        store = Store.open(Settings(home=home).store_url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with three turns that were missed, two of them alike; three are taught."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("LIUKE_HOME", str(home))
    asyncio.run(make_tables(Settings(home=home).store_url))

    async def fill(connection: AsyncConnection) -> None:
        _, conversation, _, ann = await written(connection, "hi")
        now = utc_now() - timedelta(days=2)
        for words, where, act, label in (
            ("the steel one", WHERE, "gives", ""),
            ("the steel one please", WHERE, None, "order_status"),
            ("wrap it for 13800138000", {}, None, "gift_wrap"),
        ):
            read = {"intents": [["thanks", 0.2]], "where": where}
            await said(connection, conversation, "Which order\tis it?", "out")
            number = await said(connection, conversation, words, at=now, missed="unclear", understanding=read)
            await Corrections(connection).put(number, label, act=act, staff_id=ann, now=now)

    _in_store(home, lambda store: store.write(fill))
    return home


@pytest.mark.usefixtures("home")
def test_it_shows_the_groups() -> None:
    shown = RUN.invoke(app, ["nlu", "missed"])
    assert shown.exit_code == 0, shown.output
    assert "3 turns in 2 groups" in shown.output
    assert "13800138000" not in shown.output
    (first, second) = json.loads(RUN.invoke(app, ["nlu", "missed", "--json"]).stdout)
    assert (first["size"], second["size"]) == (2, 1)
    assert second["examples"][0]["say"] == "wrap it for [phone]"
    assert json.loads(RUN.invoke(app, ["nlu", "missed", "--json", "--language", "zh"]).stdout) == []
    assert json.loads(RUN.invoke(app, ["nlu", "missed", "--json", "--days", "1"]).stdout) == []


@pytest.mark.usefixtures("home")
def test_it_writes_all_of_them(tmp_path: Path) -> None:
    table, lines = tmp_path / "missed.tsv", tmp_path / "missed.jsonl"
    for to in (table, lines):
        done = RUN.invoke(app, ["nlu", "missed", "--out", str(to)])
        assert done.exit_code == 0, done.output
        assert "3 turns in 2 groups" in " ".join(done.output.split())
    rows = read_table(table, ["message", "asked"], skip_empty=True)
    assert {row["message"] for row in rows} == {"the steel one", "the steel one please"}
    assert {row["bot"] for row in rows} == {"Which order is it?"}
    read = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert [one["group"] for one in read] == [1, 1, 2]
    assert "13800138000" not in lines.read_text("utf-8") + table.read_text("utf-8")


@pytest.mark.usefixtures("home")
def test_what_was_taught_is_written_as_turns(tmp_path: Path) -> None:
    to = tmp_path / "turns.jsonl"
    done = RUN.invoke(app, ["nlu", "missed", "--taught", "--out", str(to)])
    assert done.exit_code == 0, done.output
    # An intent of the shop's own has no name there.
    assert "2 turns written" in " ".join(done.output.split())
    gives, wishes = read_turns(to)
    assert (gives.text, gives.acts, gives.wishes, gives.whole) == (
        "the steel one",
        frozenset({Act.GIVES}),
        (),
        False,
    )
    assert (wishes.acts, [one.label for one in wishes.wishes]) == (frozenset({Act.ASIDE}), ["order_status"])
    assert gives.state.question is not None
    assert (gives.state.question.task, gives.state.question.slot) == ("return", "order")
    assert gives.state.tasks == ("return",)
    assert [one.kind for one in gives.state.shown] == ["order", "product"]


@pytest.mark.usefixtures("home")
def test_acts_are_no_intents_to_learn(tmp_path: Path) -> None:
    to = tmp_path / "corrections.tsv"
    assert RUN.invoke(app, ["nlu", "corrections", "--out", str(to)]).exit_code == 0
    labels = [row["label"] for row in read_table(to, ["text", "label"])]
    assert labels == ["order_status", "gift_wrap"]


@pytest.mark.parametrize("to", [None, "turns.tsv"])
def test_turns_go_into_a_file_of_theirs(to: str | None) -> None:
    refused = RUN.invoke(app, ["nlu", "missed", "--taught", *(("--out", to) if to else ())])
    assert refused.exit_code == 1
    assert ".jsonl" in refused.output


def test_a_file_of_another_kind_is_refused() -> None:
    refused = RUN.invoke(app, ["nlu", "missed", "--out", "missed.xlsx"])
    assert refused.exit_code == 1
    assert "neither .jsonl nor .tsv" in refused.output


def test_the_context_model_learns_from_a_shops_own_turns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, object] = {}

    def build(_folder: Path, **options: object) -> building.Built:
        given.update(options)
        return building.Built(turns=3, apart=1, shares={})

    monkeypatch.setattr(building, "build", build)
    mine = tmp_path / "turns.jsonl"
    done = RUN.invoke(commands.app, ["context", "--out", str(tmp_path), "--more", str(mine)])
    assert done.exit_code == 0, done.output
    assert given["more"] == [mine]


@pytest.mark.slow
def test_the_nearest_entry_stands_beside_a_group_and_takes_its_words(home: Path) -> None:
    page = home / "pages" / "en" / "gifts.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Gifts\n\n## Do you wrap presents?\nYes, gift wrapping is free of charge.\n", "utf-8")

    async def fill(connection: AsyncConnection) -> None:
        await Staff(connection).add(
            login="root", name="Root", role="admin", password_hash="-", language="en", now=utc_now()
        )
        conversation = await connection.scalar(select(message.c.conversation_id).limit(1))
        assert conversation is not None
        await said(connection, conversation, "could you wrap it as a present", at=utc_now(), missed="unclear")

    _in_store(home, lambda store: store.write(fill))
    shown = RUN.invoke(app, ["nlu", "missed", "--pages"])
    assert shown.exit_code == 0, shown.output
    assert "gifts › Do you wrap presents?" in shown.output
    assert "Also asked as: could you wrap it as a present" in shown.output or "也会这样问" in shown.output
    found = json.loads(RUN.invoke(app, ["nlu", "missed", "--pages", "--json"]).stdout)
    assert [one["nearest"]["entry"]["page"] for one in found if one["nearest"]] == ["gifts"]
    told = ["gifts", "Do you wrap presents?", "could you wrap it as a present", "--language", "en"]
    for said_of in ("1 added to gifts", "has all of them already"):
        added = RUN.invoke(app, ["nlu", "asked-as", *told])
        assert added.exit_code == 0, added.output
        assert said_of in added.output
    assert "## Do you wrap presents?\nAlso asked as: could you wrap it as a present\n" in page.read_text(
        "utf-8"
    )
    refused = RUN.invoke(app, ["nlu", "asked-as", "gifts", "Whither?", "where to"])
    assert refused.exit_code == 1
    assert "no page" in refused.output


def test_the_nearest_entry_is_not_written_to_a_file(tmp_path: Path) -> None:
    refused = RUN.invoke(app, ["nlu", "missed", "--pages", "--out", str(tmp_path / "missed.tsv")])
    assert refused.exit_code == 1
    assert "--pages" in refused.output
