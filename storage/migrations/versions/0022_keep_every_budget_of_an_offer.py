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
        op.execute(
            f"INSERT INTO offer_budget (offer_id, budget_id) SELECT id, {name} FROM offer"  # noqa: S608 - ours
            f" WHERE {name} IS NOT NULL"
        )
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
    for name, of_campaign in zip(_COLUMNS, ("IS NULL", "IS NOT NULL"), strict=True):
        # An offer had one of each: of several that it drew on the one that runs longest stays.
        op.execute(
            f"UPDATE offer SET {name} = (SELECT budget.id FROM budget JOIN offer_budget"  # noqa: S608 - ours
            " ON offer_budget.budget_id = budget.id WHERE offer_budget.offer_id = offer.id"
            f" AND budget.campaign {of_campaign} ORDER BY budget.ends_at DESC, budget.id LIMIT 1)"
        )
    with op.batch_alter_table("offer_budget", schema=None) as batch_op:
        batch_op.drop_index(_INDEX)
    op.drop_table("offer_budget")


def _say_who(comment: str, before: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("price_proposal", "decided_by", comment=comment, existing_comment=before)
