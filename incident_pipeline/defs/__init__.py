"""Dagster's view of the flow: assets, partitions, checks and resources. Each asset body is a call of one flow verb."""
