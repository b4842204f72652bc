"""The program starts on nothing, says where it is, and leaves the heavy libraries alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeProgram
from tests.e2e.program import ROOT

HEAVY = ("torch", "transformers", "pandas", "ibis", "sklearn", "scipy", "pyarrow", "duckdb", "matplotlib")

# Every import of the serving process, from the command line to the wired program.
_SERVING = """
import sys
import bot.cli, bot.app, bot.prepare, bot.welcome, bot.commands.run
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
