"""Keep what is in which parcel, parcels of returns, decisions on refunds, and the rules of coupons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None

_WITH_CODE = "coupon_code IS NOT NULL"


def upgrade() -> None:
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "created_said",
                sa.Boolean(),
                nullable=True,
                comment="Whether `created_at` is the shop's word; empty: it is not known.",
            )
        )

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_orders_coupon_code",
            ["coupon_code"],
            unique=False,
            sqlite_where=sa.text(_WITH_CODE),
            postgresql_where=sa.text(_WITH_CODE),
        )

    with op.batch_alter_table("parcel", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "direction",
                sa.String(length=10),
                nullable=False,
                server_default="outbound",
                comment="outbound, return",
            )
        )
        batch_op.add_column(
            sa.Column(
                "lines",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="What is in it: product_id, and quantity or null for all of it; empty: it is not known.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "refund_id",
                sa.String(length=100),
                nullable=True,
                comment="Of the refund that a return belongs to, as the shop calls it.",
            )
        )

    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "decided_at", sa.BigInteger(), nullable=True, comment="When it was approved or declined."
            )
        )
        batch_op.add_column(
            sa.Column(
                "decision_reason",
                sa.String(length=300),
                nullable=False,
                server_default="",
                comment="Why, in the shop's words.",
            )
        )

    with op.batch_alter_table("coupon", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "product_ids",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="The only products that it is for; empty: all.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "max_uses",
                sa.Integer(),
                nullable=True,
                comment="By how many orders, where it is everyone's; empty: any number.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "per_customer",
                sa.Integer(),
                nullable=True,
                comment="By how many orders of one customer, where it is everyone's.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "discrepancy",
                sa.String(length=20),
                nullable=True,
                comment="How that order differs: other_product, other_category, other_currency, below_min_spend.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "field_times",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="When the shop changed a field, microseconds, of those that came with a time.",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("coupon", schema=None) as batch_op:
        for name in ("field_times", "discrepancy", "per_customer", "max_uses", "product_ids"):
            batch_op.drop_column(name)

    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_column("decision_reason")
        batch_op.drop_column("decided_at")

    with op.batch_alter_table("parcel", schema=None) as batch_op:
        for name in ("refund_id", "lines", "direction"):
            batch_op.drop_column(name)

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_orders_coupon_code",
            sqlite_where=sa.text(_WITH_CODE),
            postgresql_where=sa.text(_WITH_CODE),
        )

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_column("created_said")
