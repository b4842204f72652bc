"""Keep which request links were made for, so that a lost answer can be had again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INDEX = "uq_link_token_request"


def upgrade() -> None:
    with op.batch_alter_table("link_token", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "request",
                sa.String(length=64),
                nullable=True,
                comment="Of the request that it was made for, a hash; empty: it named none.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "channel",
                sa.String(length=30),
                nullable=True,
                comment="That it is for, where it was made for a request.",
            )
        )
        batch_op.create_index(_INDEX, ["request", "customer_id", "channel"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("link_token", schema=None) as batch_op:
        batch_op.drop_index(_INDEX)
        batch_op.drop_column("channel")
        batch_op.drop_column("request")
