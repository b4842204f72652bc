"""What the program keeps for itself, and the people who answer."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import BigKey, UtcMicros, key, metadata, partial_index

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
    key(),
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
    key(),
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
    key(),
    Column("kind", String(30), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_hash", String(64), nullable=False),
    Column("counts", JSON, nullable=False, default=dict),
    Column("started_at", UtcMicros, nullable=False),
    Column("finished_at", UtcMicros),
    Column("undone_at", UtcMicros),
)

import_change = Table(
    "import_change",
    metadata,
    Column("import_id", BigKey, ForeignKey("import_run.id"), primary_key=True),
    Column("kind", String(20), primary_key=True, comment="customers, products, orders, events"),
    Column("key", String(100), primary_key=True),
    Column("before", JSON(none_as_null=True), comment="As it was; empty: it was new."),
    Column("after", String(64), nullable=False, comment="A hash of what it was made."),
    comment="What an import did, so that it can be undone.",
)

staff = Table(
    "staff",
    metadata,
    key(),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False, comment="viewer, agent, campaigner, admin"),
    Column("language", String(10), nullable=False, default="zh"),
    Column("active", Boolean, nullable=False, default=True),
    Column(
        "session_version",
        Integer,
        nullable=False,
        default=0,
        comment="Sessions begun under an earlier one have ended: at a new password, role or deactivation.",
    ),
    Column("created_at", UtcMicros, nullable=False),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("key", String(64), primary_key=True, comment="A hash of what the browser holds, or of a ticket."),
    Column("staff_id", BigKey, ForeignKey("staff.id"), nullable=False),
    Column("version", Integer, nullable=False, comment="The member's session_version when they signed in."),
    Column("used_at", UtcMicros, nullable=False, comment="The last page that was opened, or action."),
)

alarm = Table(
    "alarm",
    metadata,
    key(),
    Column("kind", String(40), nullable=False, comment="guessing, flood"),
    Column("count", Integer, nullable=False, default=1, comment="How often since it was raised."),
    Column("details", JSON, nullable=False, default=dict),
    Column("raised_at", UtcMicros, nullable=False),
    Column("latest_at", UtcMicros, nullable=False),
    Column("seen_at", UtcMicros),
    Column("staff_id", BigKey, ForeignKey("staff.id"), comment="Who saw to it."),
    partial_index("uq_alarm_open", "kind", where="seen_at IS NULL", unique=True),
    comment="Something that staff should look at and that belongs to no conversation; one open of a kind.",
)
