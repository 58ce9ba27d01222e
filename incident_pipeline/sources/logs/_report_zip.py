"""A zip that strangers packed in, the test reports with failures inside it out, each as a temporary file.

Surprising fact: nothing a zip says of itself is believed: the size of its table of contents is looked at before it is
read, and each file is cut at the bytes it really yields.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from incident_pipeline.errors import BadInput

MAX_CONTENTS = 4 << 20  # bytes of the table of contents, about 60,000 files
MAX_REPORT, MAX_UNPACKED = 32 << 20, 256 << 20
_CHUNK = 1 << 20
_END = struct.Struct("<4s4H2LH")  # APPNOTE.TXT 4.3.16: signature, disks, entries, size and offset of the contents
_ENDINGS = (".xml", ".trx")
_REPORT = re.compile(rb"<(?:testsuites?|TestRun|assemblies|assembly|test-run|test-results|testng-results)[\s>]")
_FAILED = re.compile(
    rb"<(?:failure|error|flakyFailure|flakyError)[\s>]|(?:outcome|result|status)=[\"'](?:Fail|FAIL|Error)|success=\"False"
)


@dataclass(slots=True)
class Contents:
    """What was passed over: reports `without` a failure, and files `left` because a limit was reached."""

    without: int = 0
    left: int = 0


def unpack(file: IO[bytes], seen: Contents) -> Iterator[tuple[str, Path]]:
    """(path inside, temporary file) of each report with a failure, by path; the file is gone at the next step.

    BadInput when it is no zip, is broken, or its table of contents is too large.
    """
    check_contents(file)
    try:
        with zipfile.ZipFile(file) as archive:
            wanted = [i for i in archive.infolist() if i.filename.lower().endswith(_ENDINGS) and not i.flag_bits & 1]
            unpacked = 0
            for info in sorted(wanted, key=lambda i: i.filename):
                if unpacked >= MAX_UNPACKED:
                    seen.left += 1
                    continue
                with NamedTemporaryFile(prefix="report-", suffix=".xml") as out:
                    failed = _copy(archive, info, out)
                    unpacked += out.tell()
                    out.flush()
                    if failed:
                        yield info.filename, Path(out.name)
                    elif failed is not None:
                        seen.without += 1
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BadInput(f"the zip is damaged ({error})") from None


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, out: IO[bytes]) -> bool | None:
    """Whether the report says that something failed; None when it is no test report and was not copied."""
    failed = False
    with archive.open(info) as packed:
        chunk = packed.read(_CHUNK)
        if not _REPORT.search(chunk[:8_192]):
            return None
        tail = b""
        while chunk and out.tell() < MAX_REPORT:
            failed = failed or bool(_FAILED.search(tail + chunk))
            tail = chunk[-32:]
            out.write(chunk[: MAX_REPORT - out.tell()])
            chunk = packed.read(_CHUNK)
    return failed


def check_contents(file: IO[bytes]) -> None:
    """BadInput when it is no zip, or its table of contents is too large to be read."""
    end = file.seek(0, 2)
    file.seek(max(0, end - (1 << 16) - _END.size))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise BadInput("it is no zip")
    size = _END.unpack_from(tail, at)[5]
    if size > MAX_CONTENTS:
        raise BadInput(f"its table of contents is {size:,} bytes: too many files")
    file.seek(0)
