"""Runs every benchmark in its own process, one after another, so that none warms or fattens the next."""

import subprocess
import sys

MODULES = (
    "cli_start", "log_rows", "git_rows", "entries", "requests", "run_zip", "investigate", "warehouse", "templates",
    "evidence", "accuracy",
)  # fmt: skip


def main() -> int:
    """Exit code 1 when one of them failed; the others still run."""
    failed = 0
    for name in MODULES:
        print(f"\n== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
