"""Real shops' logs as histories. The data is not part of the repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from retention.history import EVENTS, History


@dataclass(frozen=True)
class Log:
    """A shop's purchases: one row each of customer, item, at (microseconds), quantity, amount (minor units)."""

    name: str
    about: str
    rows: pd.DataFrame
    products: list[dict[str, Any]]

    def between(self, start: int, end: int) -> pd.DataFrame:
        """The rows at `start` or later and before `end`."""
        return self.rows[(self.rows["at"] >= start) & (self.rows["at"] < end)]

    def history(self, until: int) -> History:
        """What the shop knew then."""
        rows = self.rows[self.rows["at"] < until]
        size = len(rows)
        columns: dict[str, Any] = {
            "id": [str(number) for number in range(size)],
            "kind": ["purchase"] * size,
            "customer": rows["customer"].to_numpy(),
            "product": pa.array(rows["item"], pa.string(), from_pandas=True),
            "at": rows["at"].to_numpy(),
            "quantity": rows["quantity"].to_numpy(),
            "amount": rows["amount"].to_numpy(),
            "currency": ["XXX"] * size,
        }
        for field in EVENTS:
            columns.setdefault(field.name, pa.nulls(size, field.type))
        return History.of(pa.table(columns), History.from_rows(products=self.products).products)


def online_retail(folder: Path) -> Log:
    """UCI Online Retail: a British gift shop, the customers who have a number."""
    raw = pd.read_parquet(folder / "online_retail" / "online_retail.parquet")
    raw = raw[raw["CustomerID"].notna() & (raw["Quantity"] > 0) & (raw["UnitPrice"] > 0)]
    names = raw.groupby("StockCode")["Description"].first()
    products = [{"product": code, "name_en": name} for code, name in names.items()]
    amount = raw["UnitPrice"] * raw["Quantity"] * 100
    customers = raw["CustomerID"].astype(int).astype(str)
    rows = _rows(customers, raw["StockCode"], raw["InvoiceDate"], raw["Quantity"], amount)
    return Log("online_retail", "UCI Online Retail, gifts", rows, products)


def complete_journey(folder: Path) -> Log:
    """84.51° Complete Journey (sample): groceries; an item is a product type."""
    raw = pd.read_parquet(folder / "complete_journey" / "transactions_sample.parquet")
    kinds = pd.read_parquet(folder / "complete_journey" / "products.parquet")[["product_id", "product_type"]]
    raw = raw.merge(kinds, on="product_id")
    raw = raw[raw["product_type"].notna() & (raw["quantity"] > 0)]
    products = [
        {"product": one, "name_en": one.replace("/", " ")} for one in sorted(set(raw["product_type"]))
    ]
    rows = _rows(
        raw["household_id"],
        raw["product_type"],
        raw["transaction_timestamp"],
        raw["quantity"],
        raw["sales_value"] * 100,
    )
    return Log(
        "complete_journey", "84.51° Complete Journey (sample), groceries by product type", rows, products
    )


def cdnow(folder: Path) -> Log:
    """CDNOW: purchases of a cohort, without items."""
    raw = pd.read_parquet(folder / "cdnow" / "cdnow_even.parquet")
    nothing = pd.Series([None] * len(raw), index=raw.index, dtype=object)
    quantity = raw["quantity"].clip(lower=1)
    rows = _rows(raw["customer_id"].astype(str), nothing, raw["date"], quantity, raw["amount"] * 100)
    return Log("cdnow", "CDNOW, half of the cohort", rows, [])


def _rows(customer: Any, item: Any, time: Any, quantity: Any, amount: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "customer": customer.astype(str),
            "item": item,
            "at": time.to_numpy().astype("datetime64[us]").astype(np.int64),
            "quantity": quantity.astype(np.int64).clip(lower=1),
            "amount": amount.round().astype(np.int64),
        }
    )
    return frame.sort_values("at", kind="stable").reset_index(drop=True)


LOGS: dict[str, Callable[[Path], Log]] = {
    "online_retail": online_retail,
    "complete_journey": complete_journey,
    "cdnow": cdnow,
}
