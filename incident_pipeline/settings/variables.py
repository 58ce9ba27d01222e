"""Environment variables in config strings: `${VAR}`, `${VAR:-default}`; `$$` is a dollar sign.

As in a shell, `:-` also applies to a variable that is set but empty. Values are never looked at again: a variable
whose value holds `${...}` is taken as it is.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

_TOKEN = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<bad>\$\{[^}]*\}?)")


Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
"""What a config file can hold."""


def fill(value: Value, env: Mapping[str, str], *, key: str) -> tuple[Value, tuple[tuple[str, str], ...]]:
    """`value`, which stands at dotted `key`, with the variables of every string in it filled in.

    Beside it what was wrong, as (dotted key, text).
    """
    wrong: list[tuple[str, str]] = []

    def walk(value: Value, key: str) -> Value:
        if isinstance(value, str):
            text, texts = interpolate(value, env)
            wrong.extend((key, t) for t in texts)
            return text
        if isinstance(value, dict):
            return {k: walk(v, f"{key}.{k}") for k, v in value.items()}
        return [walk(v, f"{key}.{i}") for i, v in enumerate(value)] if isinstance(value, list) else value

    return walk(value, key), tuple(wrong)


def interpolate(text: str, env: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with its variables filled in, and what was wrong (a missing variable keeps its `${VAR}`)."""
    problems: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if match["bad"]:
            problems.append("a variable is written ${NAME} or ${NAME:-default} ($$ is a dollar sign)")
        elif name is None:
            return "$"
        elif default is not None:
            return env.get(name) or default
        elif name in env:
            return env[name]
        else:
            problems.append(f"variable {name} is not set: export it, or give a default: ${{{name}:-...}}")
        return match[0]

    return _TOKEN.sub(fill, text), tuple(problems)
