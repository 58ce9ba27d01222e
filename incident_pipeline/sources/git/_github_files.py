"""Files of a GitHub repository at a revision: one, many, or the names of all.

Surprising fact: REST gives one file a request, GraphQL fifty; it needs a token, tells no bytes that are no UTF-8 and
cuts large files, so what it does not give whole is asked of REST, as is everything where it is not to be had.
https://docs.github.com/en/rest/repos/contents, https://docs.github.com/en/rest/git/trees,
https://docs.github.com/en/graphql/reference/objects#blob
"""

import base64
import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from incident_pipeline.errors import IncidentError, NotFound, Unsupported
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.client import never
from incident_pipeline.http.errors import Call
from incident_pipeline.sources._api import Api, reading
from incident_pipeline.sources._github import is_whole

AT_ONCE = 50
MAX_TREES = 200
_FULL_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_RAW = "application/vnd.github.raw+json"


def is_hash(rev: str) -> bool:
    """Whether `rev` is a full hash: what GitHub says of it does not change."""
    return bool(_FULL_HASH.fullmatch(rev))


def read_file(api: Api, root: str, call: Call, *, path: str, rev: str) -> str | None:
    """See `GitSource.read_file`."""
    url = f"{root}/contents/{quote(path)}"
    final = is_whole if is_hash(rev) else never
    try:
        answer = api.get(url, call, params={"ref": rev}, keep="tagged", final=final)
    except NotFound as error:
        if "no commit found" in str(error).lower():
            raise
        return None
    if answer.body.lstrip()[:1] == b"[":
        return None
    data = answer.json_object(call)
    with reading(call):
        if data["type"] != "file":
            return None
        content = base64.b64decode(data["content"]) if data.get("encoding") == "base64" else None
    if content is None:
        content = api.get(url, call, params={"ref": rev}, accept=_RAW, keep="tagged").body
    return None if b"\0" in content else content.decode("utf-8", "backslashreplace")


def read_files(api: Api, call: Call, *, name: str, paths: Sequence[str], rev: str) -> Mapping[str, str | None]:
    """Those of `paths` that GraphQL gives whole (None: binary, no file, or not there), AT_ONCE a request."""
    found: dict[str, str | None] = {}
    url = f"{api.client.base_url.removesuffix('/v3')}/graphql"
    for start in range(0, len(paths), AT_ONCE):
        asked = paths[start : start + AT_ONCE]
        answer = api.client.post(
            url, call, body=_query(name, asked, rev), final=_is_answered if is_hash(rev) else never
        )
        if not _is_answered(answer):
            return found
        with reading(call):
            files: dict[str, Any] = answer.json_object(call)["data"]["repository"]
            for number, path in enumerate(asked):
                text, whole = _text_of(files[f"f{number}"])
                if whole:
                    found[path] = text
    return found


def _query(name: str, paths: Sequence[str], rev: str) -> dict[str, Any]:
    """Paths are values, never part of the query's text."""
    owner, _, repo = name.partition("/")
    kinds = "".join(f",$e{n}:String!" for n in range(len(paths)))
    files = " ".join(
        f"f{n}: object(expression: $e{n}) {{ ... on Blob {{ text isBinary isTruncated }} }}" for n in range(len(paths))
    )
    query = f"query($owner:String!,$name:String!{kinds}) {{ repository(owner: $owner, name: $name) {{ {files} }} }}"
    values = {f"e{n}": f"{rev}:{path}" for n, path in enumerate(paths)}
    return {"query": query, "variables": {"owner": owner, "name": repo, **values}}


def _is_answered(answer: Answer) -> bool:
    """GraphQL tells errors under status 200."""
    try:
        data = answer.json_object(Call("github", "files"))
    except IncidentError:
        return False
    inner: dict[str, Any] = data.get("data") or {}
    return not data.get("errors") and bool(inner.get("repository"))


def _text_of(blob: dict[str, Any] | None) -> tuple[str | None, bool]:
    """Its text and whether that is all there is to say."""
    if not blob or blob["isBinary"]:  # nothing there, a folder, or no text
        return None, True
    text = blob["text"]
    # A byte that is no UTF-8 is lost here, but not over REST.
    return text, isinstance(text, str) and not blob["isTruncated"] and "\ufffd" not in text


def list_paths(api: Api, root: str, call: Call, *, rev: str) -> frozenset[str]:
    """See `GitSource.list_paths`. Unsupported past MAX_TREES requests."""
    paths: set[str] = set()
    folders = deque([("", rev)])
    for _ in range(MAX_TREES):
        if not folders:
            return frozenset(paths)
        prefix, tree = folders.popleft()
        data = _tree(api, root, call, tree, recursive=True)
        if cut := bool(data.get("truncated")):
            data = _tree(api, root, call, tree, recursive=False)
        with reading(call):
            paths |= {prefix + str(item["path"]) for item in data["tree"] if item["type"] == "blob"}
            if cut:
                folders += [(f"{prefix}{i['path']}/", str(i["sha"])) for i in data["tree"] if i["type"] == "tree"]
    raise Unsupported(f"{call.who}: too many files to list over REST; set `mirror: true` for this source")


def _tree(api: Api, root: str, call: Call, tree: str, *, recursive: bool) -> dict[str, Any]:
    url, params = f"{root}/git/trees/{quote(tree, safe='')}", {"recursive": 1} if recursive else None
    return api.object(url, call, params=params, keep="tagged", final=is_whole if is_hash(tree) else never)
