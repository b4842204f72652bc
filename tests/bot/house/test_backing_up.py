"""A back-up is whole, is made while others write, and goes into what is empty; whatever is wrong is refused first."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

import storage.dumps
import storage.postgres_tools
from bot.house.archive import MANIFEST, BackupDamaged
from bot.house.backing_up import BackupRefused, back_up, restore
from bot.settings import Settings
from kernel.console import quiet
from kernel.files import sha256
from storage import Store, StoreNewer, migrate
from storage.contents import look_into
from storage.errors import DumpFailed, StoreNotEmpty
from storage.restored import Restorations
from storage.settings import SettingStore
from tests.factories import NOW, add_customer

LATER = NOW + timedelta(hours=2)
SQLITE_ALONE = pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
"""What is about the archive holds for either."""
NewUrl = Callable[[str], Awaitable[str]]

_FILES = {
    "models/nlu/v1/taught.tsv": "text\tlabel\n",
    "media/a.png": "picture",
    "pages/returns.md": "# Returns\n",
    "texts/zh.ftl": "thanks = 不客气\n",
    "recommendations.toml": "pin = []\n",
    "prices.toml": "on = true\n",
}


def settings_of(home: Path, url: str) -> Settings:
    return Settings(home=home, database_url=url)


@pytest.fixture
async def shop(migrated_url: str, tmp_path: Path) -> Settings:
    """A home with something of everything."""
    store = Store.open(migrated_url)
    await store.write(lambda connection: add_customer(connection, "c1"))
    await store.close()
    home = tmp_path / "home"
    for name, content in _FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content, "utf-8")
    (home / "models" / ".half.part").write_text("draft")
    (home / "imports").mkdir()
    (home / "imports" / "rejects.csv").write_text("somebody")
    (home / "liuke.env").write_text(
        "LIUKE_PORT=9000\nLIUKE_TELEGRAM_TOKEN=1:sesame\nLIUKE_WEB_SECRET=sesame\n# LIUKE_X=sesame\n"
        "LIUKE_DATABASE_URL=postgresql://u:sesame@h/d\nLIUKE_TELEGRAM_TOKN=sesame\nexport LIUKE_HOST=0.0.0.0\n"
    )
    return settings_of(home, migrated_url)


@pytest.fixture
async def backup(shop: Settings, tmp_path: Path) -> Path:
    path, _ = await back_up(shop, tmp_path / "b.zip", NOW, quiet)
    return path


@pytest.fixture
async def fresh(shop: Settings, new_url: NewUrl, tmp_path: Path) -> Settings:
    """An empty home and an empty database of the same kind."""
    (tmp_path / "new").mkdir()
    return settings_of(tmp_path / "new", await new_url(make_url(shop.store_url).get_backend_name()))


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


async def test_all_of_it_is_there_again(shop: Settings, backup: Path, fresh: Settings) -> None:
    manifest, _ = await restore(fresh, backup, LATER, quiet)
    before, after = await look_into(shop.store_url), await look_into(fresh.store_url)
    # What the restoration itself notes: a setting and a line of the audit log.
    noted = {"setting": before.counts["setting"] + 1, "audit": before.counts["audit"] + 1}
    assert after.counts == {**before.counts, **noted}
    assert after.revision == before.revision == manifest.revision
    assert {name: (fresh.home / name).read_text("utf-8") for name in _FILES} == _FILES
    assert sorted(path.name for path in fresh.home.iterdir()) == [
        "liuke.env", "media", "models", "pages", "prices.toml", "recommendations.toml", "texts",
    ]  # fmt: skip
    assert left_over(fresh.home / "models") == left_over(backup.parent) == []


@SQLITE_ALONE
async def test_secrets_are_left_out_and_named(shop: Settings, backup: Path, fresh: Settings) -> None:
    manifest, _ = await restore(fresh, backup, LATER, quiet)
    assert manifest.left_out == ("LIUKE_TELEGRAM_TOKEN", "LIUKE_WEB_SECRET", "LIUKE_DATABASE_URL")
    assert (fresh.home / "liuke.env").read_text() == "LIUKE_PORT=9000\nexport LIUKE_HOST=0.0.0.0\n"


@SQLITE_ALONE
async def test_settings_that_are_there_stay(backup: Path, fresh: Settings) -> None:
    (fresh.home / "liuke.env").write_text("LIUKE_PORT=1\n")
    await restore(fresh, backup, LATER, quiet)
    assert (fresh.home / "liuke.env").read_text() == "LIUKE_PORT=1\n"


@SQLITE_ALONE
async def test_a_folder_gets_a_file_named_by_the_time(shop: Settings, tmp_path: Path) -> None:
    path, manifest = await back_up(shop, tmp_path, NOW, quiet)
    assert path == tmp_path / "liuke-20261125-040000.zip"
    assert manifest.counts["customer"] == 1


async def test_others_write_meanwhile(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On either database it is one moment, however much comes while it is copied."""
    monkeypatch.setattr(storage.dumps, "_PAGES", 1)
    store, url = Store.open(shop.store_url), make_url(shop.store_url)
    told: list[float] = []

    def tell(what: str, share: float) -> None:
        told.append(share)
        if what == "copying the database":
            with closing(sqlite3.connect(str(url.database))) as other, other:
                other.execute("INSERT INTO lease VALUES (?, 'x', 1)", (str(len(told)),))

    _, manifest = await back_up(shop, tmp_path / "b.zip", NOW, tell)
    await store.close()
    assert manifest.counts["lease"] == 0
    if url.get_backend_name() == "sqlite":
        assert (await look_into(shop.store_url)).counts["lease"] > 10


@SQLITE_ALONE
async def test_nothing_is_overwritten(shop: Settings, backup: Path) -> None:
    written = sha256(backup)
    with pytest.raises(BackupRefused, match="not overwritten"):
        await back_up(shop, backup, NOW, quiet)
    assert sha256(backup) == written


async def test_there_must_be_a_folder_and_something_to_take(
    shop: Settings, fresh: Settings, tmp_path: Path
) -> None:
    with pytest.raises(BackupRefused, match="no folder"):
        await back_up(shop, tmp_path / "none" / "b.zip", NOW, quiet)
    with pytest.raises(BackupRefused, match="nothing to back up"):
        await back_up(fresh, tmp_path / "b.zip", NOW, quiet)
    assert left_over(tmp_path) == []


# --- what is not restored -------------------------------------------------------------------------------------


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def manifest_with(**values: object) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), **values}).encode()

    return change


def altered(files: dict[str, bytes]) -> None:
    files["home/pages/returns.md"] += b"!"


def missing(files: dict[str, bytes]) -> None:
    del files["home/pages/returns.md"]


def leading_out(files: dict[str, bytes]) -> None:
    manifest = json.loads(files[MANIFEST])
    name = "home/../../evil"
    files[name] = files.pop("home/pages/returns.md")
    manifest["files"][name] = manifest["files"].pop("home/pages/returns.md")
    files[MANIFEST] = json.dumps(manifest).encode()


def no_manifest(files: dict[str, bytes]) -> None:
    del files[MANIFEST]


@SQLITE_ALONE
@pytest.mark.parametrize(
    ("change", "error", "said"),
    [(altered, BackupDamaged, r"returns\.md is not as it was"), (missing, BackupDamaged, "does not hold"),
     (leading_out, BackupDamaged, "evil"), (no_manifest, BackupDamaged, "no back-up of Liuke"),
     (manifest_with(format=9), BackupDamaged, "newer version"),
     (manifest_with(made_at="yesterday"), BackupDamaged, "manifest"),
     (manifest_with(revision="9999"), StoreNewer, "update this program")],
)  # fmt: skip
async def test_what_is_not_as_it_was_written_is_refused(
    backup: Path,
    fresh: Settings,
    change: Callable[[dict[str, bytes]], None],
    error: type[Exception],
    said: str,
) -> None:
    rewrite(backup, change)
    with pytest.raises(error, match=said):
        await restore(fresh, backup, LATER, quiet)
    assert list(fresh.home.iterdir()) == []
    assert (await look_into(fresh.store_url)).revision == ""


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 2_000)


@SQLITE_ALONE
async def test_a_part_of_a_file_is_refused(backup: Path, fresh: Settings) -> None:
    cut(backup)
    with pytest.raises(BackupDamaged, match="a part"):
        await restore(fresh, backup, LATER, quiet)


async def test_what_is_there_is_not_replaced(shop: Settings, backup: Path, fresh: Settings) -> None:
    with pytest.raises(StoreNotEmpty, match="1 customer"):
        await restore(settings_of(fresh.home, shop.store_url), backup, LATER, quiet)
    with pytest.raises(BackupRefused, match="media, pages"):
        await restore(settings_of(shop.home, fresh.store_url), backup, LATER, quiet)


async def test_a_database_of_another_kind_is_refused_with_the_way_to_it(
    backup: Path, fresh: Settings, new_url: NewUrl
) -> None:
    kind = make_url(fresh.store_url).get_backend_name()
    other = await new_url("sqlite" if kind == "postgresql" else "postgresql")
    with pytest.raises(BackupRefused, match="liuke copy"):
        await restore(settings_of(fresh.home, other), backup, LATER, quiet)


@pytest.mark.parametrize("tables", [False, True])
async def test_nothing_stays_of_one_that_fails_and_it_can_be_tried_again(
    backup: Path, fresh: Settings, monkeypatch: pytest.MonkeyPatch, tables: bool
) -> None:
    if tables:
        await migrate(fresh.store_url)

    async def fail(_self: Restorations, *_: object) -> None:
        raise RuntimeError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(Restorations, "settle", fail)
        with pytest.raises(RuntimeError, match="no room"):
            await restore(fresh, backup, LATER, quiet)
    assert [path for path in fresh.home.iterdir() if path.is_dir() or path.suffix != ".db"] == []
    assert (await look_into(fresh.store_url)).empty
    await restore(fresh, backup, LATER, quiet)
    assert (await look_into(fresh.store_url)).counts["customer"] == 1


@pytest.mark.parametrize("any_url", ["postgresql"], indirect=True)
async def test_nobody_starts_on_a_half_restored_postgresql(
    shop: Settings, backup: Path, fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes between pg_restore and the rest."""

    async def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(storage.dumps, "adopt", power_cut)
    monkeypatch.setattr(storage.dumps, "drop_tables", power_cut)
    with pytest.raises(KeyboardInterrupt):
        await restore(fresh, backup, LATER, quiet)
    with pytest.raises(Exception, match="already exists"):
        await migrate(fresh.store_url)


# --- what is needed for it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "version", "said"),
    [(None, "", "pg_dump is not there; install"),
     ("/usr/bin/pg_dump", "pg_dump (PostgreSQL) 9.6", "older than the server")],
)  # fmt: skip
async def test_pg_dump_must_be_there_and_new_enough(
    new_url: NewUrl,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    which: str | None,
    version: str,
    said: str,
) -> None:
    url = await new_url("postgresql")
    await migrate(url)
    store = Store.open(url)
    await store.write(lambda connection: SettingStore(connection).put("a", 1))
    await store.close()

    async def run(*_: object) -> str:
        return version

    monkeypatch.setattr(shutil, "which", lambda _tool: which)
    monkeypatch.setattr(storage.postgres_tools, "_run", run)
    with pytest.raises(DumpFailed, match=said):
        await back_up(settings_of(tmp_path, url), tmp_path / "b.zip", NOW, quiet)
    assert left_over(tmp_path) == []


async def test_a_damaged_database_is_not_called_backed_up(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(shop.store_url)
    if url.get_backend_name() == "postgresql":
        monkeypatch.setattr(storage.dumps, "dumped_tables", _only_customers)
        said = "left out .*orders"
    else:
        with closing(sqlite3.connect(str(url.database))) as file, file:
            file.execute("PRAGMA writable_schema=1")
            file.execute("DELETE FROM sqlite_master WHERE name = 'ix_customer_email'")
        said = "damaged"
    with pytest.raises(DumpFailed, match=said):
        await back_up(shop, tmp_path / "b.zip", NOW, quiet)
    assert not (tmp_path / "b.zip").exists()


async def _only_customers(_dump: Path) -> set[str]:
    return {"customer"}


def test_passwords_are_on_no_command_line() -> None:
    words = storage.postgres_tools._where("postgresql://u:sesame@h:5433/d?ssl=require")
    assert words == ["--host=h", "--port=5433", "--username=u", "--dbname=d"]


async def test_the_store_goes_on_where_it_was(backup: Path, fresh: Settings) -> None:
    """Numbers that the database gives out go on after those that are there."""
    await restore(fresh, backup, LATER, quiet)
    store = Store.open(fresh.store_url)

    async def work(connection: AsyncConnection) -> None:
        await add_customer(connection, "c2")
        assert (await connection.execute(text("SELECT count(*), count(DISTINCT id) FROM consent"))).one() == (
            2,
            2,
        )

    await store.write(work)
    await store.close()
