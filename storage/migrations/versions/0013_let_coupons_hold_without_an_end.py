"""Let coupons hold without an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_LATEST = 253_370_764_800_000_000
"""The year 9999: further ahead than a shop may say, in microseconds since 1970."""


def upgrade() -> None:
    with op.batch_alter_table("coupon", schema=None) as batch_op:
        batch_op.alter_column(
            "valid_until",
            existing_type=sa.BigInteger(),
            nullable=True,
            comment="The first moment after it; empty: it has no end.",
        )


def downgrade() -> None:
    until = sa.column("valid_until", sa.BigInteger())
    op.execute(sa.update(sa.table("coupon", until)).where(until.is_(None)).values(valid_until=_LATEST))
    with op.batch_alter_table("coupon", schema=None) as batch_op:
        batch_op.alter_column("valid_until", existing_type=sa.BigInteger(), nullable=False, comment=None)
