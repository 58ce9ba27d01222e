"""A report in, one JSON document out, and back. The schema is `model.report.Report`, field for field.

Surprising fact: bytes that were no text may have become lone surrogates on their way here, which JSON cannot carry as
UTF-8; they leave as question marks.
"""

import json
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from incident_pipeline.errors import BadInput
from incident_pipeline.model.report import SCHEMA_VERSION, Report
from incident_pipeline.reports.text import escape_unseen


@cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def to_json(report: Report) -> str:
    """The report as indented JSON, keys in the order of the schema; times are ISO 8601 in UTC."""
    data = _adapter().dump_python(report, mode="json")
    document = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace").decode()
    return escape_unseen(document) + "\n"


def from_json(text: str) -> Report:
    """The report of a JSON document. BadInput when it is none, or was written by a newer program."""
    try:
        data: Any = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"report: not JSON ({_where(error)}): export it again") from error
    if not isinstance(data, dict) or "schema_version" not in data:
        raise BadInput("report: no schema_version: this is not a report of incident-responder")
    version = cast("dict[str, Any]", data)["schema_version"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadInput("report: schema_version is not a whole number from 1: export it again")
    if version > SCHEMA_VERSION:
        raise BadInput(
            f"report: schema version {version} is newer than this program reads ({SCHEMA_VERSION}): "
            "upgrade incident-responder"
        )
    try:
        return _adapter().validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"report: {where}: {first['msg']}: export it again") from error


def _where(error: Exception) -> str:
    return f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "nested too deep"


def json_schema() -> str:
    """The JSON Schema (draft 2020-12) of what `to_json` writes."""
    schema = _adapter().json_schema(mode="serialization")
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Report, version {SCHEMA_VERSION}"}
    return json.dumps(schema | named, indent=2) + "\n"
