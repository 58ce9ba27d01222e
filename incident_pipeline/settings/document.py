"""A YAML or TOML file in, plain values and the line of every key out. Nothing in the file is run or expanded.

Surprising fact: a YAML alias is refused. A few lines of nested aliases can grow to gigabytes, and no config needs one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from incident_pipeline.errors import ConfigError
from incident_pipeline.settings.problems import Problem
from incident_pipeline.settings.variables import Value

MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """`lines` maps a dotted key (`git_sources.0.config.owner`) to its 1-based line. `problems`: e.g. doubled keys."""

    path: Path
    data: Mapping[str, Value]
    lines: Mapping[str, int]
    problems: tuple[Problem, ...] = ()

    def line(self, key: str) -> int:
        """Line of `key`, else of the nearest key around it, else 0."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 0)


def read_document(path: Path) -> Document:
    """ConfigError with file and line when the file is missing, too large, not text, or not YAML (`.toml`: TOML)."""
    text = _read(path)
    try:
        data, lines, problems = _toml(path, text) if path.suffix == ".toml" else _yaml(path, text)
    except RecursionError:
        raise ConfigError("nested too deeply", path=path) from None
    if data is not None and not isinstance(data, dict):
        raise ConfigError("expected keys and values, such as git_sources:", path=path, line=1)
    return Document(path, data or {}, lines, tuple(problems))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("not UTF-8 text", path=path) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=path) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError("larger than 1 MiB: is this the right file?", path=path)
    return text


_Parsed = tuple[Value, dict[str, int], list[Problem]]


def _yaml(path: Path, text: str) -> _Parsed:
    import yaml  # noqa: PLC0415 - start-up without a config does not pay for it

    from incident_pipeline.settings.yaml_values import Values, compose  # noqa: PLC0415 - the same

    try:
        values = Values(path)
        data = values.of(compose(text), "")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        text = error.problem or error.context or "cannot be parsed"
        raise ConfigError(f"not valid YAML: {text}", path=path, line=mark.line + 1 if mark else None) from None
    except yaml.YAMLError:
        raise ConfigError("not valid YAML: it holds control characters", path=path) from None
    return data, values.lines, values.problems


def _toml(path: Path, text: str) -> _Parsed:
    import re  # noqa: PLC0415 - only a TOML file needs these
    import tomllib  # noqa: PLC0415

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = re.sub(r" \(at .*\)$", "", str(error))
        line = re.search(r"at line (\d+)", str(error))
        raise ConfigError(f"not valid TOML: {message}", path=path, line=int(line[1]) if line else None) from None
    return data, dict(_toml_lines(text)), []


def _toml_lines(text: str) -> Iterator[tuple[str, int]]:
    """Found by looking for keys: tomllib keeps no positions. Keys of inline tables have the line of their table."""
    import re  # noqa: PLC0415 - only a TOML file needs it

    prefix, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), start=1):
        if array := re.match(r"\s*\[\[\s*([\w.-]+)\s*\]\]", line):
            counts[array[1]] = counts.get(array[1], -1) + 1
            prefix = f"{array[1]}.{counts[array[1]]}"
            yield prefix, number
        elif table := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            head, _, rest = table[1].partition(".")
            prefix = f"{head}.{counts[head]}.{rest}" if head in counts else table[1]
            yield prefix, number
        elif key := re.match(r"""\s*["']?([\w.-]+)["']?\s*=""", line):
            yield f"{prefix}.{key[1]}" if prefix else key[1], number
