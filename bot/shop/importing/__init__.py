"""Takes a real shop's customers, products, orders and events from CSV or Parquet into the store."""

from bot.shop.importing.errors import ImportRefused
from bot.shop.importing.kinds import KINDS
from bot.shop.importing.mapping import parse_columns, read_mapping
from bot.shop.importing.options import Options
from bot.shop.importing.running import Report, run_import

__all__ = ["KINDS", "ImportRefused", "Options", "Report", "parse_columns", "read_mapping", "run_import"]
