"""Features for failures outside the code: requirements that changed what was installed, settings, CI files."""

from incident_pipeline.evidence.dossier import Changes, Dossier
from incident_pipeline.evidence.edit_kind import Line
from incident_pipeline.evidence.edits import Edit
from incident_pipeline.evidence.packages import Moved, named_packages
from incident_pipeline.evidence.proof import Column, Signal, best_edit, column, proof
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.weights import PACKAGE
from incident_pipeline.model.evidence import Citation, log_ref


def moved_package(d: Dossier) -> Column:
    """Touches, in a manifest, a package whose installed version differs between the green and the red log."""
    by_name = {m.name: m for m in d.moved}

    def hit(line: Line) -> tuple[float, Moved | None]:
        found = [by_name[n] for n in sorted(named_packages(line.text) & by_name.keys())]
        return max(((_share(m, line), m) for m in found), key=lambda r: (r[0], r[1].name), default=(0.0, None))

    def value(edit: Edit) -> float:
        if role(edit.path) not in {"manifest", "ci"} or edit.weight == 0:
            return 0.0
        return max((hit(x)[0] for x in edit.lines), default=0.0)

    def signal(changes: Changes) -> Signal | None:
        top, edit = best_edit(changes, value)
        if edit is None:
            return None
        line = max(edit.lines, key=lambda x: hit(x)[0])
        package = hit(line)[1]
        if package is None:
            return None
        said = Citation(log_ref(package.label, package.line), package.text, "installed")
        text = f"changes {package.name} in {edit.path}; installed: {package.say}"
        return Signal("moved_package", top, text, (said, *proof(changes, edit, naming=line.text)))

    return column(d, signal) if by_name else [None] * len(d.changes)


def _share(package: Moved, line: Line) -> float:
    """Full when the line names the version that came, or takes away what is gone; else the package is merely named."""
    if package.red is None:
        return PACKAGE["decides"] if line.sign == "-" else PACKAGE["named"]
    return PACKAGE["decides"] if line.sign == "+" and package.red in line.text else PACKAGE["named"]


def setup(d: Dossier) -> Column:
    """No frame of the repository's own code and no failing test: manifests, CI and tool settings are what is left."""
    if any(d.repo_stack(s, tests=False) for s in d.clues.stacks) or any(t.names for t in d.clues.tests):
        return [None] * len(d.changes)

    def signal(changes: Changes) -> Signal | None:
        value, edit = best_edit(changes, lambda e: e.weight if role(e.path) in {"manifest", "ci", "config"} else 0.0)
        if edit is None:
            return None
        text = f"changes {edit.path}, and the failure shows no code of the repository"
        return Signal("setup", value, text, proof(changes, edit))

    return column(d, signal)
