"""A line of code in, its tokens out, for most languages: a real change is told from whitespace, quotes and comments."""

import re
from collections.abc import Sequence
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<string>[rbfuRBFU]{0,2}(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`))"""
    r"|(?P<name>[A-Za-z_$][\w$]*)|(?P<number>\d[\w.]*)|(?P<operator>===|!==|\*\*=|//=|>>=|<<=|->|=>|::|&&|\|\||\+\+|--|\*\*|//|<<|>>|[-+*/%=<>!&|^:]=|\S)"
)
_HASH = frozenset(
    """py pyi pyx rb sh bash zsh yaml yml toml ini cfg conf txt in r pl pm ex exs nim tf mk dockerfile makefile
    gemfile""".split()  # noqa: SIM905 - words read best as words
)
_DASH = frozenset({"sql", "lua", "hs", "elm"})
_CLOSERS = frozenset(")]}")
_OPENERS = frozenset("([{")
_TAKES_VALUE = frozenset({"=", "return", "assert", "+="})
_ENDS = frozenset(";})")
_JOINS = frozenset({"if", "else", "and", "or", "in", "is", "not", "for", "as", "async"})
_ANNOTATION_END = frozenset(",=):")
_IMPORT = re.compile(
    r"^\s*(?:import\b|from\s+[\w.]+\s+import\b|(?:const|let|var)\s+.*\brequire\(|#\s*include\b|using\s+[\w.]+;|use\s+[\w:]+|require(?:_relative)?\b|export\s+.*\bfrom\b)"
)


def comment_mark(path: str) -> str:
    """What starts a line comment in such a file."""
    suffix = path.rpartition("/")[2].rpartition(".")[2].lower()
    return "#" if suffix in _HASH else "--" if suffix in _DASH else "//"


@lru_cache(maxsize=1 << 14)
def tokens(line: str, mark: str) -> tuple[str, ...]:
    """Tokens without comment; a string keeps its prefix and text but not its kind of quote. Long lines are cut."""
    found: list[str] = []
    for match in _TOKEN.finditer(line[:2000]):
        text, kind = match.group(), match.lastgroup
        if kind == "operator" and line.startswith(mark, match.start()):
            break
        if not found and mark == "//" and text in {"/", "*"}:
            break  # the lines of a block comment
        if kind == "string":
            body = text.lstrip("rbfuRBFU")
            text = f'{text[: len(text) - len(body)].lower().replace("u", "")}"{body[1:-1]}"'
        found.append(text)
    return tuple(found)


def flat(lines: Sequence[str], mark: str) -> list[str]:
    """Tokens of several lines, a comma before a closing bracket left out (reflowed code stays equal)."""
    found = [t for line in lines for t in tokens(line, mark)]
    if mark == "#" and ("class" in found or "super" in found):
        found = _modern(found)
    if "," not in found:
        return found
    return [t for i, t in enumerate(found) if not (t == "," and i + 1 < len(found) and found[i + 1] in _CLOSERS)]


def _modern(found: list[str]) -> list[str]:
    """Python 2 spellings as Python 3 writes them: `class A(object)` and `super(A, self)`."""
    out: list[str] = []
    skip = 0
    for index, word in enumerate(found):
        if skip:
            skip -= 1
        elif found[index : index + 3] == ["(", "object", ")"] and index > 1 and found[index - 2] == "class":
            skip = 2
        elif word == "super" and found[index + 3 : index + 6] == [",", "self", ")"]:
            out += [word, "(", ")"]
            skip = 5
        else:
            out.append(word)
    return out


def without_annotations(found: Sequence[str]) -> list[str]:
    """Python tokens with type annotations of parameters, results and names left out."""
    out: list[str] = []
    depth, previous = 0, ""
    skip_at: int | None = None
    in_def = "def" in found
    for index, word in enumerate(found):
        depth += word in _OPENERS
        if skip_at is not None and depth <= skip_at and word in _ANNOTATION_END:
            skip_at = None
        depth -= word in _CLOSERS
        named = word == ":" and previous.isidentifier() and _annotates(found, index, depth, in_def=in_def)
        if skip_at is None and (named or word == "->"):
            skip_at = depth
        elif skip_at is None:
            out.append(word)
        previous = word
    return out


def unwrapped(found: Sequence[str]) -> list[str]:
    """Tokens without brackets around the whole of a value that is assigned, returned or asserted."""
    drop: set[int] = set()
    open_: list[int] = []
    for index, word in enumerate(found):
        if word in _OPENERS:
            open_.append(index)
        elif word in _CLOSERS and open_:
            start = open_.pop()
            following = found[index + 1] if index + 1 < len(found) else ";"
            whole = word == ")" and start and found[start - 1] in _TAKES_VALUE
            if whole and (following in _ENDS or (following[0].isalpha() and following not in _JOINS)):
                drop |= {start, index}
    return [word for index, word in enumerate(found) if index not in drop]


def _annotates(found: Sequence[str], index: int, depth: int, *, in_def: bool) -> bool:
    """The colon at `index` follows a parameter, or a name that a line begins with or has after a comma."""
    if index + 1 >= len(found):
        return False
    first = index == 1 or (found[index - 2] == "," and "lambda" not in found)
    return depth == 1 if in_def else depth == 0 and first


def is_import(line: str) -> bool:
    """An import, include or require."""
    return _IMPORT.match(line) is not None
