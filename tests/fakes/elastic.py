"""An Elasticsearch that never was: indices and data streams with state, points in time that lapse, over loopback.

    python -m tests.fakes.elastic --port N

serves sample logs of the service `shop` (data stream logs-shop-default) until it is interrupted.
Written from https://www.elastic.co/docs/api/doc/elasticsearch. Surprising fact: each point in time numbers the
documents anew (`_shard_doc`), the nastiest that merges between two of them may do.
"""

import argparse
import base64
import contextlib
import json
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import unquote

from tests.fakes.elastic_index import ElasticError, Index, resolve
from tests.fakes.elastic_search import Row, family, search
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply

ECS = {
    "@timestamp": {"type": "date"}, "message": {"type": "match_only_text"}, "log.level": {"type": "keyword"},
    "service.name": {"type": "keyword"}, "log.offset": {"type": "long"},
}  # fmt: skip
_PARAMS = {
    "_search": {"size", "q", "allow_partial_search_results", "track_total_hits", "rest_total_hits_as_int"},
    "_pit": {"keep_alive", "ignore_unavailable", "expand_wildcards", "preference", "routing"},
    "_field_caps": {"fields", "include_unmapped", "ignore_unavailable", "allow_no_indices", "expand_wildcards"},
}


@dataclass
class Pit:
    """`gone`: indices whose part of it is lost already."""

    rows: list[Row]
    until: float
    gone: set[str] = field(default_factory=set[str])


class FakeElastic(FakeVendor):
    """`authorizations`: values of the Authorization header that are let in (None: security is off); `may_read`:
    patterns of what they may see. `failing` shards (an index's name -> why) are left out of answers and told."""

    def __init__(
        self, *, authorizations: set[str] | None = None, may_read: tuple[str, ...] | None = None, version: int = 9,
        port: int = 0,
    ) -> None:  # fmt: skip
        self.indices: dict[str, Index] = {}
        self.pits: dict[str, Pit] = {}
        self.opened = 0
        self.authorizations, self.may_read, self.version = authorizations, may_read, version
        self.failing: dict[str, str] = {}
        self.timed_out = False
        """Each search runs out of time with half of its page found."""
        self.product = True
        self.clock: Callable[[], float] = time.monotonic
        self.lapse_after: list[int] = []
        """After so many more searches all points in time lapse; the next number counts from there."""
        super().__init__(port)

    def index(self, name: str, properties: dict[str, dict[str, Any]] | None = None, *, shards: int = 1) -> Index:
        self.indices[name] = Index(name, dict(properties or {}), shards=shards)
        return self.indices[name]

    def stream(self, name: str, properties: dict[str, dict[str, Any]] | None = None, *, generation: int = 1) -> Index:
        """A backing index of a data stream: its documents are found under the stream's name."""
        index = self.index(f".ds-{name}-2026.03.01-{generation:06}", properties or ECS)
        index.stream = name
        return index

    def lapse(self, *names: str) -> None:
        """All points in time are gone, or the parts of them that these indices hold."""
        for pit in self.pits.values():
            pit.gone |= set(names)
        if not names:
            self.pits.clear()

    def answer(self, asked: Asked) -> Reply:
        try:
            self._check_media(asked)
            self._check_login(asked)
            reply = json_reply(*self._route(asked))
        except ElasticError as error:
            reply = json_reply(error.body(), error.status)
            if error.status == 401:
                reply.headers["WWW-Authenticate"] = 'Basic realm="security" charset="UTF-8", ApiKey'
        headers = {k: v for k, v in reply.headers.items() if k != "X-RateLimit-Remaining"}
        if "vnd.elasticsearch" in asked.headers.get("accept", ""):
            headers["Content-Type"] = f"application/vnd.elasticsearch+json;compatible-with={self.version}"
        product = {"X-Elastic-Product": "Elasticsearch"} if self.product else {}
        return Reply(reply.status, reply.body, {**headers, **product})

    def _check_media(self, asked: Asked) -> None:
        """A server of version N takes media types of N and N - 1, and of a request's two headers both or none."""
        asks = {h: re.search(r"compatible-with=(\d+)", asked.headers.get(h, "")) for h in ("accept", "content-type")}
        if not asked.body:
            del asks["content-type"]
        elif "content-type" not in asked.headers:
            raise ElasticError(406, "content_type_header_exception", "Content-Type header [] is not supported")
        versions = [int(m[1]) if m else None for m in asks.values()]
        if len(set(versions)) > 1 or any(v and v not in {self.version, self.version - 1} for v in versions):
            raise ElasticError(400, "media_type_header_exception", "Invalid media-type value on headers [Accept]")

    def _check_login(self, asked: Asked) -> None:
        given = asked.headers.get("authorization")
        if self.authorizations is None or given in self.authorizations:
            return
        why = "unable to authenticate" if given else "missing authentication credentials"
        raise ElasticError(401, "security_exception", f"{why} for REST request [{asked.path}]")

    def _route(self, asked: Asked) -> tuple[Any, int]:
        for pattern, handler in _ROUTES:
            if match := re.fullmatch(pattern, f"{asked.method} {asked.path}"):
                api = pattern.rpartition("/")[2]
                if unknown := set(asked.query) - _PARAMS.get(api, set(asked.query)):
                    reason = f"request [{asked.path}] contains unrecognized parameter: [{min(unknown)}]"
                    raise ElasticError(400, "illegal_argument_exception", reason)
                answer = handler(self, asked, *(unquote(part) if part else "" for part in match.groups()))
                return cast("tuple[Any, int]", answer) if isinstance(answer, tuple) else (answer, 200)
        reason = f"no handler found for uri [{asked.path}] and method [{asked.method}]"
        raise ElasticError(400, "illegal_argument_exception", reason)

    def open_pit(self, asked: Asked, names: str) -> Any:
        if "keep_alive" not in asked.query:
            raise ElasticError(400, "action_request_validation_exception", "[keep_alive] is not specified")
        indices = resolve(self.indices, names, may_read=self.may_read)
        self.opened += 1
        rows: list[Row] = []
        for number, index in enumerate(indices):
            docs = list(index.docs)
            random.Random(self.opened).shuffle(docs)
            rows += [
                Row(index, doc, (number * index.shards + at % index.shards) << 32 | at // index.shards)
                for at, doc in enumerate(docs)
            ]
        pit_id = base64.urlsafe_b64encode(f"pit-{self.opened}-{random.getrandbits(64)}".encode()).decode()
        self.pits[pit_id] = Pit(rows, self.clock() + _seconds(asked.query["keep_alive"]))
        return {"id": pit_id, "_shards": {"total": len(indices), "successful": len(indices), "skipped": 0, "failed": 0}}

    def close_pit(self, asked: Asked) -> Any:
        closed = self.pits.pop(asked.json()["id"], None)
        return {"succeeded": True, "num_freed": int(closed is not None)}, 200 if closed else 404

    def search(self, asked: Asked, names: str = "") -> Any:
        body: dict[str, Any] = asked.json() if asked.body else {}
        if "q" in asked.query:
            body["query"] = {"query_string": {"query": asked.query["q"]}}
        if "pit" in body:
            if names:
                reason = "[indices] cannot be used with point in time. Do not specify any index with point in time."
                raise ElasticError(400, "action_request_validation_exception", reason)
            rows, gone = self._rows_of(body["pit"])
            pit = {"pit_id": body["pit"]["id"]}
        else:
            found = resolve(self.indices, names or "_all", may_read=self.may_read)
            rows, gone = [Row(i, d, at) for i in found for at, d in enumerate(i.docs)], set[str]()
            pit = dict[str, Any]()
        lost = {**self.failing, **dict.fromkeys(gone, "search_context_missing_exception")}
        hits, total = search([r for r in rows if r.index.name not in lost], body, in_pit=bool(pit))
        hits = hits[: max(1, len(hits) // 2)] if self.timed_out else hits
        failures = [
            {"shard": 0, "index": name, "node": "n1", "reason": {"type": why, "reason": f"{why} in {name}"}}
            for name, why in lost.items() if name in {r.index.name for r in rows}
        ]  # fmt: skip
        shards = max(len({r.index.name for r in rows}), len(failures))
        counts = {"total": shards, "successful": shards - len(failures), "skipped": 0, "failed": len(failures)}
        outer: dict[str, Any] = {"max_score": None, "hits": hits}
        if body.get("track_total_hits") is not False:
            outer["total"] = {"value": total, "relation": "eq"}
        return {
            **pit, "took": 1, "timed_out": self.timed_out,
            "_shards": {**counts, **({"failures": failures} if failures else {})}, "hits": outer,
        }  # fmt: skip

    def _rows_of(self, asked: dict[str, Any]) -> tuple[list[Row], set[str]]:
        if self.lapse_after:
            self.lapse_after[0] -= 1
            if self.lapse_after[0] < 0:
                self.lapse_after.pop(0)
                self.lapse()
        pit = self.pits.get(asked["id"])
        if not re.fullmatch(r"[\w-]+=*", asked["id"]):
            raise ElasticError(400, "illegal_argument_exception", f"invalid id: [{asked['id']}]")
        if pit is None or self.clock() >= pit.until:
            missing = {"type": "search_context_missing_exception", "reason": "No search context found for id [7]"}
            error = ElasticError(404, "search_phase_execution_exception", "all shards failed", phase="query")
            error.extra |= {"root_cause": [missing], "failed_shards": [{"shard": 0, "reason": missing}]}
            raise error
        if "keep_alive" in asked:
            pit.until = max(pit.until, self.clock() + _seconds(asked["keep_alive"]))
        return pit.rows, pit.gone

    def field_caps(self, asked: Asked, names: str = "") -> Any:
        body: dict[str, Any] = asked.json() if asked.body else {}
        if "fields" in body and self.version < 8:
            raise ElasticError(400, "x_content_parse_exception", "[field_caps_request] unknown field [fields]")
        wanted = _listed(asked.query.get("fields") or body.get("fields"))
        if not wanted:
            raise ElasticError(400, "action_request_validation_exception", "no fields specified")
        found = resolve(self.indices, names or "_all", may_read=self.may_read)
        fields: dict[str, Any] = {}
        for name in wanted:
            kinds: dict[str, list[Index]] = {}
            for index in found:
                mapping = index.mapping(name)
                kinds.setdefault(family(mapping["type"]) if mapping else "unmapped", []).append(index)
            if set(kinds) <= {"unmapped"}:
                continue
            if asked.query.get("include_unmapped") != "true":
                kinds.pop("unmapped", None)
            fields[name] = {
                kind: {
                    "type": kind, "metadata_field": False, "aggregatable": kind not in {"text", "object", "unmapped"},
                    "searchable": kind not in {"object", "unmapped"}
                    and all((i.mapping(name) or {}).get("index", True) for i in indices),
                    **({"indices": [i.name for i in indices]} if len(kinds) > 1 else {}),
                }
                for kind, indices in kinds.items()
            }  # fmt: skip
        return {"indices": [i.name for i in found], "fields": fields}

    def authenticate(self, asked: Asked) -> Any:
        if self.authorizations is None:
            raise ElasticError(400, "illegal_argument_exception", "no handler found for uri [/_security/_authenticate]")
        key = {"api_key": {"id": "k1", "name": "reader"}} if asked.headers["authorization"].startswith("ApiKey") else {}
        return {"username": "shop", "roles": [], "enabled": True, "authentication_type": "api_key", **key}

    def has_privileges(self, asked: Asked) -> Any:
        names = [n for one in asked.json()["index"] for n in one["names"]]
        granted = {n: {"read": self.may_read is None or n in self.may_read} for n in names}
        return {"username": "shop", "has_all_requested": all(g["read"] for g in granted.values()), "index": granted}

    def create(self, asked: Asked, name: str) -> Any:
        body: dict[str, Any] = asked.json() if asked.body else {}
        self.index(name, body.get("mappings", {}).get("properties"))
        return {"acknowledged": True, "shards_acknowledged": True, "index": name}

    def delete(self, asked: Asked, name: str) -> Any:
        if name not in self.indices:
            raise ElasticError(404, "index_not_found_exception", f"no such index [{name}]")
        del self.indices[name]
        return {"acknowledged": True}

    def put(self, asked: Asked, name: str, doc_id: str = "") -> Any:
        doc = (self.indices.get(name) or self.index(name)).put(asked.json(), doc_id or None)
        created = doc.version == 1
        shown = {"_version": doc.version, "result": "created" if created else "updated"}
        return {"_index": name, "_id": doc.id, **shown}, 201 if created else 200

    def get(self, asked: Asked, name: str, doc_id: str) -> Any:
        found = next((d for d in self.indices[name].docs if d.id == doc_id), None)
        shown = {"found": True, "_version": found.version, "_source": found.source} if found else {"found": False}
        return {"_index": name, "_id": doc_id, **shown}, 200 if found else 404

    def bulk(self, asked: Asked, name: str = "") -> Any:
        lines = [json.loads(line) for line in asked.body.splitlines() if line]
        items: list[Any] = []
        for action, source in zip(lines[::2], lines[1::2], strict=True):
            target = action["index"].get("_index", name)
            doc = (self.indices.get(target) or self.index(target)).put(source, action["index"].get("_id"))
            items.append({"index": {"_index": target, "_id": doc.id, "status": 201}})
        return {"errors": False, "took": 1, "items": items}

    def count(self, asked: Asked, names: str) -> Any:
        return {"count": sum(len(i.docs) for i in resolve(self.indices, names, may_read=self.may_read))}

    def info(self, asked: Asked) -> Any:
        return {"name": "n1", "version": {"number": f"{self.version}.1.0"}, "tagline": "You Know, for Search"}


def _listed(names: str | list[str] | None) -> list[str]:
    return names.split(",") if isinstance(names, str) else names or []


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)(ms|s|m|h)", text)
    if match is None:
        reason = f"failed to parse setting [keep_alive] with value [{text}]"
        raise ElasticError(400, "illegal_argument_exception", reason)
    return int(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[match[2]]


_NAME = r"([^/_][^/]*)"
_ROUTES: list[tuple[str, Callable[..., Any]]] = [
    (r"DELETE /_pit", FakeElastic.close_pit),
    (rf"POST /{_NAME}/_pit", FakeElastic.open_pit),
    (r"(?:GET|POST) /_search", FakeElastic.search),
    (rf"(?:GET|POST) /{_NAME}/_search", FakeElastic.search),
    (r"(?:GET|POST) /_field_caps", FakeElastic.field_caps),
    (rf"(?:GET|POST) /{_NAME}/_field_caps", FakeElastic.field_caps),
    (r"GET /_security/_authenticate", FakeElastic.authenticate),
    (r"POST /_security/user/_has_privileges", FakeElastic.has_privileges),
    (r"(?:POST|PUT) /_bulk", FakeElastic.bulk),
    (rf"(?:POST|PUT) /{_NAME}/_bulk", FakeElastic.bulk),
    (rf"(?:GET|POST) /{_NAME}/_count", FakeElastic.count),
    (rf"PUT /{_NAME}", FakeElastic.create),
    (rf"DELETE /{_NAME}", FakeElastic.delete),
    (rf"POST /{_NAME}/_doc", FakeElastic.put),
    (rf"PUT /{_NAME}/_doc/([^/]+)", FakeElastic.put),
    (rf"GET /{_NAME}/_doc/([^/]+)", FakeElastic.get),
    (r"(?:GET|HEAD) /", FakeElastic.info),
]


def ecs(at: datetime, level: str, message: str, service: str = "shop") -> dict[str, Any]:
    """A document in Elastic's Common Schema."""
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"@timestamp": stamp, "message": message, "log": {"level": level}, "service": {"name": service}}


def sample(port: int = 0) -> FakeElastic:
    """A quiet hour of the service `shop`, and errors in its last ten minutes."""
    fake = FakeElastic(port=port)
    now = datetime.now(UTC)
    old, new = fake.stream("logs-shop-default"), fake.stream("logs-shop-default", generation=2)
    for minute in range(60):
        at = now - timedelta(minutes=60 - minute)
        (old if minute < 30 else new).put(ecs(at, "info", f"order {1000 + minute} placed"))
        if minute >= 50:
            new.put(ecs(at, "error", "KeyError: 'price' in checkout.total"))
    return fake


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9200)
    with sample(parser.parse_args().port) as fake:
        print(f"Elasticsearch at {fake.url}; logs-shop-default holds an hour of the service shop", flush=True)  # noqa: T201
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
