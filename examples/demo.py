"""`make demo`: a real red test run and a real git history go in, the whole asset graph runs, a cited report comes out.

Offline and without any key. Everything it makes lies below `out/demo`, which it empties first.
"""

import os
import shutil
import sys
from pathlib import Path

from build import Sample, build

OUT = Path(__file__).resolve().parents[1] / "out" / "demo"
CONFIG = """\
# Written by examples/demo.py: the sample's repository and the folder with its logs.
git_sources:
  - type: local
    name: shop
    config: {{path: {repo}}}
log_sources:
  - type: files
    name: shop-logs
    config: {{path: {logs}}}
"""
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def main() -> int:
    """Build the sample, materialize the asset graph for it, print the report."""
    shutil.rmtree(OUT, ignore_errors=True)
    print("Building the sample: replaying 34 commits, running its tests at the last green commit and at HEAD ...")
    sample = build(OUT / "sample")
    _configure(sample)
    print("Materializing the asset graph ...")
    return _run(sample)


def _configure(sample: Sample) -> None:
    config, dagster = OUT / "config", OUT / "dagster"
    config.mkdir()
    dagster.mkdir()
    text = CONFIG.format(repo=sample.repo, logs=sample.failed_log.parent / "*.log")
    (config / "sources.yaml").write_text(text, encoding="utf-8")
    shutil.copy(OUT.parents[1] / "dagster.yaml", dagster / "dagster.yaml")
    os.environ |= {
        "INCIDENT_RESPONDER_CONFIG": str(config),
        "INCIDENT_RESPONDER_HOME": str(OUT / "home"),
        "DAGSTER_HOME": str(dagster),
    }


def _run(sample: Sample) -> int:
    import dagster as dg

    from incident_pipeline.definitions import defs
    from incident_pipeline.defs.partitions import INCIDENTS
    from incident_pipeline.flow.history import show_incident
    from incident_pipeline.flow.incidents import open_incidents
    from incident_pipeline.flow.progress import quiet
    from incident_pipeline.flow.request import Request
    from incident_pipeline.flow.workspace import open_workspace
    from incident_pipeline.reports.terminal import render_terminal
    from incident_pipeline.settings import load_settings

    ws = open_workspace(load_settings())
    request = Request(
        repo="acme/shop",
        git="local",
        git_path=sample.repo,
        log_files=(sample.failed_log,),
        green_logs=(sample.green_log,),
        last_green=sample.green_sha,
        head=sample.head_sha,
    )
    incident = next(open_incidents(ws, request, quiet))
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(INCIDENTS.name, [incident.key])
        ingest = defs.resolve_job_def("ingest_sources").execute_in_process(
            instance=instance, run_config=QUIET, raise_on_error=False
        )
        found = defs.resolve_job_def("investigate_incident").execute_in_process(
            instance=instance, run_config=QUIET, partition_key=incident.key, raise_on_error=False
        )
        for event in (*ingest.get_asset_materialization_events(), *found.get_asset_materialization_events()):
            print("  materialized", "/".join(event.asset_key.path))
        for check in found.get_asset_check_evaluations():
            print("  check", check.check_name, "passed" if check.passed else f"FAILED {check.metadata}")
    if not (ingest.success and found.success):
        print("The asset graph failed: see the events above.")
        return 1
    stored = show_incident(ws, incident.id)
    print()
    print(
        render_terminal(
            stored.report, width=min(shutil.get_terminal_size((100, 40)).columns, 120), color=sys.stdout.isatty()
        )
    )
    print(f"HTML report: {stored.html_path}")
    print("In Dagster's UI (the asset graph and this run):")
    for name in ("DAGSTER_HOME", "INCIDENT_RESPONDER_HOME", "INCIDENT_RESPONDER_CONFIG"):
        print(f"  export {name}={os.environ[name]}")
    print("  .venv/bin/dagster dev -m incident_pipeline.definitions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
