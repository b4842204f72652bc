"""Keep what could have been offered beside what was, and until when an offer held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcMicros

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shown", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "eligible",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="Of an offer: price (minor units) and probability of each that could have been chosen.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "valid_until",
                UtcMicros(),
                nullable=True,
                comment="Of an offer: purchases until then are its outcome.",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("shown", schema=None) as batch_op:
        batch_op.drop_column("valid_until")
        batch_op.drop_column("eligible")
