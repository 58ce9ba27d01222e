"""Documents (bags of words) and a query in, one score a document out. Robertson & Zaragoza 2009, k1 = 1.2, b = 0.75."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*|\d+(?:\.\d+)?")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_STOP = frozenset(
    """the a an of to in is it and or for with on by as at be from that this not no if else self cls none true false
    null def class return assert error errors exception expected actual test tests import line file py js ts new var let
    const int str""".split()  # noqa: SIM905 - words read best as words
)


def words(text: str) -> list[str]:
    """Lower-case words of a text; identifiers are given whole and in their parts (camel and snake case)."""
    found: list[str] = []
    for word in _WORD.findall(text):
        whole = word.lower()
        if len(whole) > 1 and whole not in _STOP:
            found.append(whole)
        parts = _PARTS.findall(word)
        if len(parts) > 1:
            found += [p.lower() for p in parts if len(p) > 1 and p.lower() not in _STOP]
    return found


def bm25(
    documents: Sequence[Mapping[str, float]], query: Mapping[str, float], *, k1: float = 1.2, b: float = 0.75
) -> list[float]:
    """Score of each document (word -> count) for `query` (word -> weight); 0.0 where no word is shared."""
    seen = Counter(w for d in documents for w in d if w in query)
    lengths = [sum(d.values()) for d in documents]
    mean = sum(lengths) / len(lengths) if lengths else 0.0
    total = len(documents)
    idf = {w: log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in seen.items()}
    scores: list[float] = []
    for document, length in zip(documents, lengths, strict=True):
        norm = k1 * (1 - b + b * length / mean) if mean else k1
        shared = (w for w in sorted(idf) if w in document)
        scores.append(sum(idf[w] * query[w] * document[w] * (k1 + 1) / (document[w] + norm) for w in shared))
    return scores


def bag(texts: Iterable[str]) -> Counter[str]:
    """Word counts of several texts."""
    return Counter(w for text in texts for w in words(text))
