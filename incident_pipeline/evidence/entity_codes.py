"""What tools call failures, machines and images: one row a shape (see `entity_shape`).

A row is (kind, needles, pattern, value, note); `own` is explained there.
"""

from incident_pipeline.evidence.entity_shape import Shape
from incident_pipeline.evidence.entity_shape import shape as _s

_ERRNO = (
    r"E(?:CONN(?:REFUSED|RESET|ABORTED)|NOTFOUND|AI_AGAIN|AI_NONAME|(?:SOCKET)?TIMEDOUT|PIPE|ADDRINUSE|ADDRNOTAVAIL"
    r"|HOSTUNREACH|HOSTDOWN|NET(?:UNREACH|DOWN)|NOENT|ACCES|PERM|EXIST|NOSPC|NOMEM|MFILE|NFILE|BADF|IO|ROFS|XDEV|LOOP"
    r"|NOTDIR|ISDIR|NOTEMPTY|INVAL|NOEXEC|BUSY|DQUOT|PROTO|CANCELED|AGAIN|TXTBSY|STALE|SRCH|CHILD|NAMETOOLONG|FBIG)"
)
_NPM_CODE = "E(?:INTEGRITY|RESOLVE|USAGE|LIFECYCLE|BADENGINE|BADPLATFORM|JSONPARSE|TARGET|NOLOCK|OTP|NEEDAUTH)"
_HOST = r"(?P<a>(?:[A-Za-z0-9][\w-]*\.)+[A-Za-z][\w-]*|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\])"
CODES: tuple[Shape, ...] = (
    _s("error_code", "npm", r"npm (?:ERR!|error) code (?P<a>\w{2,40})$", note="npm"),
    _s("error_code", "E", rf"\b(?P<a>{_ERRNO})\b", note="errno"),
    _s("error_code", "E", rf"\b(?P<a>{_NPM_CODE})\b", note="npm"),
    _s("error_code", "ERR_", r"\b(?P<a>ERR_[A-Z0-9_]{3,60})\b"),
    _s("error_code", "Errno", r"\[Errno (?P<a>-?\d{1,5})\]", "Errno {a}", note="errno"),
    _s("error_code", "os error", r"\(os error (?P<a>\d{1,5})\)", "os error {a}", note="errno"),
    _s("error_code", "WinError", r"\[WinError (?P<a>\d{1,5})\]", "WinError {a}"),
    _s("error_code", "HTTP",
       r"\bHTTP(?:/\d(?:\.\d)?)?(?: error| status(?: code)?)?[ :=]+(?P<a>[45]\d\d)\b", "HTTP {a}", note="HTTP"),
    _s("error_code", "status|returned error|esponse code",
       r"(?i:status(?: ?code)?|returned error|response code(?: is)?)[ :=\"']+(?P<a>[45]\d\d)\b",
       "HTTP {a}", note="HTTP"),
    _s("error_code",
       "Bad Gateway|Not Found|Forbidden|Unauthorized|Too Many|Server Error|Unavailable|Client Error"
       "|ime-out|imeout|Gone|Request",
       r"\b(?P<a>[45]\d\d)[ :-]{1,3}(?:Bad Gateway|Not Found|Forbidden|Unauthorized|Too Many Requests"
       r"|Internal Server Error|Service Unavailable|Service Temporarily Unavailable|Gateway Time-?[Oo]ut"
       r"|Client Error|Server Error|Gone\b|Bad Request|Request Timeout)", "HTTP {a}", note="HTTP"),
    _s("error_code", "error[E", r"\berror\[(?P<a>E\d{4})\]", note="rustc"),
    _s("error_code", "TS", r"\berror (?P<a>TS\d{3,5})\b", note="tsc"),
    _s("error_code", "error |Error ",
       r"\b(?:fatal )?[Ee]rror (?P<a>(?:CS|MSB|NU|NETSDK|FS|BC|CA|IDE|SA|C|LNK|AL|XA|ASPIRE|CSC|RZ)\d{3,5})\b"),
    _s("error_code", "SQLSTATE", r"\bSQLSTATE[ :=\[(]+(?P<a>[0-9A-Z]{5})\b", "SQLSTATE {a}", note="SQL"),
    _s("error_code", "ERROR ", r"\bERROR \d{4} \((?P<a>[0-9A-Z]{5})\)", "SQLSTATE {a}", note="SQL"),
    _s("error_code", "ORA-", r"\b(?P<a>ORA-\d{5})\b", note="SQL"),
    _s("error_code", "curl", r"\bcurl: \((?P<a>\d{1,2})\)", "curl {a}", note="curl"),
    _s("error_code", "YN", r"\b(?P<a>YN\d{4}):", note="yarn"),
    _s("error_code", "SC|DL", r"\b(?P<a>(?:SC|DL)\d{4})\b", note="lint", own=True),
    _s("error_code", ":", r"^\S+?:\d+:\d+: (?P<a>[A-Z]{1,4}\d{2,4}) ", note="lint", own=True),
    _s("error_code", "error:",
       r"^\S+?:\d+(?::\d+)?: error: [^\n]* \[(?P<a>[a-z]+(?:-[a-z]+)+)\]$", note="mypy", own=True),
    _s("error_code", "error", r"^ +\d+:\d+ +error +\S[^\n]*  +(?P<a>@?[a-z][\w@/-]*)$", note="eslint", own=True),
    _s("error_code", "0x", r"\b(?P<a>0x[C8][0-9A-Fa-f]{7})\b"),
    _s("error_code", "code = |StatusCode.",
       r"(?:code = |StatusCode\.)(?P<a>Unavailable|DeadlineExceeded|PermissionDenied|Unauthenticated|NotFound"
       r"|ResourceExhausted|Internal|UNAVAILABLE|DEADLINE_EXCEEDED|PERMISSION_DENIED|UNAUTHENTICATED|NOT_FOUND"
       r"|RESOURCE_EXHAUSTED|INTERNAL)\b", note="gRPC"),
    _s("error_code", "BackOff|ErrImage|OOMKilled|Config",
       r"\b(?P<a>CrashLoopBackOff|ImagePullBackOff|ErrImagePull|OOMKilled|CreateContainerConfigError"
       r"|InvalidImageName|FailedScheduling)\b", note="Kubernetes"),
    _s("error_code", "Exception",
       r"\b(?P<a>(?:AccessDenied|Throttling|ResourceNotFound|ExpiredToken|UnrecognizedClient)Exception)\b", note="AWS"),
    _s("exit_code", "xit|status",
       r"(?i:exit(?:ed|ing)?(?: with)?(?: non-zero)?(?: status| error)?(?: code)?|returned (?:exit )?(?:status"
       r"|code)(?: code)?|exit_code|exitcode)[ :=]+(?P<a>-?\d{1,10})(?![\w%]|\.\d)"),
    _s("signal", "SIG", r"\b(?P<a>SIG(?:KILL|TERM|SEGV|ABRT|BUS|FPE|ILL|INT|PIPE|HUP|QUIT|TRAP|XCPU|SYS))\b"),
    _s("signal", "ignal", r"\b[Ss]ignal(?: number)?:? \(?(?P<a>\d{1,2})\b"),
    _s("signal", "egmentation fault", r"(?P<a>[Ss])egmentation fault", "SIGSEGV"),
    _s("signal", "Killed", r"(?:^|: *\d* *)(?P<a>Killed)(?=$| {2,}|: 9)", "SIGKILL"),
    _s("signal", "Aborted", r"(?:^|: *\d* *)(?P<a>Aborted)(?=$| {2,}| \(core)", "SIGABRT"),
)  # fmt: skip
PLACES: tuple[Shape, ...] = (
    _s("url", "://", r"\b(?P<a>(?:https?|ssh|git|ftp|wss?)://[^\s\"'<>`|\\^{}()\[\],;]+)", own=True),
    _s("host", "HTTPSConnectionPool|HTTPConnectionPool",
       r"ConnectionPool\(host='(?P<a>[\w.-]+)', port=(?P<b>\d+)", "{a}:{b}"),
    _s("host", "://",
       r"\b(?:postgres(?:ql)?|mysql|redis|rediss|amqps?|mongodb(?:\+srv)?|tcp|kafka|nats"
       rf"|ldaps?)://(?:[^\s/@]*@)?{_HOST}(?::(?P<b>\d+))?", "{a}:{b}|{a}"),
    _s("host", "resolve host|resolve proxy", rf"[Cc]ould not resolve (?:host|proxy)(?: name)?:? '?{_HOST}"),
    _s("host", "getaddrinfo", rf"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) {_HOST}(?::(?P<b>\d+))?", "{a}:{b}|{a}"),
    _s("host", "lookup ", rf"\blookup {_HOST}(?: on \S+)?:"),
    _s("host", "ECONN|ETIMEDOUT|EHOST|ENET|EPROTO|EADDR",
       rf"E(?:CONN[A-Z]+|TIMEDOUT|HOSTUNREACH|NETUNREACH|PROTO|ADDRINUSE):? (?:::ffff:)?{_HOST}:(?P<b>\d+)", "{a}:{b}"),
    _s("host", "ECONN|EADDR",
       r"E(?:CONN[A-Z]+|ADDRINUSE):?(?: address already in use)? (?P<a>::1?):(?P<b>\d+)", "[{a}]:{b}"),
    _s("host", "dial ", rf"\bdial (?:tcp|udp)6?:? (?:lookup )?{_HOST}(?::(?P<b>\d+))?", "{a}:{b}|{a}"),
    _s("host", "onnect to |onnecting to |onnection to |reach ",
       rf"(?:[Cc]onnect(?:ing|ion)? to|reach)(?: server(?: at)?| host| address)? [\"'/]?{_HOST}[\"']?(?:"
       r"(?: \([\d.:]+\))?[, ]+port[ :](?P<b>\d+)|[:/](?P<c>\d+))?", "{a}:{b}|{a}:{c}|{a}"),
    _s("host", "UnknownHost", rf"UnknownHostException: {_HOST}"),
    _s("host", "ssh: ",
       rf"ssh: (?:connect to host|Could not resolve hostname) {_HOST}(?: port (?P<b>\d+))?", "{a}:{b}|{a}"),
    _s("image", "ull access denied", r"pull access denied for (?P<a>[\w./:@-]*\w)"),
    _s("image", "manifest", r"manifest for (?P<a>[\w./:@-]*\w) not found"),
    _s("image", "resolve reference|load metadata", r"(?:resolve reference \"|load metadata for )(?P<a>[\w./:@-]*\w)"),
    _s("image", "find image", r"Unable to find image '(?P<a>[^'\n\s]+)'"),
    _s("image", "pulling image|pull image|image \"", r"(?:[Pp]ull(?:ing)? image|image) \"(?P<a>[^\"\n\s]+)\""),
    _s("image", "docker.io/|ghcr.io/|gcr.io/|quay.io/|amazonaws.com/|azurecr.io/|mcr.microsoft.com/|pkg.dev/",
       r"\b(?P<a>(?:docker\.io|ghcr\.io|(?:[\w-]+\.)?gcr\.io|quay\.io|mcr\.microsoft\.com|[\w-]+\.azurecr\.io"
       r"|[\w.-]+\.amazonaws\.com|[\w-]+\.pkg\.dev)/[\w./-]*\w(?::[\w.-]+)?(?:@sha256:[0-9a-f]{12,64})?)", own=True),
    _s("image", "FROM ", r"\bFROM (?:--platform=\S+ )?(?P<a>[a-z0-9][\w./-]*:[\w.-]+)", own=True),
    _s("file", "o such file|ENOENT|EACCES|EISDIR",
       r"[Nn]o such file or directory(?:, \w+|:| @ \w+ -)? ['\"](?P<a>[^'\"\n]{2,250})['\"]"),
    _s("file", "o such file", r"(?:^|: )(?P<a>[\w.~/@+-]*/[\w.@+-]+|[\w@+-]+\.\w{1,8}): No such file or directory"),
    _s("file", "NoSuchFile|FileNotFound", r"(?:NoSuchFile|FileNotFound)Exception: (?P<a>[^\s'\"]+)"),
    _s("file", "Could not find file", r"Could not find file '(?P<a>[^'\n]+)'"),
    _s("file", "open file|stat '|open '", r"(?:can't open file|cannot stat|cannot open) '(?P<a>[^'\n]{2,250})'"),
)  # fmt: skip
