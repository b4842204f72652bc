"""The retail tasks of τ-bench, played by a scripted customer."""
