"""Keep the budgets that follow from the shop's rules, and of which tier of customers an offer was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_LIVE = sa.text("state = 'live'")
_INDEX = "ix_offer_live_product"
_FOREIGN = "fk_offer_campaign_budget_id"


def upgrade() -> None:
    with op.batch_alter_table("budget", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "campaign",
                sa.String(length=100),
                nullable=True,
                comment="Whose offers alone it is for; empty: everything that is given.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "written",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="It follows from the shop's rules, and counts while those say so.",
            )
        )
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "tier",
                sa.Integer(),
                nullable=False,
                server_default="0",
                comment="The customer's when it was made: how many loyalty steps they had reached.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "campaign_budget_id",
                sa.String(length=60),
                nullable=True,
                comment="Beside it, of the campaign.",
            )
        )
        batch_op.create_foreign_key(_FOREIGN, "budget", ["campaign_budget_id"], ["id"])
        batch_op.create_index(
            _INDEX, ["product_id"], unique=False, sqlite_where=_LIVE, postgresql_where=_LIVE
        )


def downgrade() -> None:
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_index(_INDEX)
        batch_op.drop_constraint(_FOREIGN, type_="foreignkey")
        batch_op.drop_column("campaign_budget_id")
        batch_op.drop_column("tier")
    op.execute("DELETE FROM budget WHERE written")
    with op.batch_alter_table("budget", schema=None) as batch_op:
        batch_op.drop_column("written")
        batch_op.drop_column("campaign")
