"""A file is short enough to be read at once."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST = 400
"""Lines; migrations are written once and stay as they are."""


@pytest.mark.parametrize("room", ["bot", "kernel", "nlu", "retention", "storage"])
def test_no_file_is_longer(room: str) -> None:
    files = [file for file in (ROOT / room).rglob("*.py") if "versions" not in file.parts]
    assert files
    lengths = {str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines()) for file in files}
    assert not {name: lines for name, lines in lengths.items() if lines > MOST}
