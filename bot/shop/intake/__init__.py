"""The one way in for what a shop says of its customers, products, orders and events, whichever road it comes by."""
