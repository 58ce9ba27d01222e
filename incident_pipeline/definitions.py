"""Explicit list of everything in `defs/`: what Dagster loads."""
