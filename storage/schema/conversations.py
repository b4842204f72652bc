"""What was said, what staff are asked for, and what comes in and leaves."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from storage.columns import BigKey, UtcMicros, key, metadata, partial_index

conversation = Table(
    "conversation",
    metadata,
    key(),
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
    key(),
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
    Column("missed", String(12), comment="Why it may not have been understood: see storage.missed."),
    Column("trace", JSON(none_as_null=True), comment="What an answer of the bot's comes from."),
    Index(None, "conversation_id", "id"),
    Index(None, "conversation_id", "channel_ref"),
    partial_index("ix_message_missed", "at", where="missed IS NOT NULL"),
)

message_edit = Table(
    "message_edit",
    metadata,
    key(),
    Column("message_id", BigKey, ForeignKey("message.id"), nullable=False, index=True),
    Column("old_text", Text, nullable=False),
    Column("at", UtcMicros, nullable=False),
)

escalation = Table(
    "escalation",
    metadata,
    key(),
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
    Column(
        "reply_email", String(200), comment="Where a stranger who has left may be answered; for that alone."
    ),
    Column("reply_wording", Text, comment="What they were told it is for, as they read it."),
    Index(None, "state", "due_at"),
)

request = Table(
    "request",
    metadata,
    key(),
    Column("number", String(20), nullable=False, unique=True),
    Column("kind", String(30), nullable=False),
    Column("state", String(10), nullable=False, default="asked", comment="asked, accepted, declined, done"),
    Column("conversation_id", BigKey, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True),
    Column("order_id", String(100), ForeignKey("orders.id"), index=True),
    Column("product_id", String(100), ForeignKey("product.id"), index=True),
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
    key(),
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
    key(),
    Column("message_id", BigKey, ForeignKey("message.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("label", String(60), nullable=False, comment="An intent; empty where an act is said."),
    Column("act", String(20), comment="What it does to what the bot asked."),
    Column("staff_id", BigKey, ForeignKey("staff.id")),
    Column("at", UtcMicros, nullable=False),
    comment="Staff said what a message really meant: training examples.",
)

inbox = Table(
    "inbox",
    metadata,
    key(),
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
    key(),
    Column("channel", String(30), nullable=False),
    Column("address", String(100), nullable=False),
    Column("kind", String(10), nullable=False, comment="reply, staff, notice, campaign, restock"),
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

media = Table(
    "media",
    metadata,
    Column("picture", String(300), primary_key=True),
    Column("channel", String(30), primary_key=True),
    Column("reference", Text, nullable=False, comment="What the channel calls an upload it already has."),
    Column("at", UtcMicros, nullable=False),
)
