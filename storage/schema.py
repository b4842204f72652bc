"""The tables. Times are UTC, kept as integer microseconds; money is kept in minor units with its currency.

Every table is a SQLAlchemy Core `Table`; repositories turn rows into frozen values.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import BigKey, UtcMicros

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key() -> Column[int]:
    return Column("id", BigKey, primary_key=True, autoincrement=True)


# --- the program itself -----------------------------------------------------------------------------------

setting = Table(
    "setting",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
    comment="Things the program keeps for itself: signing keys, webhook secret, polling offsets, shop facts.",
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    comment="Who does what only one process may do: polling, a refit.",
)

rate_bucket = Table(
    "rate_bucket",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("tat", UtcMicros, nullable=False),
    comment="GCRA: the theoretical arrival time of the next message of a bucket.",
)

audit = Table(
    "audit",
    metadata,
    _key(),
    Column("at", UtcMicros, nullable=False, index=True),
    Column("actor", String(100), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("details", JSON, nullable=False, default=dict),
    comment="Append-only: what people and the program decided.",
)

model_version = Table(
    "model_version",
    metadata,
    Column("kind", String(60), primary_key=True),
    Column("version", String(60), primary_key=True),
    Column("path", Text, nullable=False, comment="Relative to LIUKE_HOME unless absolute."),
    Column("metrics", JSON, nullable=False, default=dict),
    Column("data_hash", String(64), nullable=False, default=""),
    Column("seed", Integer, nullable=False, default=0),
    Column("fitted_at", UtcMicros, nullable=False),
    Column("current", Boolean, nullable=False, default=False),
    Column("served_since", UtcMicros, comment="When it last became current; empty if it never did."),
    Column("report", JSON, nullable=False, default=dict, comment="Comparison, drift, data too few, notes."),
)

job_run = Table(
    "job_run",
    metadata,
    _key(),
    Column("job", String(60), nullable=False),
    Column("slot", String(60), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("started_at", UtcMicros, nullable=False),
    Column("finished_at", UtcMicros),
    Column("outcome", String(30), nullable=False, default="running"),
    Column("details", JSON, nullable=False, default=dict),
    UniqueConstraint("job", "slot"),
    comment="A tick may fire in every replica; the slot makes it harmless.",
)

import_run = Table(
    "import_run",
    metadata,
    _key(),
    Column("kind", String(30), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_hash", String(64), nullable=False),
    Column("counts", JSON, nullable=False, default=dict),
    Column("started_at", UtcMicros, nullable=False),
    Column("finished_at", UtcMicros),
)

# --- the shop ---------------------------------------------------------------------------------------------

customer = Table(
    "customer",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("name", String(200), nullable=False, default=""),
    Column("language", String(10), nullable=False, default="zh"),
    Column("time_zone", String(60), nullable=False, default="Asia/Shanghai"),
    Column("email", String(200), index=True, comment="Lower case."),
    Column("phone", String(40), index=True, comment="Digits alone, with a leading + where one was given."),
    Column("tier", String(30), nullable=False, default="standard"),
    Column("points", Integer, nullable=False, default=0),
    Column("personal_prices", Boolean, nullable=False, default=True),
    Column("demo", Boolean, nullable=False, default=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("erased_at", UtcMicros),
)

account = Table(
    "account",
    metadata,
    _key(),
    Column("channel", String(30), nullable=False),
    Column("address", String(100), nullable=False),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True),
    Column("name", String(200), nullable=False, default=""),
    Column("language", String(10)),
    Column("blocked", Boolean, nullable=False, default=False),
    Column("linked_at", UtcMicros),
    Column("link_method", String(30)),
    Column("created_at", UtcMicros, nullable=False),
    UniqueConstraint("channel", "address"),
    comment="A person's place in a messenger; linked to at most one customer.",
)

link_attempt = Table(
    "link_attempt",
    metadata,
    _key(),
    Column("account_id", BigKey, ForeignKey("account.id"), nullable=False, index=True),
    Column("order_number_hash", String(64), nullable=False, index=True),
    Column("at", UtcMicros, nullable=False),
    Column("succeeded", Boolean, nullable=False),
)

link_token = Table(
    "link_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("customer_id", String(100), ForeignKey("customer.id"), nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    Column("account_id", BigKey, ForeignKey("account.id"), comment="Who used it; once."),
    Column("used_at", UtcMicros),
    comment="Deep links given out; only their hashes are kept.",
)

consent = Table(
    "consent",
    metadata,
    _key(),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True),
    Column("account_id", BigKey, ForeignKey("account.id"), index=True),
    Column("purpose", String(30), nullable=False, comment="marketing, profiling"),
    Column("granted", Boolean, nullable=False),
    Column("source", String(60), nullable=False),
    Column("at", UtcMicros, nullable=False),
    comment="A ledger: the latest row of a purpose holds. Names a customer, an account or both.",
)

erased = Table(
    "erased",
    metadata,
    Column("identity_hash", String(64), primary_key=True),
    Column("at", UtcMicros, nullable=False),
    comment="What is left of an erased person, so that nobody writes to them again.",
)

category = Table(
    "category",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
)

product = Table(
    "product",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("code", String(100), nullable=False, index=True, comment="What the shop calls it: SKU."),
    Column("name_zh", String(300), nullable=False),
    Column("name_en", String(300), nullable=False),
    Column("description_zh", Text, nullable=False, default=""),
    Column("description_en", Text, nullable=False, default=""),
    Column("category_id", String(100), ForeignKey("category.id"), index=True),
    Column("brand", String(100), nullable=False, default=""),
    Column(
        "attributes",
        JSON,
        nullable=False,
        default=dict,
        comment='Key to {"zh": [label, value], "en": [label, value]}.',
    ),
    Column("list_price", BigKey, nullable=False),
    Column("cost", BigKey, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("stock", Integer, nullable=False, default=0),
    Column("restock_at", UtcMicros),
    Column("picture", Text, comment="Path below the media folder or an https address."),
    Column("url", Text),
    Column("active", Boolean, nullable=False, default=True),
    Column("demo", Boolean, nullable=False, default=False),
    Column(
        "search_text",
        Text,
        nullable=False,
        default="",
        comment="Names, brand, category, attributes and code in lower case, a space before each word.",
    ),
    Column("created_at", UtcMicros, nullable=False),
    Column("updated_at", UtcMicros, nullable=False),
)

price_change = Table(
    "price_change",
    metadata,
    _key(),
    Column("product_id", String(100), ForeignKey("product.id"), nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("old_price", BigKey, nullable=False),
    Column("new_price", BigKey, nullable=False),
    Column("currency", String(3), nullable=False),
    Index(None, "product_id", "at"),
)

order = Table(
    "orders",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("number", String(60), nullable=False, unique=True),
    Column("customer_id", String(100), ForeignKey("customer.id")),
    Column(
        "status",
        String(30),
        nullable=False,
        comment="placed, paid, packed, shipped, delivered, cancelled, returned",
    ),
    Column("placed_at", UtcMicros, nullable=False),
    Column("paid_at", UtcMicros),
    Column("total", BigKey, nullable=False),
    Column("discount", BigKey, nullable=False, default=0),
    Column("shipping_fee", BigKey, nullable=False, default=0),
    Column("currency", String(3), nullable=False),
    Column("payment_method", String(40), nullable=False, default=""),
    Column(
        "ship_to",
        JSON,
        nullable=False,
        default=dict,
        comment="recipient, phone, country, city, line, postcode",
    ),
    Column("coupon_code", String(40)),
    Column("demo", Boolean, nullable=False, default=False),
    Column("updated_at", UtcMicros, nullable=False),
    Index(None, "customer_id", "placed_at"),
)

order_line = Table(
    "order_line",
    metadata,
    Column("order_id", String(100), ForeignKey("orders.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("product_id", String(100), ForeignKey("product.id"), nullable=False, index=True),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigKey, nullable=False),
)

parcel = Table(
    "parcel",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("order_id", String(100), ForeignKey("orders.id"), nullable=False, index=True),
    Column("carrier", String(60), nullable=False),
    Column("tracking_number", String(60), nullable=False),
    Column("tracking_url", Text),
    Column(
        "status",
        String(30),
        nullable=False,
        comment="label, in_transit, out_for_delivery, delivered, exception",
    ),
    Column("shipped_at", UtcMicros),
    Column("estimated_at", UtcMicros),
    Column("delivered_at", UtcMicros),
    Column("updated_at", UtcMicros, nullable=False, comment="As of when the carrier said so."),
)

parcel_scan = Table(
    "parcel_scan",
    metadata,
    Column("parcel_id", String(100), ForeignKey("parcel.id"), primary_key=True),
    Column("scan", Integer, primary_key=True),
    Column("at", UtcMicros, nullable=False),
    Column("place", String(200), nullable=False, default=""),
    Column("text_zh", String(300), nullable=False, default=""),
    Column("text_en", String(300), nullable=False, default=""),
)

refund = Table(
    "refund",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("order_id", String(100), ForeignKey("orders.id"), nullable=False, index=True),
    Column("amount", BigKey, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(30), nullable=False, comment="requested, approved, paid, declined"),
    Column("reason", String(300), nullable=False, default=""),
    Column("requested_at", UtcMicros, nullable=False),
    Column("paid_at", UtcMicros),
    Column("paid_to", String(60), nullable=False, default=""),
)

event = Table(
    "event",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("customer_id", String(100), nullable=False),
    Column("product_id", String(100)),
    Column("order_id", String(100)),
    Column("at", UtcMicros, nullable=False),
    Column("quantity", Integer, nullable=False, default=1),
    Column("amount", BigKey, comment="Minor units, for the whole row; negative for a return."),
    Column("currency", String(3)),
    Column("value", Float, comment="Stars of a rating; sentiment of a message, -1 to 1."),
    Column("text", String(300), comment="Words of a search."),
    Column("channel", String(30), nullable=False, default="shop"),
    Index(None, "customer_id", "at"),
    Index(None, "at"),
    comment="The shop's log, append-only; kinds are those of retention.EventKind.",
)

# --- conversations ----------------------------------------------------------------------------------------

conversation = Table(
    "conversation",
    metadata,
    _key(),
    Column("channel", String(30), nullable=False),
    Column("address", String(100), nullable=False),
    Column("account_id", BigKey, ForeignKey("account.id"), nullable=False, index=True),
    Column("owner", String(10), nullable=False, default="bot", comment="bot, queue, person, closed"),
    Column("staff_id", BigKey, ForeignKey("staff.id")),
    Column("owner_since", UtcMicros, nullable=False),
    Column("language", String(10), nullable=False, default="zh"),
    Column("memory", JSON, nullable=False, default=dict),
    Column("version", Integer, nullable=False, default=0, comment="Compare-and-set: two never answer."),
    Column("opened_at", UtcMicros, nullable=False),
    Column("last_incoming_at", UtcMicros),
    UniqueConstraint("channel", "address"),
    Index(None, "owner"),
)

message = Table(
    "message",
    metadata,
    _key(),
    Column("conversation_id", BigKey, ForeignKey("conversation.id"), nullable=False),
    Column("direction", String(3), nullable=False, comment="in, out"),
    Column("author", String(60), nullable=False, comment="customer, bot, system, staff:<id>"),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False, default=""),
    Column("payload", JSON, nullable=False, default=dict),
    Column("understanding", JSON),
    Column("skill", String(60)),
    Column("channel_ref", String(100)),
    Column("at", UtcMicros, nullable=False),
    Index(None, "conversation_id", "id"),
    Index(None, "conversation_id", "channel_ref"),
)

message_edit = Table(
    "message_edit",
    metadata,
    _key(),
    Column("message_id", BigKey, ForeignKey("message.id"), nullable=False, index=True),
    Column("old_text", Text, nullable=False),
    Column("at", UtcMicros, nullable=False),
)

escalation = Table(
    "escalation",
    metadata,
    _key(),
    Column("conversation_id", BigKey, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("reason", String(60), nullable=False),
    Column("priority", Integer, nullable=False, default=1, comment="0 is the most urgent."),
    Column("summary", Text, nullable=False, default=""),
    Column("state", String(10), nullable=False, default="waiting", comment="waiting, taken, back, closed"),
    Column("opened_at", UtcMicros, nullable=False),
    Column("due_at", UtcMicros, nullable=False, comment="First answer promised by."),
    Column("staff_id", BigKey, ForeignKey("staff.id")),
    Column("taken_at", UtcMicros),
    Column("first_answer_at", UtcMicros),
    Column("ended_at", UtcMicros),
    Index(None, "state", "due_at"),
)

request = Table(
    "request",
    metadata,
    _key(),
    Column("number", String(20), nullable=False, unique=True),
    Column("kind", String(30), nullable=False),
    Column("state", String(10), nullable=False, default="asked", comment="asked, accepted, declined, done"),
    Column("conversation_id", BigKey, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True),
    Column("order_id", String(100), ForeignKey("orders.id"), index=True),
    Column("details", JSON, nullable=False, default=dict),
    Column("created_at", UtcMicros, nullable=False),
    Column("decided_at", UtcMicros),
    Column("staff_id", BigKey, ForeignKey("staff.id")),
    Column("note", Text, nullable=False, default=""),
    Index(None, "state", "created_at"),
)

draft = Table(
    "draft",
    metadata,
    _key(),
    Column("conversation_id", BigKey, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("message_id", BigKey, ForeignKey("message.id"), nullable=False),
    Column("skill", String(60), nullable=False, index=True),
    Column("reply", JSON, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("verdict", String(10), comment="agreed, edited, rejected; empty until staff answered."),
    Column("staff_id", BigKey, ForeignKey("staff.id")),
    Column("decided_at", UtcMicros),
    comment="What a skill in shadow mode would have said.",
)

skill_switch = Table(
    "skill_switch",
    metadata,
    Column("skill", String(60), primary_key=True),
    Column("mode", String(10), nullable=False, comment="on, off, shadow"),
    Column("updated_at", UtcMicros, nullable=False),
)

correction = Table(
    "correction",
    metadata,
    _key(),
    Column("message_id", BigKey, ForeignKey("message.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("label", String(60), nullable=False),
    Column("staff_id", BigKey, ForeignKey("staff.id")),
    Column("at", UtcMicros, nullable=False),
    comment="Staff said what a message really meant: training examples.",
)

# --- delivery ---------------------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    _key(),
    Column("channel", String(30), nullable=False),
    Column("update_id", String(100), nullable=False),
    Column("address", String(100), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("received_at", UtcMicros, nullable=False),
    Column("state", String(10), nullable=False, default="new", comment="new, done, failed"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", UtcMicros),
    Column("handled_at", UtcMicros),
    Column("error", String(200)),
    UniqueConstraint("channel", "update_id"),
    Index(None, "state", "channel", "address", "id"),
)

conversation_lease = Table(
    "conversation_lease",
    metadata,
    Column("channel", String(30), primary_key=True),
    Column("address", String(100), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
    comment="Which replica handles a conversation right now.",
)

outbox = Table(
    "outbox",
    metadata,
    _key(),
    Column("channel", String(30), nullable=False),
    Column("address", String(100), nullable=False),
    Column("kind", String(10), nullable=False, comment="reply, staff, notice, campaign"),
    Column("policy", String(10), nullable=False, comment="retry: until known; once: never resent by itself"),
    Column("state", String(10), nullable=False, default="ready"),
    Column("dedupe_key", String(150), unique=True),
    Column("payload", JSON, nullable=False),
    Column("author", String(60), nullable=False, default="bot"),
    Column("callback_ref", String(100)),
    Column("message_id", BigKey, ForeignKey("message.id")),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True),
    Column("created_at", UtcMicros, nullable=False),
    Column("not_before", UtcMicros, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", String(100)),
    Column("lease_until", UtcMicros),
    Column("message_refs", JSON, nullable=False, default=list),
    Column("finished_at", UtcMicros),
    Column("error", String(200)),
    Index(None, "state", "policy", "not_before"),
    Index(None, "channel", "address", "state", "id"),
    comment="States: ready, claimed, sending, sent, failed, unknown, cancelled.",
)

# --- staff ------------------------------------------------------------------------------------------------

staff = Table(
    "staff",
    metadata,
    _key(),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False, comment="viewer, agent, campaigner, admin"),
    Column("language", String(10), nullable=False, default="zh"),
    Column("active", Boolean, nullable=False, default=True),
    Column("created_at", UtcMicros, nullable=False),
)

# --- retention --------------------------------------------------------------------------------------------

shown = Table(
    "shown",
    metadata,
    _key(),
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
    _key(),
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
    Index(None, "customer_id", "product_id", "state"),
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
    _key(),
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
    _key(),
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
    _key(),
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
    _key(),
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

media = Table(
    "media",
    metadata,
    Column("picture", String(300), primary_key=True),
    Column("channel", String(30), primary_key=True),
    Column("reference", Text, nullable=False, comment="What the channel calls an upload it already has."),
    Column("at", UtcMicros, nullable=False),
)
