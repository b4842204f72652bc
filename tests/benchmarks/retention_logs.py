"""Real shops' logs, read as any shop's log is. The data is not part of the repository."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from retention.logs import Columns, Log, read_log


def online_retail(folder: Path, before: datetime | None = None) -> Log:
    """UCI Online Retail: a British gift shop."""
    columns = (
        "customer=CustomerID,item=StockCode,time=InvoiceDate,quantity=Quantity,price=UnitPrice,order=InvoiceNo,"
        "name=Description"
    )
    path = folder / "online_retail" / "online_retail.parquet"
    return read_log(path, Columns.parse(columns), before=before)


def complete_journey(folder: Path, before: datetime | None = None) -> Log:
    """84.51° Complete Journey (sample): groceries; an item is a product type."""
    source = folder / "complete_journey"
    path = Path(tempfile.mkdtemp(prefix="liuke-bench-")) / "complete_journey.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT household_id AS customer, product_type AS item, product_category AS category,
                             transaction_timestamp AS time, quantity, sales_value AS amount,
                             basket_id AS "order", replace(product_type, '/', ' ') AS name
                      FROM '{source}/transactions_sample.parquet' JOIN '{source}/products.parquet'
                      USING (product_id) WHERE product_type IS NOT NULL
                      ORDER BY time, basket_id, product_id) TO '{path}'"""  # noqa: S608
        )
    return read_log(path, Columns(), before=before)


def cdnow(folder: Path, before: datetime | None = None) -> Log:
    """CDNOW: purchases of a cohort, half of it, without items."""
    columns = Columns.parse("customer=customer_id,time=date,quantity=quantity,amount=amount")
    return read_log(folder / "cdnow" / "cdnow_even.parquet", columns, before=before)


LOGS: Mapping[str, Callable[[Path], Log]] = {
    "online_retail": online_retail,
    "complete_journey": complete_journey,
    "cdnow": cdnow,
}
