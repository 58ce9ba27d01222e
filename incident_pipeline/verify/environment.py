"""The caller's environment in, the command's out: its own, without what looks like a secret. Pure.

Surprising fact: variables go by how their *names* look, and by an address with a password in it. What is kept on
purpose is named by the caller. It is no wall: whoever runs as the same user can read what other processes were given.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|SIGNATURE|(?:API|PRIVATE|ACCESS|DEPLOY|SIGNING|ENCRYPTION)_?KEY"
    r"|(?:^|_)(?:KEY|PWD|PAT|PW|AUTH|DSN)$|^SSH_AUTH_SOCK$|ASKPASS$"
)
_NO_SECRET = frozenset({"PWD", "OLDPWD"})
_ADDRESS = re.compile(r"://[^/\s:@]{0,200}:[^/\s@]{1,200}@")
# What would point git, or the bytecode cache, at another tree than the one that is run.
_STEERS = re.compile(
    r"GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|PREFIX|NAMESPACE)"
    r"|PYTHONPYCACHEPREFIX|INCIDENT_RESPONDER_.*|PYTEST_XDIST_.*|PYTEST_CURRENT_TEST"
)


def command_environment(
    env: Mapping[str, str], *, tree: Path, temporary: Path, keep: Iterable[str] = ()
) -> dict[str, str]:  # fmt: skip
    """What the command runs with in `tree`. `keep` names variables to pass on whatever they look like."""
    kept = frozenset(keep)
    passed = {name: value for name, value in env.items() if name in kept or not _hides(name, value)}
    return passed | {
        "CI": "true",
        "PWD": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",  # two trees of one second and one size would share bytecode
        "TMPDIR": str(temporary),
        "GIT_TERMINAL_PROMPT": "0",
    }


def dropped(env: Mapping[str, str], keep: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of the variables that are held back because they look like secrets."""
    kept = frozenset(keep)
    return tuple(sorted(name for name, value in env.items() if name not in kept and _is_secret(name, value)))


def _hides(name: str, value: str) -> bool:
    return _is_secret(name, value) or bool(_STEERS.fullmatch(name))


def _is_secret(name: str, value: str) -> bool:
    upper = name.upper()
    return upper not in _NO_SECRET and bool(_SECRET.search(upper) or _ADDRESS.search(value))
