"""Alembic's entry: runs the migrations on the connection that `storage.migrate` has opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from storage.columns import UtcMicros
from storage.schema import metadata


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration names plain types, so that it still means the same when ours have changed."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, UtcMicros) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    render_as_batch=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
