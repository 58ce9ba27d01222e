"""A printed stack, and the frames it should be read as: (path, line, function, depth), 0 where it was raised."""

from incident_pipeline.evidence.frames import read_frames

Read = tuple[str, int | None, str | None, int]
Stacks = dict[str, tuple[str, list[Read]]]


def check_stack(text: str, frames: list[Read]) -> None:
    """Exactly these frames are read, in this order."""
    found = read_frames("log", enumerate(text.split("\n"), start=1))
    assert [(f.path, f.source_line, f.function, f.depth) for f in found] == frames
