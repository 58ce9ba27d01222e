"""Accuracy on the labelled sets beside the project: `incident-responder bench`, as one of the benchmarks.

    python -m benchmarks.accuracy [--floor benchmarks/floors.json] [--json FILE] [--shared DIR]

Without the sets it says so and, as nothing was asked of it, ends well.
"""

import sys

from incident_pipeline.surfaces.cli.main import main

if __name__ == "__main__":
    words = sys.argv[1:]
    code = main(["bench", *words])
    sys.exit(0 if code == 2 and not words else code)
