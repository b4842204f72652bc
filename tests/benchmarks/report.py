"""docs/benchmarks.md: every benchmark replaces its own section and leaves the others alone."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX-VNNI",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "BF16",
    "amx_tile": "AMX",
}
_HEAD = "# Benchmarks\n\nEach section is written by the command that it names.\n"


def write_section(name: str, markdown: str, page: Path = PAGE) -> None:
    """Put `markdown` between the marks of section `name`, which is added at the end where it is new."""
    begin, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    section = f"{begin}\n{markdown.strip()}\n{end}"
    before = page.read_text(encoding="utf-8") if page.exists() else _HEAD
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if pattern.search(before):
        after = pattern.sub(lambda _: section, before, count=1)
    else:
        after = f"{before.rstrip()}\n\n{section}\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(after, encoding="utf-8")


def machine() -> str:
    """What the numbers were taken on, in a few words."""
    cores, where = os.cpu_count() or 0, f"{platform.system()} {platform.machine()}"
    return f"{cores} cores, {processor()}, {where}, Python {platform.python_version()}"


def processor(description: Path = Path("/proc/cpuinfo")) -> str:
    """Its name, and those of its instructions that small networks are multiplied with."""
    lines = description.read_text("utf-8").splitlines() if description.exists() else []
    stated = dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
    flags = stated.get("flags", "").split()
    has = ", ".join(name for flag, name in _INSTRUCTIONS.items() if flag in flags)
    name = stated.get("model name", "").strip() or "a processor"
    return f"{name} ({has})" if has else name


def today() -> str:
    """The date, for the section."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; numbers stand to the right."""
    lines: list[Sequence[str]] = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
