"""A vendor's description in, a mock server of it by Prism out: an engine that nobody here wrote, and that refuses
requests which the description does not allow. It keeps no state and gives one example for ever.

The program is found by INCIDENT_RESPONDER_PRISM (`.ci/run` installs it and sets it).
"""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "INCIDENT_RESPONDER_PRISM"
START_SECONDS = 90.0
PROGRAM = os.environ.get(VARIABLE, "")
"""Read when this is imported: tests run in an environment without it."""


@contextmanager
def serving(description: Path) -> Generator[str]:
    """The mock's base URL on loopback. RuntimeError when it does not come up."""
    if not Path(PROGRAM).is_file():
        raise RuntimeError(f"{VARIABLE} names no Prism (got {PROGRAM!r})")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PROGRAM, "mock", "--host", "127.0.0.1", "--port", str(port), "--verboseLevel", "error", str(description)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + START_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Prism did not come up with {description.name}")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
