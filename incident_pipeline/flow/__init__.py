"""The verbs of the one sentence: open an incident, collect its window, judge it, report it.

Each is load -> pure function -> save on a `Workspace`; Dagster, the CLI and the API are callers of the same verbs.
"""
