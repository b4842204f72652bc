"""Groups of customers: RFM segments by name, and clusters of behaviour."""
