"""Labelled log lines: a seed in, lines and the number of the event each came from out.

The events (`labelled_events.txt`) are modelled on what CI tools and services print. Values are of all kinds, words and
lists of varying length among them; events are drawn by Zipf's law, as in real logs. The truth of a line is the event
that made it.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

_WORDS = [
    "cart", "order", "parser", "socket", "array", "frame", "index", "cache", "worker", "batch", "ledger", "mailer",
    "numeric", "serializer", "checkout", "storage", "resolver", "matrix", "schema", "widget", "compiler", "billing",
    "search", "profile", "session", "invoice", "tracker", "gateway", "scheduler", "renderer", "importer", "exporter",
]  # fmt: skip
_NAMES = [
    "ana",
    "bob",
    "chen",
    "dora",
    "emil",
    "fatima",
    "goran",
    "hana",
    "ivan",
    "jun",
    "kofi",
    "lena",
    "mira",
    "omar",
]
_EXTENSIONS = ["py", "ts", "tsx", "js", "go", "rs", "java", "rb", "c", "cpp", "h", "yml", "json", "toml", "sql"]
_VERBS = ["GET", "GET", "GET", "POST", "PUT", "DELETE", "PATCH"]
_TOP = ["example.com", "corp.example", "cluster.local", "svc.internal", "example.org"]


def _word(rng: random.Random) -> str:
    return rng.choice(_WORDS)


def _snake(rng: random.Random) -> str:
    return "_".join(_word(rng) for _ in range(rng.randint(1, 3)))


def _camel(rng: random.Random) -> str:
    return "".join(_word(rng).capitalize() for _ in range(rng.randint(1, 3)))


def _path(rng: random.Random) -> str:
    return "/".join(_word(rng) for _ in range(rng.randint(1, 4)))


def _file(rng: random.Random) -> str:
    return f"{_path(rng)}/{_snake(rng)}.{rng.choice(_EXTENSIONS)}"


def _host(rng: random.Random) -> str:
    return f"{_word(rng)}-{rng.randrange(40)}.{rng.choice(_TOP)}"


def _url(rng: random.Random) -> str:
    tail = f"?page={rng.randrange(90)}" if rng.random() < 0.3 else ""
    return f"https://{_host(rng)}/{_path(rng)}{tail}"


def _list(rng: random.Random) -> str:
    return ", ".join(_word(rng) for _ in range(rng.randint(1, 6)))


def _phrase(rng: random.Random) -> str:
    return " ".join(_word(rng) for _ in range(rng.randint(1, 5)))


def _size(rng: random.Random) -> str:
    return f"{rng.uniform(0.1, 900):.1f} {rng.choice(['B', 'kB', 'MB', 'GB', 'KiB', 'MiB'])}"


def _duration(rng: random.Random) -> str:
    shapes = ("{:.2f}s", "{:.0f}ms", "{:.1f} s", "{:.0f} ms", "{:.3f}s")
    return rng.choice(shapes).format(rng.uniform(0.5, 90))


def _ip(rng: random.Random) -> str:
    return ".".join(str(rng.randrange(1, 255)) for _ in range(4))


def _uuid(rng: random.Random) -> str:
    return f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4a6f-8000-{rng.getrandbits(48):012x}"


VALUES: dict[str, Callable[[random.Random], str]] = {
    "n": lambda rng: str(rng.randrange(10 ** rng.randint(1, 5))),
    "float": lambda rng: f"{rng.uniform(0, 100):.2f}",
    "percent": lambda rng: f"{rng.randrange(101)}%",
    "hex": lambda rng: f"0x{rng.getrandbits(48):x}",
    "sha": lambda rng: f"{rng.getrandbits(160):040x}",
    "short": lambda rng: f"{rng.getrandbits(28):07x}",
    "id": lambda rng: f"{rng.getrandbits(48):012x}",
    "uuid": _uuid, "ip": _ip, "host": _host, "url": _url, "size": _size, "took": _duration,
    "port": lambda rng: str(rng.randrange(1024, 65535)),
    "version": lambda rng: f"{rng.randrange(12)}.{rng.randrange(40)}.{rng.randrange(20)}",
    "word": _word, "snake": _snake, "camel": _camel, "path": _path, "file": _file, "list": _list, "phrase": _phrase,
    "user": lambda rng: rng.choice(_NAMES),
    "pkg": lambda rng: f"{_word(rng)}-{_word(rng)}" if rng.random() < 0.5 else _word(rng),
    "class": lambda rng: f"org.acme.{_word(rng)}.{_camel(rng)}",
    "verb": lambda rng: rng.choice(_VERBS),
    "bool": lambda rng: rng.choice(["true", "false"]),
}  # fmt: skip

EVENTS = tuple(Path(__file__).with_name("labelled_events.txt").read_text(encoding="utf-8").splitlines())


def make_lines(count: int, *, seed: int) -> tuple[list[str], list[int]]:
    """`count` lines and, for each, the index of its event in EVENTS. Ranks of events are shuffled by the seed."""
    rng = random.Random(seed)
    order = rng.sample(range(len(EVENTS)), len(EVENTS))
    weights = [1 / rank for rank in range(1, len(EVENTS) + 1)]
    truth = rng.choices(order, weights, k=count)
    return list(_fill(truth, rng)), truth


def _fill(truth: list[int], rng: random.Random) -> Iterator[str]:
    split = [event.split("{") for event in EVENTS]
    for event in truth:
        head, *parts = split[event]
        out = [head]
        for part in parts:
            name, _, rest = part.partition("}")
            out.append(VALUES[name](rng) + rest)
        yield "".join(out)
