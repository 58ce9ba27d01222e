"""A window too long to read every patch token by token in, the commits worth it out.

Chosen by plain searches of their text, a hundred times cheaper than reading them: do they touch files that the failure
reaches or names, set-up files, or lines with the failure's own words? Up to MAX_READ commits nothing is left out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import nlargest

from incident_pipeline.evidence.clues import Clues
from incident_pipeline.evidence.reach import Reach
from incident_pipeline.evidence.roles import role
from incident_pipeline.model.git import Commit, FileChange

MAX_READ = 400
MAX_WORDS = 40
MAX_PATCH_CHARS = 20_000
_SETUP = frozenset({"manifest", "ci", "config"})
_ROUGH = {"missing": 3.0, "frame": 2.0, "reach": 2.0, "setup": 0.5, "words": 1.0}


def shortlist(commits: Sequence[Commit], clues: Clues, reach: Reach, own: Mapping[str, float]) -> frozenset[str]:
    """Hashes of the commits whose patches are worth reading, at most MAX_READ; ties by hash, never by place."""
    if len(commits) <= MAX_READ:
        return frozenset(c.hash for c in commits)
    files = _file_weights(clues, reach)
    names = [m.name.rpartition(".")[2] for m in clues.missing]
    words = nlargest(MAX_WORDS, own, key=lambda w: (own[w], w))
    words += nlargest(MAX_WORDS, clues.words, key=lambda w: (clues.words[w], w))

    def rough(commit: Commit) -> float:
        return max((_rough(f, files, names, words) for f in commit.files or ()), default=0.0)

    best = nlargest(MAX_READ, ((rough(c), c.hash) for c in commits if not c.is_merge))
    return frozenset(sha for worth, sha in best if worth > 0)


def _file_weights(clues: Clues, reach: Reach) -> dict[str, float]:
    top = max(reach.weight.values(), default=0.0) or 1.0
    found: defaultdict[str, float] = defaultdict(float)
    for definition, weight in reach.weight.items():
        found[definition.path] = max(found[definition.path], _ROUGH["reach"] * weight / top)
    named = [f.repo_path for stack in clues.stacks for f in stack if f.repo_path]
    for path in [*named, *(t.path for t in clues.tests if t.path)]:
        found[path] = max(found[path], _ROUGH["frame"])
    return found


def _rough(change: FileChange, files: Mapping[str, float], names: Sequence[str], words: Sequence[str]) -> float:
    kind = role(change.path)
    if kind in {"docs", "data"} or not change.patch:
        return 0.0
    worth = files.get(change.path, 0.0) + (_ROUGH["setup"] if kind in _SETUP else 0.0)
    patch = change.patch[:MAX_PATCH_CHARS]
    if any(name in patch for name in names):
        worth += _ROUGH["missing"]
    text = patch.lower()
    return worth + _ROUGH["words"] * sum(word in text for word in words) / (len(words) or 1)
