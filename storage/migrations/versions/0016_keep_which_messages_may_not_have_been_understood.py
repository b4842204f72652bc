"""Keep which messages may not have been understood, and what staff say that they do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEX = "ix_message_missed"
_MISSED = "missed IS NOT NULL"


def upgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "missed",
                sa.String(length=12),
                nullable=True,
                comment="Why it may not have been understood: see storage.missed.",
            )
        )
        batch_op.create_index(
            _INDEX, ["at"], unique=False, sqlite_where=sa.text(_MISSED), postgresql_where=sa.text(_MISSED)
        )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "act", sa.String(length=20), nullable=True, comment="What it does to what the bot asked."
            )
        )
        batch_op.alter_column(
            "label",
            existing_type=sa.String(length=60),
            existing_nullable=False,
            comment="An intent; empty where an act is said.",
        )


def downgrade() -> None:
    op.execute("DELETE FROM correction WHERE label = ''")
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.alter_column(
            "label", existing_type=sa.String(length=60), existing_nullable=False, comment=None
        )
        batch_op.drop_column("act")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(_INDEX)
        batch_op.drop_column("missed")
