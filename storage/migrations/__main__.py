"""Write a migration from what `storage.schema` has and the migrations so far have not.

    python -m storage.migrations "Say why in a few words"

Read what it wrote before keeping it: renamed columns look like one dropped and one added.
"""

from __future__ import annotations

import argparse
import asyncio
import sysconfig
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from storage.migrate import alembic_config, migrate
from storage.store import exclusive


async def _write(why: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        await migrate(url)
        async with exclusive(url) as engine, engine.begin() as connection:
            await connection.run_sync(_generate, why)


def _generate(connection: Connection, why: str) -> None:
    folder = Path(__file__).parent
    last = max(int(file.name[:4]) for file in (folder / "versions").glob("[0-9]*.py"))
    config = alembic_config(folder, connection)
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    formatter = {
        "hooks": "ruff",
        "ruff.type": "exec",
        "ruff.executable": str(Path(sysconfig.get_path("scripts"), "ruff")),
        "ruff.options": "format --quiet REVISION_SCRIPT_FILENAME",
    }
    for name, value in formatter.items():
        config.set_section_option("post_write_hooks", name, value)
    command.revision(config, message=why, rev_id=f"{last + 1:04}", autogenerate=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("why")
    asked = parser.parse_args()
    asyncio.run(_write(asked.why))
