"""One person's word on an incident in; stored, and said back beside what the report had said and others said before.

Surprising fact: a culprit outside the range that was looked at is worth the most, as it says that the range was wrong.
It is taken when its hash is given whole, since then it is no slip of the finger.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from incident_pipeline.errors import UsageError
from incident_pipeline.flow.redaction import without_secrets
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.warehouse.incidents import find_incident
from incident_pipeline.warehouse.memory import (
    Answer,
    Said,
    Word,
    load_commits_of,
    load_said,
    load_words,
)
from incident_pipeline.warehouse.reports import save_feedback

MAX_NOTE = 2_000
_HASH = re.compile(r"[0-9a-f]{4,64}")
_WHOLE = frozenset({40, 64})
_SHOWN = 3
_ABOUT_CAUSE = frozenset({"culprit", "infrastructure", "flaky"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was stored. `outside`: the commit is not of the range. `against`: standing words that it contradicts."""

    incident: str
    word: Word
    subject: str
    outside: bool
    said: Said | None
    against: tuple[Word, ...]


def give_feedback(
    ws: Workspace, incident: str, *, answer: Answer, commit: str | None = None, note: str = "", author: str = "",
) -> Recorded:  # fmt: skip
    """Store it. UsageError when the commit is not of the incident's range, or the words make no sense together."""
    if (answer in {"culprit", "not"}) != (commit is not None):
        raise UsageError(f"feedback {answer}: {'needs a commit' if commit is None else 'takes no commit'}")
    if len(note) > MAX_NOTE:
        raise UsageError(f"--note: {len(note):,} characters; at most {MAX_NOTE:,}")
    with ws.warehouse.reading():
        incident = find_incident(ws.warehouse, incident)
        commits = load_commits_of(ws.warehouse, incident)
        said = load_said(ws.warehouse, incident)
        earlier = load_words(ws.warehouse, incident)
    full, outside = (None, False) if commit is None else _resolve(incident, commits, commit)
    word = Word(answer, full, without_secrets(author.strip()), without_secrets(note.strip()), ws.clock())
    save_feedback(
        ws.warehouse, incident, feedback_id=_id(incident, word), answer=answer, hash=full, note=word.note,
        report_id=said.report_id if said else None, author=word.author, created_at=word.created_at,
    )  # fmt: skip
    against = tuple(w for w in standing(earlier) if _contradicts(word, w))
    return Recorded(incident, word, commits.get(full or "", ""), outside, said, against)


def default_author(env: Mapping[str, str]) -> str:
    """`$USER`, else git's `user.name`, else nobody."""
    if env.get("USER"):
        return env["USER"]
    try:
        asked = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, check=False, timeout=5, env=dict(os.environ)
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()


def standing(words: Sequence[Word]) -> tuple[Word, ...]:
    """Of each person the newest word on the cause, and every `not` that they did not take back; oldest first."""
    causes: dict[str, Word] = {}
    denied: dict[tuple[str, str | None], Word] = {}
    for word in words:
        if word.answer in _ABOUT_CAUSE:
            causes[word.author] = word
            denied.pop((word.author, word.hash), None)
        elif word.answer == "not":
            denied[word.author, word.hash] = word
            cause = causes.get(word.author)
            if cause and cause.hash == word.hash:
                del causes[word.author]
    return tuple(sorted((*causes.values(), *denied.values()), key=lambda w: w.created_at))


def _contradicts(word: Word, other: Word) -> bool:
    if "resolved" in {word.answer, other.answer}:
        return False
    if "not" in {word.answer, other.answer}:
        return word.answer != other.answer and word.hash is not None and word.hash == other.hash
    return (word.answer, word.hash) != (other.answer, other.hash)


def _resolve(incident: str, commits: Mapping[str, str], text: str) -> tuple[str, bool]:
    wanted = text.strip().lower()
    if not _HASH.fullmatch(wanted):
        raise UsageError(f"{text!r}: is no commit hash: give 4 to 40 hexadecimal digits")
    found = [h for h in commits if h.startswith(wanted)]
    if len(found) == 1:
        return found[0], False
    if found:
        raise UsageError(
            f"{text}: several commits of {incident} match: {_named(found, commits)}: give more of the hash"
        )
    if len(wanted) in _WHOLE:
        return wanted, True
    near = sorted(commits, key=lambda h: -_alike(h, wanted))
    choice = f"the nearest are {_named(near, commits)}" if near else "it has no commits"
    raise UsageError(
        f"{text}: no commit of {incident}'s range; {choice}: give one of them, or all 40 digits of one outside it"
    )


def _alike(one: str, other: str) -> int:
    """How many first characters they share."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _named(hashes: Sequence[str], commits: Mapping[str, str]) -> str:
    more = ", ..." if len(hashes) > _SHOWN else ""
    return ", ".join(f'{h[:10]} "{commits[h][:60]}"' for h in hashes[:_SHOWN]) + more


def _id(incident: str, word: Word) -> str:
    text = "\x1f".join([incident, word.answer, word.hash or "", word.author, word.note])
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return f"{word.created_at:%Y%m%dT%H%M%S%f}-{digest}"
