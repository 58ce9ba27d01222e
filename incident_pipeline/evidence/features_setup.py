"""Features for failures outside the code: requirements that changed what was installed, settings, CI files."""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from incident_pipeline.evidence.dossier import Changes, Dossier
from incident_pipeline.evidence.edit_kind import Line
from incident_pipeline.evidence.edits import Edit, placed
from incident_pipeline.evidence.outline import Outline
from incident_pipeline.evidence.packages import Moved, named_packages
from incident_pipeline.evidence.proof import Column, Signal, best_edit, column, proof
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.weights import OTHERS_SETTINGS, PACKAGE
from incident_pipeline.model.evidence import Citation, log_ref

_INNERMOST = 4
_SECTION = re.compile(r"\s{0,20}\[{1,2}([^\[\]]{1,200})\]{1,2}\s{0,20}(?:#.*)?$")
_SAYS_SETTINGS = r"^configfile: (\S+)"  # pytest's head
_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({
    "pytest": r"pytest\.ini|\.pytest\.ini|pyproject\.toml|tox\.ini|setup\.cfg|conftest\.py|\.coveragerc",
    "unittest": r"pyproject\.toml|setup\.(?:cfg|py)|tox\.ini",
    "mypy": r"mypy\.ini|\.mypy\.ini|pyproject\.toml|setup\.cfg",
    "tsc": r"tsconfig[^/]*\.json|package\.json",
    "jest": r"(?:jest|vite|vitest|babel|playwright)\.config\.\w+|\.babelrc[^/]*|package\.json|tsconfig[^/]*\.json",
    "mocha": r"\.mocharc[^/]*|package\.json",
    "eslint": r"\.eslintrc[^/]*|eslint\.config\.\w+|\.eslintignore|package\.json",
    "formatter": r"\.prettierrc[^/]*|prettier\.config\.\w+|\.editorconfig|\.clang-format|rustfmt\.toml|pyproject\.toml",
    "pre-commit": r"\.pre-commit-config\.ya?ml",
    "bundler": r"(?:webpack|vite|rollup|next|babel|postcss)\.config\.\w+|package\.json|tsconfig[^/]*\.json",
    "javac": r"pom\.xml|build\.gradle(?:\.kts)?|gradle\.properties|settings\.gradle(?:\.kts)?",
    "maven": r"pom\.xml|settings\.xml|maven\.config|jvm\.config",
    "surefire": r"pom\.xml",
    "gradle": r"[^/]*\.gradle(?:\.kts)?|gradle[^/]*\.properties|libs\.versions\.toml",
    "checkstyle": r"checkstyle[^/]*\.xml|pom\.xml|build\.gradle(?:\.kts)?",
    "cargo": r"cargo\.(?:toml|lock)|rust-toolchain[^/]*|config\.toml",
    "rustc": r"cargo\.(?:toml|lock)|rust-toolchain[^/]*|config\.toml|build\.rs",
    "go": r"go\.(?:mod|sum|work)|\.golangci\.ya?ml",
    "cmake": r"cmakelists\.txt|[^/]*\.cmake|cmakepresets\.json|conanfile[^/]*|vcpkg\.json",
    "ctest": r"cmakelists\.txt|[^/]*\.cmake|cmakepresets\.json",
    "docker": r"dockerfile[^/]*|[^/]*\.dockerfile|docker-compose[^/]*|docker-bake\.hcl|\.dockerignore",
    "rspec": r"\.rspec|spec_helper\.rb|gemfile(?:\.lock)?",
})  # fmt: skip


def moved_package(d: Dossier) -> Column:
    """Touches, in a manifest, a package whose installed version differs between the green and the red log."""
    by_name = {m.name: m for m in d.moved}
    raised = {name for name in by_name if _raised_in(d, name)}

    def hit(line: Line) -> tuple[float, Moved | None]:
        found = [by_name[n] for n in sorted(named_packages(line.text) & by_name.keys())]
        shares = [(_share(m, line, raised=m.name in raised), m) for m in found]
        return max(shares, key=lambda r: (r[0], r[1].name), default=(0.0, None))

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


def _share(package: Moved, line: Line, *, raised: bool) -> float:
    """Most when the line names the version that came, or takes away what is gone; else the package is merely named.

    Whole when the failure was raised inside that package.
    """
    decides = line.sign == "-" if package.red is None else line.sign == "+" and package.red in line.text
    return PACKAGE["raised"] if decides and raised else PACKAGE["decides" if decides else "named"]


def _raised_in(d: Dossier, package: str) -> bool:
    """The innermost frames of a stack lie in the package, outside the repository."""
    spelled = "[-_.]".join(map(re.escape, package.split("-")))
    name = re.compile(rf"(?<![\w-])_?{spelled}(?![\w-])", re.IGNORECASE)
    return any(f.repo_path is None and name.search(f.path) for stack in d.clues.stacks for f in stack[:_INNERMOST])


def setup(d: Dossier) -> Column:
    """No frame of the repository's own code and no failing test: manifests, CI and tool settings are what is left.

    The settings that the failing tool itself reads count whole, others less.
    """
    if any(d.repo_stack(s, tests=False) for s in d.clues.stacks) or any(t.names for t in d.clues.tests):
        return [None] * len(d.changes)
    tool, own = _own_settings(d)

    @cache
    def at_head(path: str) -> Outline:
        return Outline(path, d.code.files.get(path, ""))

    def reads(edit: Edit) -> bool:
        return own is not None and bool(own.search(edit.path)) and _in_own_section(edit, at_head(edit.path), tool)

    def value(edit: Edit) -> float:
        if role(edit.path) not in {"manifest", "ci", "config"}:
            return 0.0
        return edit.weight * (1.0 if own is None or reads(edit) else OTHERS_SETTINGS)

    def signal(changes: Changes) -> Signal | None:
        top, edit = best_edit(changes, value)
        if edit is None:
            return None
        read = f"which {tool or 'the failing tool'} reads, " if reads(edit) else ""
        text = f"changes {edit.path}, {read}and the failure shows no code of the repository"
        return Signal("setup", top, text, proof(changes, edit))

    return column(d, signal)


def _in_own_section(edit: Edit, outline: Outline, tool: str) -> bool:
    """False for an edit outside the sections that bear the tool's name, in a file that has such ones at head."""
    heads = [(n, m[1].lower()) for n, line in enumerate(outline.lines, 1) if (m := _SECTION.match(line))]
    if not tool or not any(tool in name for _, name in heads):
        return True
    if any((m := _SECTION.match(x.text)) and tool in m[1].lower() for x in edit.lines):
        return True
    at = placed(edit, outline).head_line
    return at is None or tool in next((name for n, name in reversed(heads) if n <= at), "")


def _own_settings(d: Dossier) -> tuple[str, re.Pattern[str] | None]:
    """The failing tool and the files it reads its settings from: the one its log names, else those it knows."""
    for log in d.lines.logs.values():
        found = log.frame["text"].str.extract(_SAYS_SETTINGS).drop_nulls().to_list()
        if found and log.label.startswith("log"):
            return "pytest", re.compile(rf"(?:^|/){re.escape(str(found[0]))}$")
    names = _SETTINGS.get(d.failure.tool or "")
    return d.failure.tool or "", re.compile(rf"(?:^|/)(?:{names})$", re.IGNORECASE) if names else None
