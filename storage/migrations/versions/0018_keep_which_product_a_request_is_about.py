"""Keep which product a request is about, such as the message when it is back in stock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INDEX = "ix_request_product_id"
_FOREIGN = "fk_request_product_id_product"
_KINDS = "reply, staff, notice, campaign"
_PURPOSES = "marketing, profiling"


def upgrade() -> None:
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("product_id", sa.String(length=100), nullable=True))
        batch_op.create_foreign_key(_FOREIGN, "product", ["product_id"], ["id"])
        batch_op.create_index(_INDEX, ["product_id"], unique=False)
    _say(f"{_KINDS}, restock", _KINDS, f"{_PURPOSES}, restock:<request>", _PURPOSES)


def downgrade() -> None:
    op.execute("DELETE FROM consent WHERE purpose LIKE 'restock:%'")
    op.execute("DELETE FROM outbox WHERE kind = 'restock'")
    op.execute("DELETE FROM request WHERE kind = 'restock_notice'")
    _say(_KINDS, f"{_KINDS}, restock", _PURPOSES, f"{_PURPOSES}, restock:<request>")
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_index(_INDEX)
        batch_op.drop_constraint(_FOREIGN, type_="foreignkey")
        batch_op.drop_column("product_id")


def _say(kinds: str, kinds_before: str, purposes: str, purposes_before: str) -> None:
    """What may stand in the columns for kinds of messages and purposes of consents."""
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.alter_column(
            "kind",
            existing_type=sa.String(length=10),
            existing_nullable=False,
            existing_comment=kinds_before,
            comment=kinds,
        )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.alter_column(
            "purpose",
            existing_type=sa.String(length=30),
            existing_nullable=False,
            existing_comment=purposes_before,
            comment=purposes,
        )
