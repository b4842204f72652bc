"""The program starts on nothing, says where it is, and leaves the heavy libraries alone."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from storage import migrate
from tests.conftest import POSTGRES
from tests.e2e.conftest import MakeProgram
from tests.e2e.program import ROOT, Program, rows

pytestmark = pytest.mark.slow

HEAVY = ("torch", "transformers", "pandas", "ibis", "sklearn", "scipy", "pyarrow", "duckdb", "matplotlib")

# Every import of the serving process, from the command line to the wired program.
_SERVING = """
import sys
import bot.cli, bot.program, bot.commands.prepare, bot.commands.run
import nlu
nlu.load().understand(["where is my order 1024?", "这个多少钱"])
found = sorted(name for name in sys.argv[1:] if name in sys.modules)
print(",".join(found))
"""


def test_serving_imports_no_heavy_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SERVING, *HEAVY], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "command", ["--help", "staff --help", "customer --help", "nlu --help", "retention --help"]
)
def test_every_command_explains_itself(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *command.split()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Usage" in done.stdout


def test_settings_that_cannot_be_used_are_all_named_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "run"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "LIUKE_HOME": str(tmp_path),
            "LIUKE_PORT": "many",
            "LIUKE_DATABASE_URL": "oracle://x",
            "LIUKE_TELEGRAM_TOKEN": "nonsense",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    )
    assert done.returncode == 1
    for name in ("LIUKE_PORT", "LIUKE_DATABASE_URL", "LIUKE_TELEGRAM_TOKEN"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


_BLOCKED = ("torch", "transformers")


async def test_it_runs_where_the_training_libraries_are_not(
    make_program: MakeProgram, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    for name in _BLOCKED:
        (blocked / name).mkdir(parents=True)
        (blocked / name / "__init__.py").write_text(f'raise ImportError("{name} is not installed")\n')
    program = make_program(more={"PYTHONPATH": f"{blocked}:{ROOT}"})
    started = await program.start()
    assert started < 60
    assert "Ready after" in program.log
    assert await program.stop() < 10


async def test_a_taken_port_is_explained(make_program: MakeProgram) -> None:
    async with make_program() as first:
        second = make_program(port=first.port)
        with pytest.raises(RuntimeError, match="LIUKE_PORT"):
            await second.liuke("run")


@pytest.mark.parametrize("command", ["run", "customer list"])
def test_a_database_that_is_not_there_is_named_with_what_to_do(tmp_path: Path, command: str) -> None:
    where = make_url(POSTGRES).set(password="sesame", database="nobody_made_this")
    done = _ended(tmp_path, command, LIUKE_DATABASE_URL=where.render_as_string(hide_password=False))
    assert "createdb" in done.stderr
    assert "nobody_made_this" in done.stderr
    assert str(where.host) in done.stderr
    assert "sesame" not in done.stderr


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    asyncio.run(migrate(f"sqlite:///{tmp_path / 'liuke.db'}"))
    with closing(sqlite3.connect(tmp_path / "liuke.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "made by a newer version" in _ended(tmp_path, "run").stderr


def _ended(home: Path, command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that can't begin: it says why, and no stack trace."""
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *command.split()],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "LIUKE_HOME": str(home), "COLUMNS": "400", **more},
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.timeout(300)
async def test_the_password_is_shown_by_the_first_start_that_succeeds(tmp_path: Path) -> None:
    texts = tmp_path / "home" / "texts" / "en.ftl"
    texts.parent.mkdir(parents=True)
    texts.write_text("greeting-back = { $nobody", "utf-8")
    program = Program(tmp_path / "home", more={"LIUKE_DEMO": "false", "LIUKE_PROT": "1"})
    with pytest.raises(RuntimeError, match="can't start"):
        await program.start()
    assert rows(program.home, "SELECT count(*) FROM staff") == [(0,)]
    assert (
        "LIUKE_PROT in the environment is not known and does nothing; did you mean LIUKE_PORT?" in program.log
    )
    texts.unlink()
    async with program:
        await program.prints("sign in as admin with the password")
        await program.stop()
