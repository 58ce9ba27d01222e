"""A local git repository in, GitLab's JSON for its commits, diffs, refs, trees, files and blame out.

Written from GitLab's own API code (lib/api/entities, lib/gitlab/git/diff.rb) and its documentation.
"""

import subprocess
from pathlib import Path
from typing import Any

FORMAT = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Missing(Exception):
    """What git does not know; the text is GitLab's message."""


def git(path: Path, *args: str) -> bytes:
    done = subprocess.run(["git", "-c", "core.quotePath=false", *args], cwd=path, capture_output=True, check=False)
    if done.returncode:
        raise Missing("404 Not Found")
    return done.stdout


def rev_parse(path: Path, rev: str, what: str = "Commit") -> str:
    try:
        return git(path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}").decode().strip()
    except Missing:
        raise Missing(f"404 {what} Not Found") from None


def log(path: Path, *args: str) -> list[dict[str, Any]]:
    """An empty list for a revision that git does not know, as Gitaly gives."""
    try:
        text = git(path, "log", "-z", f"--format={FORMAT}%x01", *args).decode("utf-8", "replace")
    except Missing:
        return []
    return [_commit(entry.strip("\0")) for entry in text.split("\x01") if entry.strip("\0\n")]


def _commit(entry: str) -> dict[str, Any]:
    sha, parents, an, ae, ad, cn, ce, cd, body = entry.split("\0", 8)
    return {
        "id": sha, "short_id": sha[:8], "created_at": cd, "parent_ids": parents.split(),
        "title": body.partition("\n")[0], "message": body.rstrip("\n"),
        "author_name": an, "author_email": ae, "authored_date": ad,
        "committer_name": cn, "committer_email": ce, "committed_date": cd,
        "trailers": {}, "web_url": f"https://gitlab.example/-/commit/{sha}",
    }  # fmt: skip


def commit(path: Path, rev: str) -> dict[str, Any]:
    found = log(path, "-1", rev_parse(path, rev))[0]
    rows = git(path, "diff", "--numstat", "-M", _parent(found), found["id"]).decode("utf-8", "replace").splitlines()
    counts = [row.split("\t")[:2] for row in rows]
    added, deleted = (sum(int(c[n]) for c in counts if c[n] != "-") for n in (0, 1))
    stats = {"additions": added, "deletions": deleted, "total": added + deleted}
    return {**found, "stats": stats, "status": None, "project_id": 1, "last_pipeline": None}


def _parent(found: dict[str, Any]) -> str:
    return found["parent_ids"][0] if found["parent_ids"] else EMPTY_TREE


def diffs(path: Path, rev: str, *, flags: bool = True) -> list[dict[str, Any]]:
    """`flags`: `too_large` and `collapsed`, which came with GitLab 18.4."""
    found = log(path, "-1", rev_parse(path, rev))[0]
    old, new = _parent(found), found["id"]
    names = git(path, "diff", "--raw", "-z", "-M", "--abbrev=40", old, new).decode("utf-8", "replace").split("\0")
    text = git(path, "diff", "-p", "-M", old, new).decode("utf-8", "replace")
    patches = [part for part in ("\n" + text).split("\ndiff --git ") if part.strip()]
    items: list[dict[str, Any]] = []
    while names and names[0]:
        a_mode, b_mode, _, _, kind = names.pop(0).lstrip(":").split()
        before = after = names.pop(0)
        if kind[0] in "RC":
            after = names.pop(0)
        patch = patches[len(items)] if len(items) < len(patches) else ""
        diff = "@@ " + patch.partition("\n@@ ")[2].removesuffix("\n") + "\n" if "\n@@ " in patch else ""
        if "\nBinary files " in patch:
            diff = "Binary files " + patch.partition("\nBinary files ")[2].partition("\n")[0] + "\n"
        items.append(
            {
                "diff": diff, "new_path": after, "old_path": before,
                "a_mode": str(int(a_mode)), "b_mode": str(int(b_mode)),
                "new_file": kind == "A", "renamed_file": before != after, "deleted_file": kind == "D",
                "generated_file": None, **({"collapsed": False, "too_large": False} if flags else {}),
            }
        )  # fmt: skip
    return items


def refs(path: Path, folder: str) -> list[dict[str, Any]]:
    text = git(path, "for-each-ref", "--format=%(refname:lstrip=2)%00%(objectname)%00%(*objectname)", folder).decode()
    found: list[dict[str, Any]] = []
    for name, sha, peeled in (line.split("\0") for line in text.splitlines()):
        commits = log(path, "-1", peeled or sha)
        about: dict[str, Any] = {"target": sha} if folder == "refs/tags" else {"merged": False, "default": False}
        found.append({"name": name, "commit": commits[0] if commits else None, **about})
    return found


def tree(path: Path, rev: str, *, recursive: bool) -> list[dict[str, Any]]:
    sha = rev_parse(path, rev, "Tree")
    text = git(path, "ls-tree", "-z", *(["-r", "-t"] if recursive else []), sha).decode("utf-8", "replace")
    items: list[dict[str, Any]] = []
    for about, _, name in (entry.partition("\t") for entry in text.split("\0") if entry):
        mode, kind, blob = about.split()
        items.append({"id": blob, "name": name.rpartition("/")[2], "type": kind, "path": name, "mode": mode})
    return items


def blob(path: Path, rev: str, name: str) -> bytes:
    sha = rev_parse(path, rev)
    listed = git(path, "ls-tree", "-z", sha, "--", name).decode("utf-8", "replace").rstrip("\0").split("\t")
    if len(listed) != 2 or listed[1] != name or listed[0].split()[1] != "blob":
        raise Missing("404 File Not Found")
    return git(path, "cat-file", "blob", listed[0].split()[2])


def blame(path: Path, rev: str, name: str, lines: tuple[int, int] | None) -> list[dict[str, Any]]:
    blob(path, rev, name)
    limits = [f"-L{lines[0]},{lines[1]}"] if lines else []
    text = git(path, "blame", "--porcelain", *limits, rev_parse(path, rev), "--", name).decode("utf-8", "replace")
    groups: list[dict[str, Any]] = []
    sha = ""
    for row in text.split("\n"):
        if row.startswith("\t"):
            if not groups or groups[-1]["commit"]["id"] != sha:
                groups.append({"commit": log(path, "-1", sha)[0], "lines": []})
            groups[-1]["lines"].append(row[1:])
        elif len(row.split(" ", 1)[0]) == 40:
            sha = row.split(" ", 1)[0]
    return groups
