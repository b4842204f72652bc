"""Write a migration from what `storage.schema` has and the migrations so far have not.

    python -m storage.migrations 0002 "Say why in a few words"

Read what it wrote before keeping it: renamed columns look like one dropped and one added.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from storage.migrate import alembic_config, migrate
from storage.store import exclusive_engine


async def _write(number: str, why: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        await migrate(url)
        engine = exclusive_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(_generate, number, why)
        finally:
            await engine.dispose()


def _generate(connection: Connection, number: str, why: str) -> None:
    config = alembic_config(Path(__file__).parent, connection)
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    command.revision(config, message=why, rev_id=number, autogenerate=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("number", help="of the migration, such as 0002")
    parser.add_argument("why")
    asked = parser.parse_args()
    asyncio.run(_write(asked.number, asked.why))
