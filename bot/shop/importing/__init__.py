"""Takes a real shop's customers, products, orders and events from CSV or Parquet into the store."""
