"""A GitHub App's key in, the tokens of one of its installations out, each used until shortly before its hour is over.

Surprising fact: GitHub judges the signed claim by its own clock. One that is refused here is signed once more by the
time that the refusal itself carried, so that a machine whose clock is wrong can still read (`check` tells it).
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, ConfigError, NotFound
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.network import Network
from incident_pipeline.http.paging import pages
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources._api import reading, utc

CLAIM_BACK, CLAIM_LIFE = timedelta(seconds=60), timedelta(minutes=9)
"""GitHub asks for the first "to protect against clock drift" and takes no claim that lives over 10 minutes."""

CLAIM_USE = timedelta(minutes=5)
MARGIN = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
PAUSE = timedelta(seconds=60)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class App:
    """Which app of which server, and which of its installations: by number, else that on `repo`, on `owner`, or the
    only one. `headers` go with every request."""

    api: str
    app_id: str
    key: SecretStr
    installation: int | None = None
    repo: str = ""
    owner: str = ""
    network: Network = field(default_factory=Network)
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def who(self) -> str:
        """What errors call it."""
        return f"github app {self.app_id}"


def sign(app: App, now: datetime) -> str:
    """The app's claim of who it is, signed RS256. ConfigError when its key is none."""
    import jwt  # noqa: PLC0415 - slow to load, and only apps need it

    claim = {"iat": int((now - CLAIM_BACK).timestamp()), "exp": int((now + CLAIM_LIFE).timestamp()), "iss": app.app_id}
    pem = app.key.get_secret_value().replace("\\n", "\n")  # as variables of the environment hold it
    try:
        return jwt.encode(claim, pem, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise ConfigError(f"{app.who}: private_key is no RSA private key in PEM form (BEGIN ... PRIVATE KEY)") from None


class Claim:
    """Credentials that say "I am the app". `ahead`: GitHub's clock minus ours where that matters."""

    def __init__(self, app: App, clock: Clock) -> None:
        self._app, self._clock = app, clock
        self._made: datetime | None = None
        self._signed = ""
        self.ahead = timedelta()
        self.client: Client | None = None

    def headers(self) -> Mapping[str, str]:
        """The same claim for CLAIM_USE."""
        now = self._clock() + self.ahead
        if self._made is None or not self._made <= now < self._made + CLAIM_USE:
            self._made, self._signed = now, sign(self._app, now)
        return {"Authorization": f"Bearer {self._signed}"}

    def renew(self) -> bool:
        """By GitHub's clock, where ours is off."""
        ahead = self.client.clock_ahead if self.client else None
        if ahead is None or abs(ahead - self.ahead) <= SKEW:
            return False
        self.ahead, self._made = ahead, None
        return True


class AppCredentials:
    """The token of one installation, made when first needed. Threads and sources may share it."""

    def __init__(self, app: App, patience: Patience | None = None) -> None:
        self.app, self.permissions = app, ""
        self._clock: Clock = patience.clock if patience else lambda: datetime.now(UTC)
        self._claim = Claim(app, self._clock)
        self._client = self._claim.client = Client(
            app.api, credentials=self._claim, headers=dict(app.headers), network=app.network, patience=patience
        )
        self._lock = threading.Lock()
        self._token: SecretStr | None = None
        self._until: datetime | None = None
        self._renewed: datetime | None = None
        self._installation = app.installation
        self._claim.headers()  # a key that is none is told at once

    def __repr__(self) -> str:
        return f"AppCredentials({self.app.who})"

    def headers(self) -> Mapping[str, str]:
        """The token, a new one from MARGIN before it runs out."""
        return {"Authorization": f"Bearer {self.token().get_secret_value()}"}

    def token(self) -> SecretStr:
        """For git, which takes it as the password of `x-access-token`. AccessDenied when GitHub gives none."""
        with self._lock:
            late = self._until is not None and self._clock() + self._claim.ahead >= self._until - MARGIN
            return self._make() if self._token is None or late else self._token

    def renew(self) -> bool:
        """One new token for a refused one; what else was refused within PAUSE is tried again with that."""
        with self._lock:
            now = self._clock()
            if self._renewed is None or now - self._renewed > PAUSE:
                self._renewed = now
                self._make()
        return True

    def describe(self) -> str:
        """The app's own name, and its installation."""
        with self._as_app():
            data = self._client.get("app", Call(self.app.who, "the app")).json_object(Call(self.app.who, "the app"))
        return f"app {data.get('slug') or data.get('name') or self.app.app_id}, installation {self._installation}"

    def _make(self) -> SecretStr:
        call = Call(self.app.who, "a token of its installation")
        with self._as_app():
            if self._installation is None:
                self._installation = self._find()
            path = f"app/installations/{self._installation}/access_tokens"
            data = self._client.post(path, call, body={}).json_object(call)
        with reading(call):
            token, until = SecretStr(str(data["token"])), utc(str(data["expires_at"]))
            granted: dict[str, Any] = data.get("permissions") or {}
            self.permissions = ", ".join(f"{name}:{level}" for name, level in sorted(granted.items()))
        self._token, self._until = token, until
        return token

    def _find(self) -> int:
        app = self.app
        if app.repo:
            call = Call(app.who, f"its installation on {app.repo}")
            data = self._client.get(f"repos/{app.repo}/installation", call).json_object(call)
            with reading(call):
                return int(data["id"])
        call = Call(app.who, "its installations")
        found = [item for page in pages(self._client, "app/installations", call) for item in page.json_list(call)]
        with reading(call):
            names = {int(item["id"]): str(item["account"]["login"]) for item in found}
        wanted = [number for number, name in names.items() if app.owner.lower() in {"", name.lower()}]
        if len(wanted) == 1:
            return wanted[0]
        on = ", ".join(sorted(names.values())[:5]) or "nowhere"
        raise ConfigError(f"{app.who}: which installation? set owner and repo, or installation_id (installed on: {on})")

    @contextmanager
    def _as_app(self) -> Generator[None]:
        """Errors in the words of an app; the connection is not kept for an hour."""
        try:
            yield
        except NotFound:
            where = f"installation {self._installation}" if self._installation else self.app.repo
            message = f"{self.app.who}: is not installed there ({where}): install it, or correct installation_id"
            raise AccessDenied(message) from None
        except AccessDenied as error:
            if "(401)" not in str(error):
                raise
            message = f"{self.app.who}: its claim is refused (401): check app_id, private_key and this machine's clock"
            raise AccessDenied(message) from None
        finally:
            self._client.close()


@lru_cache(maxsize=32)
def shared_credentials(app: App) -> AppCredentials:
    """The same for every source of one process, so that an investigation makes one token."""
    return AppCredentials(app)
