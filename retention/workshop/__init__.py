"""How well every model knows a shop: on its own log, cut in time, beside the tools that people use today.

`liuke retention evaluate` and `compare`, and the benchmarks, use it; nothing that serves or refits imports it.
"""
