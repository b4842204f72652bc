"""Customers and what they agreed to, products, orders, and the log of what customers did."""

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
    Text,
    UniqueConstraint,
)

from storage.columns import BigKey, UtcMicros, field_times, key, metadata, partial_index

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
    Column("points_at", UtcMicros, comment="As of when the shop told that balance; empty: it tells none."),
    Column("birthday", String(10), comment="1990-05-17, or --05-17 without the year."),
    Column(
        "addresses",
        JSON,
        nullable=False,
        default=dict,
        comment="Id to label, recipient, phone, country, province, city, line, postcode.",
    ),
    Column("default_address", String(100), comment="The id of one; it may not be here."),
    Column("personal_prices", Boolean, nullable=False, default=True),
    Column("demo", Boolean, nullable=False, default=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("erased_at", UtcMicros),
    Column(
        "guest",
        Boolean,
        nullable=False,
        default=False,
        comment="Known from orders alone, by an e-mail address or phone number.",
    ),
    Column(
        "created_said", Boolean, comment="Whether `created_at` is the shop's word; empty: it is not known."
    ),
    field_times(),
)

account = Table(
    "account",
    metadata,
    key(),
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
    key(),
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
    Column(
        "request", String(64), comment="Of the request that it was made for, a hash; empty: it named none."
    ),
    Column("channel", String(30), comment="That it is for, where it was made for a request."),
    # The same request twice at the same moment makes one.
    Index("uq_link_token_request", "request", "customer_id", "channel", unique=True),
    comment="Deep links given out; only their hashes are kept.",
)

link_given = Table(
    "link_given",
    metadata,
    Column("customer_id", String(100), ForeignKey("customer.id"), primary_key=True),
    Column("at", UtcMicros, nullable=False, comment="When the last one was made."),
    Column("expires_at", UtcMicros, nullable=False, comment="Of the one that holds longest."),
    comment="Who was given a deep link; it stays when the link itself is forgotten.",
)

consent = Table(
    "consent",
    metadata,
    key(),
    Column("customer_id", String(100), ForeignKey("customer.id"), index=True),
    Column("account_id", BigKey, ForeignKey("account.id"), index=True),
    Column("purpose", String(30), nullable=False, comment="marketing, profiling, restock:<request>"),
    Column("channel", String(30), comment="email, sms, telegram, …; empty: all of them."),
    Column("granted", Boolean, nullable=False),
    Column("source", String(60), nullable=False),
    Column("wording", Text, comment="The question that they said yes to, as they read it."),
    Column("at", UtcMicros, nullable=False),
    comment="A ledger: the latest row of a purpose holds. Names a customer, an account or both.",
)

point_change = Table(
    "point_change",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("customer_id", String(100), ForeignKey("customer.id"), nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("change", Integer, nullable=False),
    Column("balance", Integer, comment="After it, as the shop tells it."),
    Column("reason_zh", String(300), nullable=False, default=""),
    Column("reason_en", String(300), nullable=False, default=""),
    Column("order_id", String(100), comment="Its id or its number; it may not be here."),
    Index(None, "customer_id", "at"),
    comment="How points came and went; append-only.",
)

guest_contact = Table(
    "guest_contact",
    metadata,
    Column("contact", String(250), primary_key=True, comment="email:… or phone:…, as it is compared."),
    Column("customer_id", String(100), ForeignKey("customer.id"), nullable=False, index=True),
    comment="What guests are known by, and customers who were guests before the shop named them.",
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
    Column("group_id", String(100), index=True, comment="Shared by the variants of a product."),
    Column(
        "options",
        JSON,
        nullable=False,
        default=dict,
        comment="What tells variants apart, as attributes.",
    ),
    Column(
        "attributes",
        JSON,
        nullable=False,
        default=dict,
        comment='Key to {"zh": [label, value], "en": [label, value]}.',
    ),
    Column("list_price", BigKey, nullable=False),
    Column(
        "sale_price", BigKey, comment="Instead of the list price, where it is below it, while the sale lasts."
    ),
    Column("sale_from", UtcMicros),
    Column("sale_until", UtcMicros, comment="The first moment after the sale."),
    Column("cost", BigKey, comment="Empty: unknown."),
    Column("currency", String(3), nullable=False),
    Column("stock", Integer, nullable=False, default=0),
    Column(
        "stock_by_place",
        JSON,
        nullable=False,
        default=dict,
        comment="Place to how many; stock is their sum.",
    ),
    Column("restock_at", UtcMicros),
    Column("picture", Text, comment="Path below the media folder or an https address."),
    Column(
        "more_pictures",
        JSON,
        nullable=False,
        default=list,
        comment="Those after the first.",
    ),
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
    field_times(),
)

price_change = Table(
    "price_change",
    metadata,
    key(),
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
    Column("said_status", String(30), comment="As the shop says it; empty: it doesn't, or it is `status`."),
    Column("placed_at", UtcMicros, nullable=False),
    Column("paid_at", UtcMicros),
    Column("total", BigKey, nullable=False),
    Column("discount", BigKey, nullable=False, default=0),
    Column("shipping_fee", BigKey, nullable=False, default=0),
    Column("tax", BigKey, comment="Empty: unknown."),
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
    field_times(),
    Index(None, "customer_id", "placed_at"),
    # Who used a coupon that is everyone's: few orders carry a code.
    partial_index("ix_orders_coupon_code", "coupon_code", where="coupon_code IS NOT NULL"),
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
    Column("direction", String(10), nullable=False, default="outbound", comment="outbound, return"),
    Column(
        "lines",
        JSON(none_as_null=True),
        comment="What is in it: product_id, and quantity or null for all of it; empty: it is not known.",
    ),
    Column("refund_id", String(100), comment="Of the refund that a return belongs to, as the shop calls it."),
    Column("carrier", String(60), nullable=False),
    Column("tracking_number", String(60), nullable=False),
    Column("tracking_url", Text),
    Column(
        "status",
        String(30),
        nullable=False,
        comment="label, in_transit, out_for_delivery, delivered, exception",
    ),
    Column("said_status", String(30), comment="As the shop says it; empty: it doesn't, or it is `status`."),
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
    Column("decided_at", UtcMicros, comment="When it was approved or declined."),
    Column("decision_reason", String(300), nullable=False, default="", comment="Why, in the shop's words."),
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
