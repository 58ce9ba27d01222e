"""Lines of nginx's and Apache's access and error logs in, RAW_LOG rows out.

Sources: https://nginx.org/en/docs/http/ngx_http_log_module.html (combined), https://httpd.apache.org/docs/2.4/logs.html
and https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat; what nginx adds to an error is `ngx_http_log_error`.
An access log has no levels: 5xx is an error, 4xx a warning, all else is information. Surprising fact: both servers
escape quotation marks in requests, but not every server that writes their format does; a request with bare ones ends
where a status and a size follow.
"""

import polars as pl

from incident_pipeline.sources.logs import _times
from incident_pipeline.sources.logs._facts import as_json
from incident_pipeline.sources.logs._rows import raw_log

_WEB_TIME = r"[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})? [+-][0-9]{4}"
_ISO_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?[+-][0-9]{2}:[0-9]{2}"
_TEXT = r'(?:[^"\\\n]|\\.)*'
ACCESS_MARK = rf'^[^ ]+ [^ ]+ (?:[^ ]+ ){{1,6}}\[(?:{_WEB_TIME}|{_ISO_TIME})\] "'
_FRONT = (
    r"^(?:(?P<vhost>[A-Za-z0-9_.*-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:]+\]:[0-9]{1,5}) )?"
    r"(?P<client>[^ \n]*[.:a-z][^ \n]*) [^ \n]+ (?P<user>[^\[\n]+?) "
    rf'\[(?:(?P<time>{_WEB_TIME})|(?P<iso>{_ISO_TIME}))\] "(?P<request>{_TEXT}|[^\n]*?)" (?P<status>[0-9]{{3}}) '
    r"(?P<bytes>[0-9]+|-)"
)
# Combined, combined but cut inside its last fields, common; a bare quotation mark may stand in the agent.
_ACCESS = (
    rf'{_FRONT}(?: "(?P<referrer>{_TEXT}|[^\n]*?)" "(?P<agent>{_TEXT}|[^\n]*)"'
    r'(?: (?P<rest>[^\n]*))?$| "|(?: [^"\n]*)?$)'
)
_OTHER_ACCESS = rf"{_FRONT}(?: (?P<rest>[^\n]*))?$"
_REQUEST = r"^([A-Z]{3,20}) (.*?)(?: (HTTP/[0-9.]+))?$"
_SECONDS = r'^(?:[0-9]+ )?([0-9]+\.[0-9]{1,6})(?: |$)|\b(?:rt|request_time|req_time)[=:]"?([0-9]+\.[0-9]+)'

NGINX_START = r"^[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \[[a-z]+\] [0-9]+#[0-9]+: "
_NGINX = r"^[^\[]{19} \[(?P<level>[a-z]+)\] (?P<pid>[0-9]+)#(?P<tid>[0-9]+): (?:\*(?P<connection>[0-9]+) )?"
_NGINX_MORE = (
    r", client: (?P<client>[^ ,\n]+)(?:, server: (?P<server>[^,\n]*))?"
    r'(?:, request: "(?P<request>[^\n]*?)")?(?:, subrequest: "(?P<subrequest>[^\n]*?)")?'
    r'(?:, upstream: "(?P<upstream>[^\n]*?)")?(?:, (?:bytes|login|session)[^\n]*?)?'
    r'(?:, host: "(?P<host>[^\n]*?)")?(?:, referrer: "(?P<referrer>[^\n]*?)")?\s*$'
)

APACHE_START = rf"^\[{_times.APACHE}\] \["
_APACHE = (
    rf"^\[(?P<time>{_times.APACHE})\] \[(?:(?P<module>[A-Za-z0-9_]*):)?(?P<level>[a-z]+)[0-9]?\]"
    r"(?: \[pid (?P<pid>[0-9]+)(?::tid (?P<tid>[0-9]+))?\])?(?:[^\[\n]*\[(?:client|remote) (?P<client>[^\]\n]+)\])?"
)
_CODE = r"^[^\n]*?[ :](AH[0-9]{5}): "
_REFERRER = r"(?m)^[^\n]*, referer: ([^ ,\n]+)$"


def access(rows: pl.DataFrame) -> pl.DataFrame:
    """Method, path, protocol, status, bytes, client, user, referrer, agent, vhost and request_time (seconds)."""
    found = _access_fields(rows["message"])
    asked = found["request"].str.extract_groups(_REQUEST).struct.unnest()
    status = found["status"].cast(pl.Int64)
    taken = found["rest"].str.extract_groups(_SECONDS).struct.unnest()
    odd = found["request"].set(asked["1"].is_not_null(), None)
    metadata = as_json({
        "method": asked["1"], "path": asked["2"], "request": odd, "protocol": asked["3"], "status": status,
        "bytes": found["bytes"].cast(pl.Int64, strict=False), "client": found["client"], "user": found["user"],
        "referrer": found["referrer"], "agent": found["agent"], "vhost": found["vhost"],
        "request_time": taken["1"].fill_null(taken["2"]).cast(pl.Float64),
    })  # fmt: skip
    times = _times.parse_web(found["time"])
    if times.null_count():
        times = times.fill_null(_times.parse_stamps(found["iso"], prefix="", zone="UTC"))
    level = pl.select(
        pl.when(status >= 500).then(pl.lit("error")).when(status >= 400).then(pl.lit("warn"))
        .when(status.is_not_null()).then(pl.lit("info"))
    ).to_series()  # fmt: skip
    return raw_log(rows, timestamp=times, level=level, metadata=metadata)


def _access_fields(text: pl.Series) -> pl.DataFrame:
    found = text.str.extract_groups(_ACCESS).struct.unnest()
    left = found["status"].is_null().arg_true()
    if left.is_empty():
        return found
    more = text.gather(left).str.extract_groups(_OTHER_ACCESS).struct.unnest()
    return found.with_columns(found[name].scatter(left, more[name]) for name in more.columns)


def nginx(rows: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """pid, tid, connection, and where there is a request: client, server, request, upstream, host, referrer."""
    text = rows["message"]
    head = text.str.extract_groups(_NGINX).struct.unnest()
    more = text.str.extract_groups(_NGINX_MORE).struct.unnest()
    facts = {name: head[name] for name in ("pid", "tid", "connection")} | {name: more[name] for name in more.columns}
    times = _times.parse_stamps(text, prefix="", zone=zone)
    return raw_log(rows, timestamp=times, level=head["level"], metadata=as_json(facts))


def apache(rows: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """module, pid, tid, client, code (AH01102) and referrer."""
    text = rows["message"]
    found = text.str.extract_groups(_APACHE).struct.unnest()
    facts = {name: found[name] for name in ("module", "pid", "tid", "client")}
    facts |= {"code": text.str.extract(_CODE), "referrer": text.str.extract(_REFERRER)}
    times = _times.parse_apache(found["time"], zone=zone)
    return raw_log(rows, timestamp=times, level=found["level"], metadata=as_json(facts))
