"""Takes a real shop's customers, products, orders and events from CSV or Parquet into the store."""

from bot.shop.importing.fields import read_mapping
from bot.shop.importing.rows import Options
from bot.shop.importing.running import KINDS, Report, run_import
from kernel.columns import given as parse_columns
from kernel.tables import TableRefused as ImportRefused

__all__ = ["KINDS", "ImportRefused", "Options", "Report", "parse_columns", "read_mapping", "run_import"]
