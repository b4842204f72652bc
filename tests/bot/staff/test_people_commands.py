"""`liuke staff`: adding, changing and keeping out members in a terminal, and what it says of a refusal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.settings import Settings
from bot.staff.accounts import StaffAccounts
from storage import Store
from tests.conftest import make_tables
from tests.factories import NOW

RUN = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with an admin, and an agent."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("LIUKE_HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    asyncio.run(make_tables(Settings(home=folder).store_url))
    liuke("add", "root", "--role", "admin")
    liuke("add", "ann", "--name", "Ann")


def liuke(*arguments: str, fails: bool = False) -> str:
    done: Result = RUN.invoke(app, ["staff", *arguments])
    assert done.exit_code == (1 if fails else 0), done.output
    return done.output


def members() -> dict[str, tuple[str, str]]:
    lines = [line.replace("│", " ").split() for line in liuke("members").splitlines()]
    return {words[0]: (words[-2], words[-1]) for words in lines if words and words[-1] in ("yes", "no")}


def test_each_change_is_said_and_shown() -> None:
    assert "ann's new password is " in liuke("password", "ann")
    assert "ann's role is campaigner now, not agent." in liuke("role", "ann", "campaigner")
    assert "has the role campaigner already" in liuke("role", "ann", "campaigner")
    assert "ann is signed out everywhere and can't sign in any more." in liuke("deactivate", "ann")
    assert "ann is deactivated already." in liuke("deactivate", "ann")
    assert members() == {"root": ("admin", "yes"), "ann": ("campaigner", "no")}
    assert "ann can sign in again." in liuke("activate", "ann")
    assert "ann can sign in already." in liuke("activate", "ann")
    entries = json.loads(liuke("audit", "--people", "--json"))
    assert [(entry["action"], entry["actor"]) for entry in entries] == [
        (action, "terminal")
        for action in (
            "member_activated", "member_deactivated", "member_role", "member_password", "member_added",
            "member_added",
        )
    ]  # fmt: skip


def test_whoever_acts_as_somebody_is_named_and_held_to_their_role() -> None:
    assert "does not allow this" in liuke("deactivate", "root", "--as", "ann", fails=True)
    liuke("deactivate", "ann", "--as", "root")
    (entry, *_) = json.loads(liuke("audit", "--people", "--json"))
    assert (entry["action"], entry["actor"]) == ("member_deactivated", "staff:1")
    assert "there is no member of staff 'ann'" in liuke("password", "root", "--as", "ann", fails=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("deactivate", "root"), "the only active admin; make another one first"),
        (("role", "root", "agent"), "the only active admin; make another one first"),
        (("role", "ann", "boss"), "a role is one of viewer, agent, campaigner, admin, not 'boss'"),
        (("deactivate", "bob"), "no member of staff with the login 'bob'"),
        (("password", "bob"), "no member of staff with the login 'bob'"),
        (("add", "ann"), "the login 'ann' is taken; choose another"),
        (("add", "two words"), "A login has 1 to 60 characters without spaces"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], said: str) -> None:
    before = members()
    assert said in liuke(*arguments, fails=True)
    assert members() == before


def test_an_admin_made_by_the_first_command_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.setenv("LIUKE_HOME", str(folder))
    store_url = Settings(home=folder).store_url
    asyncio.run(make_tables(store_url))
    first: Result = RUN.invoke(app, ["staff", "list", "--json"])
    assert json.loads(first.stdout)["cases"] == []
    password = first.stderr.split("the password ")[1].split()[0]

    async def sign_in() -> str:
        store = Store.open(store_url)
        try:
            return (await StaffAccounts(store).sign_in("admin", password, NOW)).role
        finally:
            await store.close()

    assert asyncio.run(sign_in()) == "admin"
    assert RUN.invoke(app, ["staff", "list", "--json"]).stderr == ""
