"""A local git repository in, GitHub's JSON for its commits, comparisons, refs, trees and files out."""

import base64
import subprocess
from pathlib import Path
from typing import Any

FORMAT = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "C": "copied", "T": "changed"}
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Missing(Exception):
    """What git does not know; the text is GitHub's message."""


def git(path: Path, *args: str) -> bytes:
    done = subprocess.run(["git", "-c", "core.quotePath=false", *args], cwd=path, capture_output=True, check=False)
    if done.returncode:
        raise Missing("Not Found")
    return done.stdout


def rev_parse(path: Path, rev: str) -> str:
    try:
        return git(path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}").decode().strip()
    except Missing:
        raise Missing(f"No commit found for SHA: {rev}") from None


def log(path: Path, *args: str) -> list[dict[str, Any]]:
    text = git(path, "log", "-z", f"--format={FORMAT}%x01", *args).decode("utf-8", "replace")
    return [_commit(entry.strip("\0")) for entry in text.split("\x01") if entry.strip("\0\n")]


def _commit(entry: str) -> dict[str, Any]:
    sha, parents, an, ae, ad, cn, ce, cd, body = entry.split("\0", 8)
    return {
        "sha": sha,
        "commit": {
            "author": {"name": an, "email": ae, "date": ad},
            "committer": {"name": cn, "email": ce, "date": cd},
            "message": body.rstrip("\n"),
        },
        "parents": [{"sha": parent} for parent in parents.split()],
    }


def files(path: Path, old: str, new: str) -> list[dict[str, Any]]:
    names = git(path, "diff", "--raw", "-z", "-M", "--abbrev=40", old, new).decode("utf-8", "replace").split("\0")
    counts = git(path, "diff", "--numstat", "-M", "-z", old, new).decode("utf-8", "replace").split("\0")
    text = git(path, "diff", "-p", "-M", old, new).decode("utf-8", "replace")
    patches = [part for part in ("\n" + text).split("\ndiff --git ") if part.strip()]
    found: list[dict[str, Any]] = []
    while names and names[0]:
        head = names.pop(0).split()
        kind, sha, first = head[4][0], head[3], names.pop(0)
        added, deleted, same = counts.pop(0).split("\t")
        item: dict[str, Any] = {"sha": sha, "filename": first, "status": STATUS[kind]}
        if kind in "RC":
            item |= {"filename": names.pop(0), "previous_filename": first}
            del counts[:2]
        assert kind in "RC" or same == first
        item |= {"additions": int(added) if added != "-" else 0, "deletions": int(deleted) if deleted != "-" else 0}
        patch = patches[len(found)] if len(found) < len(patches) else ""
        if "\n@@ " in patch:
            item["patch"] = "@@ " + patch.partition("\n@@ ")[2].removesuffix("\n")
        found.append(item)
    return found


def commit(path: Path, rev: str) -> dict[str, Any]:
    sha = rev_parse(path, rev)
    found = log(path, "-1", sha)[0]
    parents = found["parents"]
    return {**found, "files": files(path, parents[0]["sha"] if parents else EMPTY_TREE, sha)}


def compare(path: Path, base: str, head: str) -> dict[str, Any]:
    first, second = rev_parse(path, base), rev_parse(path, head)
    try:
        fork = git(path, "merge-base", first, second).decode().strip()
    except Missing:
        raise Missing(f"No common ancestor between {base} and {head}.") from None
    commits = log(path, "--topo-order", "--reverse", f"{first}..{second}")
    behind = int(git(path, "rev-list", "--count", f"{second}..{first}"))
    return {
        "status": "ahead" if commits and not behind else "diverged",
        "ahead_by": len(commits),
        "behind_by": behind,
        "total_commits": len(commits),
        "base_commit": log(path, "-1", first)[0],
        "merge_base_commit": log(path, "-1", fork)[0],
        "commits": commits,
        "files": files(path, fork, second)[:300],
    }


def refs(path: Path, folder: str) -> list[dict[str, Any]]:
    text = git(path, "for-each-ref", "--format=%(refname:lstrip=2)%00%(objectname)%00%(*objectname)", folder).decode()
    rows = [line.split("\0") for line in text.splitlines()]
    return [{"name": name, "commit": {"sha": peeled or sha}} for name, sha, peeled in rows]


def tree(path: Path, rev: str, *, recursive: bool) -> dict[str, Any]:
    text = git(path, "ls-tree", "-z", *(["-r", "-t"] if recursive else []), rev).decode("utf-8", "replace")
    entries = [entry.partition("\t") for entry in text.split("\0") if entry]
    items = [dict(zip(("mode", "type", "sha"), about.split(), strict=True)) | {"path": p} for about, _, p in entries]
    return {"sha": rev, "tree": items, "truncated": False}


def contents(path: Path, rev: str, name: str) -> Any:
    try:
        kind = git(path, "cat-file", "-t", f"{rev}:{name}").decode().strip()
    except Missing:
        raise Missing("Not Found") from None
    if kind == "tree":
        return [
            {"name": item["path"], "type": item["type"]}
            for item in tree(path, f"{rev}:{name}", recursive=False)["tree"]
        ]
    blob = git(path, "cat-file", "blob", f"{rev}:{name}")
    large = len(blob) > 2**20
    text = "" if large else base64.encodebytes(blob).decode()
    return {"type": "file", "path": name, "size": len(blob), "encoding": "none" if large else "base64", "content": text}
