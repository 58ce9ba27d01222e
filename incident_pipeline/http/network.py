"""How the outside is reached: proxies and certificate authorities in, an httpx client out.

Surprising fact: httpx trusts the authorities of its own list, not those of the system; a company's own is named by
`ca_file` or SSL_CERT_FILE. Proxies of the environment (HTTPS_PROXY, NO_PROXY) count unless `proxy` is given.
"""

import os
import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from incident_pipeline.errors import ConfigError

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0


@dataclass(frozen=True, slots=True)
class Network:
    """`ca_file`: PEM certificates to trust besides the usual ones. `proxy`: its URL, which may hold a password.
    `verify`: whether certificates are looked at at all."""

    ca_file: Path | None = None
    proxy: SecretStr | None = None
    verify: bool = True


def connect(network: Network, transport: "httpx.BaseTransport | None" = None) -> "httpx.Client":
    """A client that follows no redirect. ConfigError when the CA file or the proxy cannot be used."""
    import httpx  # noqa: PLC0415 - not paid for by --help

    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    proxy = network.proxy.get_secret_value() if network.proxy else None
    trusted = _trusted(network.ca_file) if network.verify else False
    try:
        return httpx.Client(timeout=timeout, transport=transport, follow_redirects=False, proxy=proxy, verify=trusted)
    except (ValueError, httpx.InvalidURL):
        raise ConfigError("proxy is no URL that can be used: give it as http://HOST:PORT") from None
    except ImportError:
        raise ConfigError("proxy: SOCKS needs the package socksio: pip install 'httpx[socks]'") from None


@cache
def _usual(file: str | None, folder: str | None) -> ssl.SSLContext:
    """What httpx trusts, after the variables that it looks at: reading the authorities costs 20 ms or more a client."""
    import httpx  # noqa: PLC0415 - not paid for by --help

    try:
        return httpx.create_ssl_context()
    except (ssl.SSLError, OSError) as error:
        reason = error.strerror or "no certificates in it"
        raise ConfigError(f"SSL_CERT_FILE or SSL_CERT_DIR ({file or folder}) cannot be read ({reason})") from None


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return _usual(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    import certifi  # noqa: PLC0415 - comes with httpx

    try:
        context = ssl.create_default_context(cafile=certifi.where())
        context.load_verify_locations(cafile=str(ca_file))
    except FileNotFoundError:
        raise ConfigError(f"ca_file: {ca_file} is not there") from None
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"ca_file: {ca_file} holds no certificates that can be read ({error})") from None
    return context
