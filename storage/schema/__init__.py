"""The tables. Times are UTC, kept as integer microseconds; money is kept in minor units with its currency.

Every table is a SQLAlchemy Core `Table`; repositories turn rows into frozen values.
"""

from storage.columns import metadata
from storage.schema.campaigns import (
    budget,
    campaign,
    campaign_contact,
    campaign_run,
    churn_warning,
    coupon,
    offer,
    offer_budget,
    price_proposal,
    score,
    shown,
)
from storage.schema.conversations import (
    conversation,
    conversation_lease,
    correction,
    draft,
    escalation,
    inbox,
    media,
    message,
    message_edit,
    outbox,
    request,
    skill_switch,
)
from storage.schema.program import (
    alarm,
    audit,
    import_change,
    import_run,
    job_run,
    lease,
    model_version,
    rate_bucket,
    setting,
    staff,
    staff_session,
)
from storage.schema.shop import (
    account,
    category,
    consent,
    customer,
    erased,
    event,
    guest_contact,
    link_attempt,
    link_given,
    link_token,
    order,
    order_line,
    parcel,
    parcel_scan,
    point_change,
    price_change,
    product,
    refund,
)

__all__ = [
    "account", "alarm", "audit", "budget", "campaign", "campaign_contact", "campaign_run", "category",
    "churn_warning", "consent", "conversation", "conversation_lease", "correction", "coupon", "customer", "draft",
    "erased", "escalation", "event", "guest_contact", "import_change", "import_run", "inbox", "job_run", "lease",
    "link_attempt", "link_given", "link_token", "media", "message", "message_edit", "metadata", "model_version",
    "offer", "offer_budget", "order", "order_line", "outbox", "parcel", "parcel_scan", "point_change",
    "price_change", "price_proposal", "product", "rate_bucket", "refund", "request", "score", "setting", "shown",
    "skill_switch", "staff", "staff_session",
]  # fmt: skip
