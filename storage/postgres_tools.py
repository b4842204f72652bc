"""PostgreSQL's own programs for back-ups, `pg_dump` and `pg_restore`, as child processes."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import make_url

from storage.errors import DumpFailed

_VERSION = re.compile(r"\) (\d+)")
_TABLE_DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (\S+) ", re.MULTILINE)
_VERSION_DATA = re.compile(r"^(\d+; \d+ \d+ TABLE DATA \S+ alembic_version )", re.MULTILINE)
_SHOWN = 300


async def require_tool(tool: str, server: int | None = None) -> None:
    """See that a program is there and knows the server.

    Args:
        tool: `pg_dump` or `pg_restore`.
        server: the major version of the server, where the program must not be older.

    Raises:
        DumpFailed: it isn't there, or is older; the message says what to install.
    """
    wanted = f"postgresql-client-{server}" if server else "postgresql-client"
    install = f"install PostgreSQL's client programs, such as Debian's package {wanted}"
    if shutil.which(tool) is None:
        raise DumpFailed(f"{tool} is not there; {install}")
    found = _VERSION.search(await _run([tool, "--version"]))
    if server and found and int(found[1]) < server:
        raise DumpFailed(f"{tool} is of version {found[1]}, older than the server ({server}); {install}")


async def pg_dump(url: str, into: Path, snapshot: str) -> None:
    """Write what a snapshot of the database holds, in PostgreSQL's custom format.

    Raises:
        DumpFailed: with what the program said.
    """
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    await _run(["pg_dump", *options, f"--file={into}", *_where(url)], url)


async def dumped_tables(dump: Path) -> set[str]:
    """The tables whose rows a dump holds.

    Raises:
        DumpFailed: it can't be read.
    """
    return set(_TABLE_DATA.findall(await _run(["pg_restore", "--list", str(dump)])))


async def pg_restore(url: str, dump: Path) -> None:
    """Make the tables of a dump and fill them, all or none; the revision alone is left out.

    A program that starts before it is put in finds tables that it didn't make, and ends.

    Raises:
        DumpFailed: with what the program said.
    """
    chosen = dump.with_suffix(".list")
    listed = await _run(["pg_restore", "--list", str(dump)])
    chosen.write_text(_VERSION_DATA.sub(r";\1", listed), "utf-8")
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    await _run(["pg_restore", *options, f"--use-list={chosen}", *_where(url), str(dump)], url)


def _where(url: str) -> list[str]:
    parsed = make_url(url)
    given = {"host": parsed.host, "port": parsed.port, "username": parsed.username, "dbname": parsed.database}
    return [f"--{name}={value}" for name, value in given.items() if value]


async def _run(words: Sequence[str], url: str | None = None) -> str:
    environment = dict(os.environ)
    if url is not None:
        parsed = make_url(url)
        # Not on the command line, where every user of the machine reads it.
        if parsed.password:
            environment["PGPASSWORD"] = str(parsed.password)
        if isinstance(ssl := parsed.query.get("ssl") or parsed.query.get("sslmode"), str):
            environment["PGSSLMODE"] = ssl
        words = [words[0], "--no-password", *words[1:]]
    child = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**environment, "LC_ALL": "C"},
    )  # fmt: skip
    try:
        said, wrong = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    if child.returncode:
        # PostgreSQL repeats rows in details and contexts; its first line says what is wrong.
        line = next(iter(wrong.decode(errors="replace").splitlines()), "")
        raise DumpFailed(f"{words[0]} failed: {line[:_SHOWN]}")
    return said.decode(errors="replace")
