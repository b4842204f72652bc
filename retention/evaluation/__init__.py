"""How well every model knows a shop: on its own log, split in time, with tables and pictures."""
