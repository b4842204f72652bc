"""What the person who imports says about the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

# Lines of an order log that are no goods: postage, fees, manual corrections, samples, discounts.
NOT_PRODUCTS = frozenset(
    {
        "POST",
        "DOT",
        "C2",
        "M",
        "D",
        "S",
        "B",
        "AMAZONFEE",
        "BANK CHARGES",
        "CRUK",
        "POSTAGE",
        "ADJUST",
        "FEE",
        "TEST",
    }
)

_NO_MINOR_UNITS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG"})
_THOUSAND_MINOR_UNITS = frozenset({"BHD", "KWD", "OMR", "JOD", "TND"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How values are to be read, and what stands in for those that are missing."""

    now: datetime
    """Nothing that happened lies after it."""
    currency: str = "CNY"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    """Of times without one, and of customers without one."""
    language: str = "zh"
    """Of customers without one."""
    margin: float = 0.4
    """(price - cost) / price of products whose cost is unknown."""
    stock: int = 100
    """Of products whose stock is unknown."""
    date_format: str | None = None
    """As in `strptime`, for times that no common form fits."""
    not_products: frozenset[str] = NOT_PRODUCTS
    """Codes of an order log, in capitals, that name no goods."""

    @property
    def decimals(self) -> int:
        """Decimal places between the currency and its minor unit."""
        if self.currency in _NO_MINOR_UNITS:
            return 0
        return 3 if self.currency in _THOUSAND_MINOR_UNITS else 2
