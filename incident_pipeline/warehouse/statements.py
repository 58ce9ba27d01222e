"""Constant SQL of this room: `sql/queries/<name>.sql`, `sql/views/*.sql`, `sql/migrations/NNN_name.sql`."""

from functools import cache
from importlib.resources import files

_SQL = files("incident_pipeline.warehouse") / "sql"


@cache
def query(name: str) -> str:
    """Text of a named query; values are bound as `$name`, never pasted."""
    return (_SQL / "queries" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def views() -> str:
    """All view definitions in the order of their file names."""
    return "\n".join(text for _, text in _texts("views"))


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """(number, name, text) of every migration, ascending."""
    return tuple((int(name[:3]), name, text) for name, text in _texts("migrations"))


def _texts(folder: str) -> list[tuple[str, str]]:
    found = [item for item in (_SQL / folder).iterdir() if item.name.endswith(".sql")]
    return sorted((item.name.removesuffix(".sql"), item.read_text(encoding="utf-8")) for item in found)
