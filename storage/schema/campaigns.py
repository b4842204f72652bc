"""Offers, coupons and their budgets, scores, warnings and campaigns."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from storage.columns import BigKey, UtcMicros, key, metadata

shown = Table(
    "shown",
    metadata,
    key(),
    Column("kind", String(20), nullable=False, comment="recommendation, offer"),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True),
    Column("account_id", BigKey, ForeignKey("account.id")),
    Column("conversation_id", BigKey, ForeignKey("conversation.id")),
    Column("product_id", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("policy", String(100), nullable=False),
    Column("probability", Float, nullable=False),
    Column("score", Float, nullable=False, default=0.0),
    Column("reasons", JSON, nullable=False, default=list),
    Column("at", UtcMicros, nullable=False, index=True),
)

budget = Table(
    "budget",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("total", BigKey, nullable=False),
    Column("reserved", BigKey, nullable=False, default=0),
    Column("currency", String(3), nullable=False),
    Column("starts_at", UtcMicros, nullable=False),
    Column("ends_at", UtcMicros, nullable=False),
    comment="What may be given away in discounts; an offer reserves its discount here.",
)

offer = Table(
    "offer",
    metadata,
    key(),
    Column("code", String(40), nullable=False, unique=True),
    Column("customer_id", String(100), ForeignKey("customer.id"), nullable=False),
    Column("product_id", String(100), ForeignKey("product.id"), nullable=False),
    Column("price", BigKey, nullable=False),
    Column("list_price", BigKey, nullable=False),
    Column("floor", BigKey, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", String(10), nullable=False, default="live", comment="live, used, expired, withdrawn"),
    Column("reason", String(20), nullable=False, comment="asked, recommended, win_back"),
    Column("reasons", JSON, nullable=False, default=list),
    Column("policy", String(100), nullable=False),
    Column("probability", Float, nullable=False),
    Column("budget_id", String(60), ForeignKey("budget.id")),
    Column("created_at", UtcMicros, nullable=False),
    Column("valid_until", UtcMicros, nullable=False),
    Column("used_at", UtcMicros),
    Column("order_id", String(100), ForeignKey("orders.id"), index=True, comment="The order that used it."),
    Index(None, "customer_id", "product_id", "state"),
    # Two decisions at the same time, of a conversation and of a campaign, must not make two prices.
    Index(
        "uq_offer_live",
        "customer_id",
        "product_id",
        unique=True,
        sqlite_where=text("state = 'live'"),
        postgresql_where=text("state = 'live'"),
    ),
)

coupon = Table(
    "coupon",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True, comment="Empty: for everyone."),
    Column("text_zh", String(300), nullable=False),
    Column("text_en", String(300), nullable=False),
    Column("amount", BigKey),
    Column("percent", Float),
    Column("min_spend", BigKey, nullable=False, default=0),
    Column("currency", String(3), nullable=False),
    Column("category_id", String(100), ForeignKey("category.id")),
    Column("valid_from", UtcMicros, nullable=False),
    Column("valid_until", UtcMicros, nullable=False),
    Column("used_at", UtcMicros),
    Column("order_id", String(100), ForeignKey("orders.id"), index=True, comment="The order that used it."),
    Column("demo", Boolean, nullable=False, default=False),
)

score = Table(
    "score",
    metadata,
    Column("customer_id", String(100), ForeignKey("customer.id"), primary_key=True),
    Column("kind", String(30), primary_key=True, comment="churn"),
    Column("value", Float, nullable=False),
    Column("band", String(10), nullable=False),
    Column("reasons", JSON, nullable=False, default=list),
    Column("policy", String(100), nullable=False),
    Column("expected_value", BigKey, comment="Minor units that they are expected to spend; empty: unknown."),
    Column("at_stake", BigKey, nullable=False, default=0, comment="The chance of losing it, times it."),
    Column("currency", String(3)),
    Column("as_of", UtcMicros, nullable=False),
    Index(None, "kind", "band", "at_stake"),
    comment="The night's scores, for lists; a conversation asks the model itself.",
)

churn_warning = Table(
    "churn_warning",
    metadata,
    key(),
    Column("customer_id", String(100), ForeignKey("customer.id"), nullable=False),
    Column("at", UtcMicros, nullable=False, comment="Of the scores that showed it."),
    Column("was", String(10), nullable=False, comment="The band before."),
    Column("band", String(10), nullable=False),
    Column("probability", Float, nullable=False),
    Column("lead_days", Float, comment="Until the next purchase is due; below 0: overdue since."),
    Column("expected_loss", BigKey, comment="Minor units, within the horizon of the score."),
    Column("currency", String(3)),
    Column("reasons", JSON, nullable=False, default=list),
    Column("policy", String(100), nullable=False),
    Column("seen_at", UtcMicros),
    Column("staff_id", BigKey, ForeignKey("staff.id"), comment="Who saw to it."),
    UniqueConstraint("customer_id", "at"),
    Index(None, "seen_at", "at"),
    comment="A customer's churn risk went up a band: an event, told to staff before the customer is gone.",
)

campaign = Table(
    "campaign",
    metadata,
    key(),
    Column("name", String(100), nullable=False, unique=True),
    Column("kind", String(30), nullable=False, comment="win_back"),
    Column("state", String(10), nullable=False, default="active", comment="active, paused, ended"),
    Column("holdout", Float, nullable=False),
    Column("settings", JSON, nullable=False, default=dict),
    Column("seed", Integer, nullable=False, default=0),
    Column("created_at", UtcMicros, nullable=False),
)

campaign_run = Table(
    "campaign_run",
    metadata,
    key(),
    Column("campaign_id", BigKey, ForeignKey("campaign.id"), nullable=False),
    Column("slot", String(60), nullable=False),
    Column("started_at", UtcMicros, nullable=False),
    Column("finished_at", UtcMicros),
    Column("cursor", String(150), nullable=False, default=""),
    Column("counts", JSON, nullable=False, default=dict),
    UniqueConstraint("campaign_id", "slot"),
)

campaign_contact = Table(
    "campaign_contact",
    metadata,
    key(),
    Column("campaign_id", BigKey, ForeignKey("campaign.id"), nullable=False),
    Column("run_id", BigKey, ForeignKey("campaign_run.id"), nullable=False),
    Column("customer_id", String(100), ForeignKey("customer.id"), nullable=False, index=True),
    Column("arm", String(10), nullable=False, comment="message, holdout"),
    Column("probability", Float, nullable=False, comment="Of being in this arm."),
    Column("product_id", String(100), ForeignKey("product.id")),
    Column("offer_id", BigKey, ForeignKey("offer.id")),
    Column("outbox_id", BigKey, ForeignKey("outbox.id")),
    Column("risk", Float, nullable=False),
    Column("expected_value", BigKey, comment="As in the score that they were chosen by."),
    Column("at_stake", BigKey, nullable=False, default=0),
    Column("currency", String(3)),
    Column("reasons", JSON, nullable=False, default=list, comment="What drove the risk, strongest first."),
    Column("decided_at", UtcMicros, nullable=False),
    Column("dropped", String(30), comment="Why a message was not sent after all: consent, cap, bought, …"),
    Column("responded_at", UtcMicros),
    UniqueConstraint("campaign_id", "customer_id"),
)
