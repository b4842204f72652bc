"""What can be known of the images and their composition without an engine that builds them."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from bot.cli import app
from bot.program import STOP_WITHIN
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of a kind."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def copied() -> set[str]:
    """What goes from the repository into the build."""
    copies = [shlex.split(line) for line in instructions("COPY") if "--from" not in line]
    return {source for words in copies for source in words[:-1]}


def image_environment() -> dict[str, str]:
    return dict(word.split("=", 1) for line in instructions("ENV") for word in shlex.split(line))


def interpolated(value: str, **given: str) -> str:
    """A value of the composition where only `given` is set."""

    def replace(found: re.Match[str]) -> str:
        name, how, otherwise = found.groups()
        assert name in given or how == "-", f"{name} must be set: {otherwise}"
        return given.get(name) or otherwise

    return _VARIABLE.sub(replace, value)


def test_all_that_is_built_is_copied_and_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    read = {project["project"]["readme"], *project["project"]["license-files"]}
    assert packages | read | {"pyproject.toml", "constraints.txt"} == copied()
    ignored = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    for source in copied():
        assert (ROOT / source).exists()
        assert source not in ignored


def test_its_python_is_new_enough() -> None:
    assert {re.match(r"python:(3\.\d+)-slim\b", line)[1] for line in instructions("FROM")} == {"3.11"}  # type: ignore[index]


def test_settings_have_the_names_that_the_program_knows() -> None:
    known = {f"LIUKE_{name.upper()}" for name in Settings.model_fields}
    given = set(image_environment()).union(*(service["environment"] for service in OURS.values()))
    assert {name for name in given if name.startswith("LIUKE_")} <= known


def test_its_commands_exist() -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    commands = [service["command"] for service in OURS.values()]
    commands += [yaml.safe_load(line) for line in instructions("CMD")]
    for program, command in commands:
        assert program == "liuke"
        assert command in known


def test_one_port_everywhere() -> None:
    port = image_environment()["LIUKE_PORT"]
    assert instructions("EXPOSE") == [port]
    assert f"127.0.0.1:{port}/readyz" in instructions("HEALTHCHECK")[0]
    assert [entry.rsplit(":", 1)[1] for entry in COMPOSE["services"]["serve"]["ports"]] == [port]
    # One port of a machine has room for one container.
    assert "deploy" not in COMPOSE["services"]["serve"]


@pytest.mark.parametrize("name", OURS)
def test_a_password_is_enough_to_start(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = OURS[name]["environment"]
    for variable, value in given.items():
        monkeypatch.setenv(variable, interpolated(value, LIUKE_DB_PASSWORD="0123abcd"))
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    settings = Settings()
    assert settings.store_url == "postgresql://liuke:0123abcd@postgres:5432/liuke"
    assert settings.telegram_token is None
    assert settings.telegram_webhook is None
    assert settings.public_url is None
    assert settings.demo
    with pytest.raises(AssertionError, match="LIUKE_DB_PASSWORD"):
        interpolated(given["LIUKE_DATABASE_URL"])


@pytest.mark.parametrize("name", OURS)
def test_a_service_finds_what_it_needs(name: str) -> None:
    service = OURS[name]
    assert (ROOT / "docker" / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).exists()
    for needed in service["depends_on"]:
        assert "healthcheck" in COMPOSE["services"][needed]
    assert instructions("VOLUME") == [entry.split(":")[1] for entry in service["volumes"]]
    assert int(service["stop_grace_period"].removesuffix("s")) > STOP_WITHIN


def test_every_volume_is_declared() -> None:
    used = {
        entry.split(":")[0]
        for service in COMPOSE["services"].values()
        for entry in service.get("volumes", ())
    }
    assert used == set(COMPOSE["volumes"])
