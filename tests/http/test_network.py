"""Proxies that are really used, authorities that are really trusted: servers on this machine, nothing mocked."""

import base64
import gzip
import select
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from incident_pipeline.errors import BadPayload, ConfigError, Unavailable
from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.network import Network
from tests.fakes.server import Asked, Reply, json_reply, serve, stop
from tests.http.clock import Clock
from tests.http.test_client import TOKEN

CALL = Call("vendor acme/web", "run 7")
PROXY_VARIABLES = [f"{name}_PROXY" for name in ("HTTP", "HTTPS", "ALL", "NO")]


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*PROXY_VARIABLES, *map(str.lower, PROXY_VARIABLES), "SSL_CERT_FILE", "SSL_CERT_DIR"]:
        monkeypatch.delenv(name, raising=False)


def client(url: str, network: Network | None = None) -> Client:
    return Client(url, credentials=bearer(SecretStr(TOKEN)), patience=Clock().patience(), network=network)


# An authority, and a server it vouches for


@dataclass
class Authority:
    """`ca` is its certificate's file; `chain` holds the server's certificate and key."""

    ca: Path
    chain: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acme")])
    now = datetime.now(UTC)

    def certificate(subject: x509.Name, of: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        built = x509.CertificateBuilder().subject_name(subject).issuer_name(name).public_key(of.public_key())
        built = built.serial_number(x509.random_serial_number())
        built = built.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        built = built.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        host = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        return built.add_extension(host, critical=False).sign(key, hashes.SHA256())

    server = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(certificate(name, key, ca=True).public_bytes(pem))
    (folder / "server.pem").write_bytes(
        certificate(subject, server, ca=False).public_bytes(pem)
        + server.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Authority(folder / "ca.pem", folder / "server.pem")


@contextmanager
def secure(authority: Authority) -> Generator[tuple[str, list[Asked]]]:
    """The URL of a server with TLS, and what it was asked."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Reply:
        asked.append(request)
        return json_reply({"id": 7})

    server = serve(answer, 0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.chain)
    # The handshake is done in the connection's own thread: a client that breaks it off stops no other.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", asked
    finally:
        stop(server)


def test_a_companys_own_authority_is_trusted_where_it_is_named(authority: Authority) -> None:
    with secure(authority) as (url, asked):
        with client(url, Network(ca_file=authority.ca)) as api:
            assert api.get("x", CALL).json_object(CALL) == {"id": 7}
        assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_the_variable_of_the_environment_names_one_too(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    with secure(authority) as (url, _), client(url) as api:
        assert api.get("x", CALL).json_object(CALL) == {"id": 7}


def test_an_unknown_authority_is_refused_once_before_the_token_is_sent(authority: Authority) -> None:
    with secure(authority) as (url, asked), client(url) as api:
        with pytest.raises(Unavailable, match="its certificate is not trusted; set ca_file or SSL_CERT_FILE"):
            api.get("x", CALL)
        assert (api.tries, asked) == (1, [])


def test_a_certificate_of_another_host_is_refused(authority: Authority) -> None:
    with secure(authority) as (url, asked):
        other = url.replace("127.0.0.1", "localhost")
        with client(other, Network(ca_file=authority.ca)) as api, pytest.raises(Unavailable, match="not trusted"):
            api.get("x", CALL)
        assert asked == []


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
@pytest.mark.parametrize("way", ["ca_file", "SSL_CERT_FILE"])
def test_a_file_without_certificates_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, way: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    if way == "SSL_CERT_FILE":
        monkeypatch.setenv(way, str(file))
    api = client("https://127.0.0.1:1", Network(ca_file=file if way == "ca_file" else None))
    with pytest.raises(ConfigError, match=f"^{way}[^\n]*ca.pem[^\n]*$"):
        api.get("x", CALL)


# Proxies


@dataclass
class Proxy:
    """A proxy on this machine. `heads` are the first lines and headers of what it was asked."""

    port: int
    heads: list[str] = field(default_factory=list[str])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def proxying() -> Generator[Proxy]:
    """Forwards plain requests and tunnels CONNECT."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(listener.getsockname()[1])

    def answer(near: socket.socket) -> None:
        with near:
            head = b""
            while b"\r\n\r\n" not in head and (part := near.recv(65_536)):
                head += part
            text = head.decode("latin-1")
            proxy.heads.append(text)
            method, target, _ = text.split("\r\n")[0].split(" ")
            host, _, port = (target if method == "CONNECT" else target.split("/")[2]).partition(":")
            with socket.create_connection((host, int(port))) as far:
                if method == "CONNECT":
                    near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    far.sendall(head)
                _pump(near, far)

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(near,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _pump(near: socket.socket, far: socket.socket) -> None:
    while True:
        for one in select.select([near, far], [], [], 10)[0]:
            try:
                if not (data := one.recv(65_536)):
                    return
                (far if one is near else near).sendall(data)
            except OSError:
                return


def test_a_proxy_of_the_config_is_used_and_cannot_read_what_goes_through_it(authority: Authority) -> None:
    with proxying() as proxy, secure(authority) as (url, asked):
        with client(url, Network(ca_file=authority.ca, proxy=SecretStr(proxy.url))) as api:
            assert api.get("x", CALL).json_object(CALL) == {"id": 7}
        assert [head.split("\r\n")[0] for head in proxy.heads] == [f"CONNECT {url.removeprefix('https://')} HTTP/1.1"]
        assert TOKEN not in "".join(proxy.heads)
        assert len(asked) == 1


def test_the_variable_of_the_environment_names_a_proxy_and_another_its_exceptions(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying() as proxy, secure(authority) as (url, _):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with client(url, Network(ca_file=authority.ca)) as api:
            api.get("x", CALL)
        assert len(proxy.heads) == 1
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with client(url, Network(ca_file=authority.ca)) as api:
            api.get("x", CALL)
        assert len(proxy.heads) == 1


def test_a_proxys_password_goes_to_the_proxy_alone_and_into_no_error(authority: Authority) -> None:
    with proxying() as proxy, secure(authority) as (url, asked):
        secret = SecretStr(proxy.url.replace("//", "//ann:s3cret@"))
        with client(url, Network(ca_file=authority.ca, proxy=secret)) as api:
            api.get("x", CALL)
        assert f"Basic {base64.b64encode(b'ann:s3cret').decode()}" in proxy.heads[0]
        assert not {name for name in asked[0].headers if "proxy" in name}
    with client(url, Network(ca_file=authority.ca, proxy=secret)) as api:  # the proxy is gone
        with pytest.raises(Unavailable) as caught:
            api.get("x", CALL)
        assert "s3cret" not in str(caught.value) + repr(caught.value) + repr(api) + str(vars(api))


@pytest.mark.parametrize("proxy", ["no url", "ftp://127.0.0.1:1", "http://127.0.0.1:port", "s3cret:x"])
def test_a_proxy_that_is_no_url_is_told_without_being_shown(proxy: str) -> None:
    with pytest.raises(ConfigError, match=r"^proxy") as caught:
        client("https://127.0.0.1:1", Network(proxy=SecretStr(proxy))).get("x", CALL)
    assert proxy not in str(caught.value)


def test_a_proxy_that_answers_for_itself_is_no_answer() -> None:
    page = serve(lambda _: Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), 0)
    try:
        proxy = SecretStr(f"http://127.0.0.1:{page.server_address[1]}")
        with (
            client("http://127.0.0.1:1", Network(proxy=proxy)) as api,
            pytest.raises(BadPayload, match="is a proxy between"),
        ):
            api.get("x", CALL).json_object(CALL)
        with client("https://127.0.0.1:1", Network(proxy=proxy)) as api, pytest.raises(Unavailable):
            api.get("x", CALL)  # it does not know CONNECT
    finally:
        stop(page)


def test_a_refusal_that_is_packed_twice_is_not_unpacked() -> None:
    body = gzip.compress(gzip.compress(b'{"message": "unpacked"}'))
    headers = {"content-encoding": "gzip, gzip"}
    transport = httpx.MockTransport(lambda _: httpx.Response(400, stream=httpx.ByteStream(body), headers=headers))
    with (
        Client("https://api.example", patience=Clock().patience(), transport=transport) as api,
        pytest.raises(BadPayload, match=r"unexpected answer \(400\)$"),
    ):
        api.get("x", CALL)
