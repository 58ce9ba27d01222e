"""`feedback`: one person's word on an incident is stored and said back."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from incident_pipeline.surfaces.cli.options import ConfigOption

if TYPE_CHECKING:
    from incident_pipeline.flow.feedback import Answer, Recorded, Said, Word


def feedback(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, or a part that only one has.")],
    *,
    culprit: Annotated[str | None, typer.Option("--culprit", metavar="SHA", help="This commit did it.")] = None,
    innocent: Annotated[str | None, typer.Option("--not", metavar="SHA", help="This commit did not do it.")] = None,
    infra: Annotated[bool, typer.Option("--infra", help="No commit: the machine, the network, a service.")] = False,
    flaky: Annotated[bool, typer.Option("--flaky", help="No commit: the test fails by chance.")] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="It is dealt with.")] = False,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Anything worth keeping; secrets are redacted.")] = "",
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who says so (default: $USER, else git's user.name).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say what really happened: it counts in the accuracy views and in later investigations."""
    import os

    from incident_pipeline.errors import UsageError
    from incident_pipeline.reports.text import visible
    from incident_pipeline.surfaces.cli.options import open_room

    given: dict[Answer, str | bool | None] = {
        "culprit": culprit, "not": innocent, "infrastructure": infra, "flaky": flaky, "resolved": resolved,
    }  # fmt: skip
    answers: list[Answer] = [answer for answer, value in given.items() if value is not None and value is not False]
    if len(answers) != 1:
        raise UsageError("feedback: give exactly one of --culprit SHA, --not SHA, --infra, --flaky, --resolved")
    ws = open_room(config)
    from incident_pipeline.flow.feedback import default_author, give_feedback

    recorded = give_feedback(
        ws, incident, answer=answers[0], commit=culprit if culprit is not None else innocent, note=note,
        author=default_author(os.environ) if author is None else author,
    )  # fmt: skip
    for line in _in_words(recorded):
        typer.echo(visible(line))


def _in_words(recorded: "Recorded") -> Iterator[str]:
    """What was recorded, how the report had ranked it, and what it contradicts."""
    word = recorded.word
    by = f" (by {word.author})" if word.author else ""
    yield f"{recorded.incident}: recorded, {_told(word, recorded.subject)}{by}"
    if recorded.outside:
        yield f"{(word.hash or '')[:10]} is outside the range that was looked at"
    if recorded.said is None:
        yield "no report was made of it yet"
    elif word.answer != "resolved":
        yield f"the report said: {_ranked(recorded.said, word)}"
    for other in recorded.against:
        who = "you" if other.author == word.author else other.author or "somebody"
        when = f"{other.created_at:%Y-%m-%d %H:%M} UTC"
        yield f"this contradicts what {who} said on {when} ({_told(other)}); the newest word counts"


def _told(word: "Word", subject: str = "") -> str:
    commit = (word.hash or "")[:10] + (f' "{subject}"' if subject else "")
    return {
        "culprit": f"{commit} did it",
        "not": f"{commit} did not do it",
        "infrastructure": "it was infrastructure, no commit",
        "flaky": "it failed by chance, no commit",
        "resolved": "it is resolved",
    }[word.answer]


def _ranked(said: "Said", word: "Word") -> str:
    whole = f"{said.status} {said.verdict}"
    if word.hash is None:
        return whole
    place = next((s for s in said.suspects if s.hash == word.hash), None)
    if place is None:
        return f"{whole}; this commit was not among its suspects"
    return f"{whole}; this commit was number {place.place} of {len(said.suspects)} ({place.probability:.2f})"
