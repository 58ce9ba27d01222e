"""File changes in, one unified diff out: what every forge's adapter makes of the files that it was told one by one."""

from incident_pipeline.model.git import FileChange


def to_diff(files: tuple[FileChange, ...]) -> str:
    """A unified diff from the files' patches, as `git show` prints it but for modes and blob hashes."""
    parts: list[str] = []
    for file in files:
        old, new = file.old_path or file.path, file.path
        parts.append(f"diff --git a/{old} b/{new}")
        if file.status == "renamed":
            parts += [f"rename from {old}", f"rename to {new}"]
        if file.binary:
            parts.append(f"Binary files a/{old} and b/{new} differ")
        elif file.patch is not None:
            before = "/dev/null" if file.status == "added" else f"a/{old}"
            after = "/dev/null" if file.status == "deleted" else f"b/{new}"
            parts += [f"--- {before}", f"+++ {after}", file.patch]
    return "\n".join(parts) + "\n" if parts else ""
