"""Real shops' logs, kept outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import absent

SHARED = Path(
    os.environ.get("LIUKE_SHARED_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data"
)
ONLINE_RETAIL_COLUMNS = (
    "customer=CustomerID,item=StockCode,time=InvoiceDate,quantity=Quantity,price=UnitPrice,order=InvoiceNo,"
    "name=Description"
)
CDNOW_COLUMNS = "customer=customer_id,time=date,quantity=quantity,amount=amount"


def online_retail() -> Path:
    """UCI Online Retail, Parquet; skips where it is absent."""
    return _there("retention/online_retail/online_retail.parquet")


def cdnow() -> Path:
    """CDNOW, Parquet, without items; skips where it is absent."""
    return _there("retention/cdnow/cdnow_even.parquet")


def telco() -> Path:
    """IBM Telco churn, Parquet: a contract table; skips where it is absent."""
    return _there("retention/telco_churn/telco.parquet")


def hillstrom() -> Path:
    """Hillstrom's e-mail experiment, Parquet; skips where it is absent."""
    return _there("retention/hillstrom/womens_train.parquet")


def _there(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        absent(f"{name} in LIUKE_SHARED_DATA")
    return path
