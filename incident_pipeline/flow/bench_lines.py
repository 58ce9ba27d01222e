"""Predict which lines explain each failed log of a folder of labelled cases; never opens a truth file.

Comes in: a folder with `logdx/<case>` and `cidiff/<case>`, each holding `failed.log.gz` and perhaps `green.log.gz`.
Goes out: one `{"case", "lines"}` a case. Lines are numbered as the file breaks them (`\\n`, `\\r\\n`, a lone `\\r`).
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NotRequired, TypedDict

import polars as pl

from incident_pipeline.errors import IncidentError
from incident_pipeline.evidence.excerpt import select_lines
from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.flow.progress import Progress, quiet
from incident_pipeline.model.evidence import Failure
from incident_pipeline.model.frames import LOG
from incident_pipeline.normalize.frames import normalize
from incident_pipeline.sources.logs.files import read_log_file

EXCERPT_CHARS = 8_000
_TELLS_ONLY_THAT = frozenset({"exit", "summary", "header"})


class Prediction(TypedDict):
    """What the scorer reads; `error` says why a case could not be read."""

    case: str
    lines: list[int]
    error: NotRequired[str]


def predict_lines(folder: Path, *, max_chars: int = EXCERPT_CHARS, progress: Progress = quiet) -> Iterator[Prediction]:
    """Excerpts for the cases below `logdx`, the findings' lines for those below `cidiff`, in order of name.

    A case whose failed log cannot be read is predicted as no
    lines, with the reason; a green log that is missing or cannot be read is done without.
    """
    cases = sorted(path for suite in ("logdx", "cidiff") for path in (folder / suite).glob("*") if path.is_dir())
    progress.step("Predicting cases", total=len(cases))
    for case in cases:
        yield _predict(case, max_chars=max_chars)
        progress.advance()


def _predict(case: Path, *, max_chars: int) -> Prediction:
    suite = case.parent.name
    name = f"{suite}/{case.name}"
    try:
        failed = load_log(case / "failed.log.gz", label="log")
    except IncidentError as error:
        return {"case": name, "lines": [], "error": str(error)}
    if suite == "logdx":
        failure = find_failure([failed])
        return {"case": name, "lines": list(select_lines(failed, failure, max_chars=max_chars).lines)}
    with suppress(IncidentError):
        return {"case": name, "lines": _lines(find_failure([failed], [load_log(case / "green.log.gz", label="green")]))}
    return {"case": name, "lines": _lines(find_failure([failed]))}


def _lines(failure: Failure) -> list[int]:
    """Lines of what explains the failure: not the totals and exits, and not what the green run printed too."""
    explains = [f for f in failure.findings if f.kind not in _TELLS_ONLY_THAT]
    chosen = [f for f in explains if f.novel is not False] or explains
    return sorted({line for f in chosen for line in range(f.line, f.end_line + 1)})


def load_log(path: Path, *, label: str) -> LogText:
    """A log file normalized as evidence takes it. Errors: those of `read_log_file`."""
    frames = [normalize(frame)[0] for frame in read_log_file(path).frames]
    return LogText(label, path.name, pl.concat(frames) if frames else pl.DataFrame(schema=LOG))
