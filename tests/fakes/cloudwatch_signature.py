"""AWS Signature Version 4 computed from a request as it came, by the steps of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html."""

import hashlib
import hmac

from tests.fakes.server import Asked


def sign(asked: Asked, secret: str, day: str, region: str, service: str, names: list[str]) -> str:
    headers = "".join(f"{name}:{' '.join(asked.headers.get(name, '').split())}\n" for name in names)
    digest = hashlib.sha256(asked.body).hexdigest()
    canonical = "\n".join((asked.method, asked.path, "", headers, ";".join(names), digest))
    scope = f"{day}/{region}/{service}/aws4_request"
    stamp = asked.headers.get("x-amz-date", "")
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
