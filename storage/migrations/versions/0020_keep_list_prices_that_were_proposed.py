"""Keep list prices that were proposed, and what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_OPEN = "uq_price_proposal_open"
_BY_PRODUCT = "ix_price_proposal_product_id_created_at"
_PROPOSED = sa.text("state = 'proposed'")


def upgrade() -> None:
    big_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "price_proposal",
        sa.Column("id", big_key, autoincrement=True, nullable=False),
        sa.Column("product_id", sa.String(length=100), nullable=False),
        sa.Column("old_price", big_key, nullable=False),
        sa.Column("new_price", big_key, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "state",
            sa.String(length=10),
            nullable=False,
            comment="proposed, left_alone, approved, declined, replaced, undone",
        ),
        sa.Column(
            "gain", sa.Float(), nullable=False, comment="Expected margin over the horizon, minor units."
        ),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True, comment="staff:<id> or terminal."),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_price_proposal_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_proposal")),
        comment="List prices that were proposed; those left alone are what the others are compared with.",
    )
    with op.batch_alter_table("price_proposal", schema=None) as batch_op:
        batch_op.create_index(_BY_PRODUCT, ["product_id", "created_at"], unique=False)
        batch_op.create_index(
            _OPEN, ["product_id"], unique=True, sqlite_where=_PROPOSED, postgresql_where=_PROPOSED
        )


def downgrade() -> None:
    with op.batch_alter_table("price_proposal", schema=None) as batch_op:
        batch_op.drop_index(_OPEN, sqlite_where=_PROPOSED, postgresql_where=_PROPOSED)
        batch_op.drop_index(_BY_PRODUCT)
    op.drop_table("price_proposal")
