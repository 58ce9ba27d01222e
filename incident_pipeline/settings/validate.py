"""A Pydantic model and plain values in, the model or one line for each problem out.

Surprising fact: Pydantic's own messages quote the value that failed, which may be a token. Only its reason is taken.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from incident_pipeline.settings.problems import unknown

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], values: Mapping[str, Any]) -> tuple[Model | None, tuple[tuple[str, str, str], ...]]:
    """The model, else None and its problems as (dotted key to name, dotted key to find the line of, text)."""
    try:
        return model.model_validate(dict(values)), ()
    except ValidationError as error:
        return None, tuple(_problems(model, error))


def _problems(model: type[BaseModel], error: ValidationError) -> Iterator[tuple[str, str, str]]:
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        keys = [str(k) for k in item["loc"]]
        dotted, parent = ".".join(keys), ".".join(keys[:-1])
        if item["type"] == "extra_forbidden":
            yield parent, dotted, unknown("key", keys[-1], _known(model, keys[:-1]))
        elif item["type"] == "missing":
            yield parent, parent, f"key {keys[-1]!r} is missing"
        else:
            text = item["msg"].removeprefix("Value error, ").removeprefix("Input ").splitlines()[0]
            yield dotted, dotted, text.replace("valid string", "string (put it in quotes)")


def _known(model: type[BaseModel], keys: list[str]) -> list[str]:
    """Names a key may have in the section `keys` leads to."""
    for key in keys:
        field = model.model_fields.get(key)
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        model = kind
    return [f.alias or name for name, f in model.model_fields.items()]
