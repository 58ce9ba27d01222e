"""What takes a run down from outside its code: crash, memory, disk, runner, network, quota, access, time, packages."""

from incident_pipeline.evidence.rule import Rule, rule

# Looked for even in lines that close the story, and before noise is put aside.
DEADLY: tuple[Rule, ...] = (
    rule(
        "crash", None, 0.96, "the process crashed",
        r"segmentation fault", r"sigsegv", r"\*exception: segfault", r"fatal python error", r"(?:^|[^a-z])bus error",
        r"double free or corruption", r"stack smashing",
        r"(?:address|thread|undefinedbehavior|memory|leak)sanitizer[: ]", r"access violation",
        r"illegal instruction", r"(?:received|by|got|with) signal (?:4|6|7|8|11|SIG[A-Z]+)",
        r"assertion [`'‘\"].*['’\"] failed\.?$", r"^terminate called ",
        r"process crashed", r"daemon disappeared unexpectedly", r"forked vm terminated",
        r"^(?:==[0-9]+== )?invalid (?:read|write|free)", r"mismatched free\(\)",
        r"conditional jump or move depends on uninit", r"exit code (?:139|245|-11|3221225477)", fold=True,
    ),
    rule(
        "crash", None, 0.9, "the process aborted",
        r"core dumped", r"exit code 134", fold=True,
    ),
    rule(
        "memory", None, 0.95, "the process ran out of memory or was killed",
        r"out of memory", r"outofmemory", r"oom-?kill", r"cannot allocate memory", r"heap limit",
        r"(?:java|jvm) heap space", r"collector thrashing",
        r"heap out of memory", r"killed process", r"memory cgroup", r"^killed$", r": killed(?:$| )",
        r"line [0-9]+: +[0-9]+ killed ",
        r"^[ ]*(?:E +)?memoryerror", r"exit code 137", r"std::bad_alloc", r"gc overhead limit", fold=True,
    ),
    rule(
        "disk", None, 0.95, "the machine's disk or file limit was reached",
        r"no space left on device", r"disk quota exceeded", r"(?:^|[^a-z])enospc(?:$|[^a-z])", r"disk (?:is )?full",
        r"not enough (?:disk )?space", r"too many open files", r"(?:^|[^a-z])emfile(?:$|[^a-z])", fold=True,
    ),
)  # fmt: skip

CAUSES: tuple[Rule, ...] = (
    rule(
        "runner", None, 0.93, "the runner went away",
        r"runner has received a shutdown signal", r"lost communication with the (?:server|runner)",
        r"hosted runner.*(?:lost|error|encountered)", r"agent (?:went|is) offline",
        r"(?:hudson|remoting)\S*channelclosed", r"runner system failure", r"preempted", fold=True,
    ),
    rule(
        "quota", None, 0.93, "a quota or rate limit was reached",
        r"rate limit", r"toomanyrequests", r"too many requests", r"quota (?:has been )?exceeded",
        r"exceeded (?:your|the|its) (?:current )?quota", r"billing (?:&|and|issue|limit|is|account)", r"spending limit",
        fold=True,
    ),
    rule(
        "credentials", None, 0.93, "access was refused",
        r"resource not accessible", r"authentication (?:failed|required)", r"bad credentials",
        r"could not read (?:username|password)", r"(?:401|403)[: (]+(?:unauthorized|forbidden)",
        r"http[ (/]+40[13][^0-9]", r"unauthorized: ",
        r"permission denied \(publickey", r"host key verification failed", r"pull access denied",
        r"requested access to the resource is denied",
        r"invalid (?:api )?(?:token|credentials)", r"not authorized", r"access ?denied", r"dubious ownership",
        r"unsafe repository", r"permission to .* denied",
        r"input required and not supplied: (?:token|[a-z_-]*key)", r"unable to locate credentials",
        r"could not assume role",
        r"(?:token|secret|api_?key|credentials?)[a-z_]*['\"]? (?:is |are |was )?"
        r"(?:not (?:set|found|provided)|missing|expired)",
        fold=True,
    ),
    rule(
        "registry", None, 0.92, "a package could not be resolved",
        r"no matching distribution", r"could not find a version that satisfies", r"resolutionimpossible",
        r"conflicting dependencies",
        r"could not (?:find artifact|resolve (?:all )?(?:dependencies|artifacts|plugin))",
        r"could not (?:get|find|download) .*\.(?:jar|pom)", r"code eresolve", r"code etarget",
        r"unable to resolve dependency tree", r"no matching version found", r"404 not found.*(?:npm|registry)",
        r"failed to select a version", r"no matching package named", r"unable to locate package",
        r"has no installation candidate", r"manifest unknown", r"err_pnpm_\w+", r"package .* not found",
        r"unable to find a match", r"failed to (?:fetch|download)", r"checksum mismatch",
        r"hash(?:es)? (?:sum )?(?:mismatch|do(?:es)? not match)",
        r"(?:no|missing) (?:required )?module (?:provides|providing)", r"unknown revision",
        r"lock ?file .*(?:needs to be updated|out of (?:date|sync)|not up to date|have been modified|not in sync)",
        r"\.(?:lock|json|yaml) (?:is|are) (?:out of (?:date|sync)|not (?:up to date|in sync))",
        r" since \S+\.lock was ",
        r"can only install packages when your", r"updates to go\.(?:mod|sum) needed", r"yn00(?:16|27|28|35|80|81|82)",
        r"could not find .* in any of the sources", r"could not find [\w.-]+:[\w.-]+:", r"resolvepackagenotfound",
        r"package collisions?|unable to find package", fold=True,
    ),
    rule(
        "network", None, 0.92, "a network call failed",
        r"could not resolve (?:host|proxy)", r"remote name could not be resolved",
        r"name resolution", r"network is unreachable", r"no route to host",
        r"connection (?:was )?(?:refused|reset|timed out|aborted|closed by)",
        r"(?:^|[^a-z])econn(?:reset|refused|aborted)",
        r"(?:^|[^a-z])(?:etimedout|enotfound|eai_again|ehostunreach)(?:$|[^a-z])", r"max retries exceeded",
        r"requested url returned error", r"http(?:s|/[0-9.]+)?[ :(/]+(?:error )?[45][0-9][0-9](?:[^0-9]|$)",
        r"(?:^|[^0-9])50[0-4] (?:bad gateway|service|internal server|gateway|proxy)", r"too many [45][0-9]{2} error",
        r"(?:status|code)[: =]+(?:code[: =]+)?50[0-9](?:[^0-9]|$)", r"tls handshake", r"ssl(?:error|_error|: )",
        r"certificate (?:verif|has expired|signed)", r"unknownhostexception", r"socket hang ?up", r"connecttimeout",
        r"readtimeout", r"sockettimeout", r"could not connect to", r"failed to connect", r"unable to access 'http",
        r"rpc failed", r"early eof", r"remote end hung up", r"transferring? .*closed", r"curl: \([0-9]+\)", fold=True,
    ),
    rule(
        "timeout", None, 0.9, "a time limit was reached",
        r"timeout(?:error|exception|expired)", r"timed? ?out (?:after|waiting|while|in)",
        r"exceeded (?:the )?(?:maximum |test )?(?:execution |job |time ?out)", r"deadline exceeded",
        r"timeout occurred", r"exceeded (?:its|the) progress deadline",
        r"exceeded timeout of", r"has timed out", r"test timed out", r"no output has been received",
        r"build timed out", r"\+{3,} timeout \+{3,}", r"^timeout: ", r"failed: timeout", fold=True,
    ),
)  # fmt: skip
