"""Keep every budget that an offer draws on: of its day, its week, its month and its campaign; and that a rule may
approve list prices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_INDEX = "ix_offer_budget_budget_id"
_COLUMNS = ("budget_id", "campaign_budget_id")

_OFFER = sa.table("offer", sa.column("id"), *map(sa.column, _COLUMNS))
_OFFER_BUDGET = sa.table("offer_budget", sa.column("offer_id"), sa.column("budget_id"))
_BUDGET = sa.table("budget", sa.column("id"), sa.column("campaign"), sa.column("ends_at"))


def upgrade() -> None:
    big_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "offer_budget",
        sa.Column("offer_id", big_key, nullable=False),
        sa.Column("budget_id", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_offer_budget_budget_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_budget_offer_id")),
        sa.PrimaryKeyConstraint("offer_id", "budget_id", name=op.f("pk_offer_budget")),
        comment="The budgets that an offer draws on: it reserves its whole discount in each.",
    )
    with op.batch_alter_table("offer_budget", schema=None) as batch_op:
        batch_op.create_index(_INDEX, ["budget_id"], unique=False)
    for name in _COLUMNS:
        drawn = sa.select(_OFFER.c.id, _OFFER.c[name]).where(_OFFER.c[name].is_not(None))
        op.execute(_OFFER_BUDGET.insert().from_select(["offer_id", "budget_id"], drawn))
    with op.batch_alter_table("offer", schema=None) as batch_op:
        for name in _COLUMNS:
            batch_op.drop_constraint(f"fk_offer_{name}", type_="foreignkey")
            batch_op.drop_column(name)
    _say_who("staff:<id>, terminal, or rule.", "staff:<id> or terminal.")


def downgrade() -> None:
    _say_who("staff:<id> or terminal.", "staff:<id>, terminal, or rule.")
    with op.batch_alter_table("offer", schema=None) as batch_op:
        for name in _COLUMNS:
            batch_op.add_column(sa.Column(name, sa.String(length=60), nullable=True))
            batch_op.create_foreign_key(f"fk_offer_{name}", "budget", [name], ["id"])
    campaign = _BUDGET.c.campaign
    for name, kind in zip(_COLUMNS, (campaign.is_(None), campaign.is_not(None)), strict=True):
        # An offer had one of each: of several that it drew on the one that runs longest stays.
        longest = (
            sa.select(_BUDGET.c.id)
            .join(_OFFER_BUDGET, _OFFER_BUDGET.c.budget_id == _BUDGET.c.id)
            .where(_OFFER_BUDGET.c.offer_id == _OFFER.c.id, kind)
            .order_by(_BUDGET.c.ends_at.desc(), _BUDGET.c.id)
            .limit(1)
        )
        op.execute(_OFFER.update().values({name: longest.scalar_subquery()}))
    with op.batch_alter_table("offer_budget", schema=None) as batch_op:
        batch_op.drop_index(_INDEX)
    op.drop_table("offer_budget")


def _say_who(comment: str, before: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("price_proposal", "decided_by", comment=comment, existing_comment=before)
