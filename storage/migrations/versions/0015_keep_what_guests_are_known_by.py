"""Keep all that guests are known by: an e-mail address and a phone number of one of them may come apart."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_CHINESE_MOBILE = re.compile(r"(?:86)?(1[3-9]\d{9})", re.ASCII)


def upgrade() -> None:
    kept = op.create_table(
        "guest_contact",
        sa.Column(
            "contact", sa.String(length=250), nullable=False, comment="email:… or phone:…, as it is compared."
        ),
        sa.Column("customer_id", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_guest_contact_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_guest_contact")),
        comment="What guests are known by, and customers who were guests before the shop named them.",
    )
    with op.batch_alter_table("guest_contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guest_contact_customer_id"), ["customer_id"], unique=False)
    found: dict[str, str] = {}
    # A phone number that several guests have is the first one's until one of them orders again.
    guests = sa.text("SELECT id, email, phone FROM customer WHERE guest AND erased_at IS NULL ORDER BY id")
    for row in op.get_bind().execute(guests):
        if row.email:
            found.setdefault(f"email:{row.email}", row.id)
        if row.phone:
            found.setdefault(f"phone:{_international(row.phone)}", row.id)
    if found:
        op.bulk_insert(kept, [{"contact": key, "customer_id": name} for key, name in found.items()])


def _international(phone: str) -> str:
    if phone.startswith("00"):
        return f"+{phone[2:]}"
    mobile = _CHINESE_MOBILE.fullmatch(phone)
    return phone if mobile is None else f"+86{mobile[1]}"


def downgrade() -> None:
    op.drop_table("guest_contact")
