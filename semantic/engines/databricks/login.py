"""Who asks Databricks: a personal access token, or an OAuth client (machine to machine), from the environment.

Databricks' documentation, "Authorize service principal access with OAuth", says how a token is asked for.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from semantic.errors import Diagnostic, EngineError
from semantic.model import Target

TOKEN, CLIENT_ID, CLIENT_SECRET = "DATABRICKS_TOKEN", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"
_RENEW_BEFORE = 300.0  # seconds before it expires
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Login:
    """A token, or the id and the secret of an OAuth client; nothing of it is ever shown."""

    variables: tuple[str, ...]
    values: tuple[str, ...] = field(repr=False)

    @property
    def is_oauth(self) -> bool:
        """Whether this is an OAuth client."""
        return len(self.values) == 2


def find_login(target: Target, environment: Mapping[str, str]) -> Login:
    """What the environment holds for a target. Raises EngineError where it holds nothing, or two logins."""
    token = (target.token_variable or TOKEN,)
    client = (target.client_id_variable or CLIENT_ID, target.client_secret_variable or CLIENT_SECRET)
    by_client = bool(target.client_id_variable or target.client_secret_variable)
    named = [each for each, is_named in ((token, target.token_variable), (client, by_client)) if is_named]
    found = [each for each in named or (token, client) if all(environment.get(name) for name in each)]
    if len(found) == 1:
        return Login(found[0], tuple(environment[name] for name in found[0]))
    if found:
        message = "there are two logins to Databricks: " + " and ".join(map(_both, found))
        hint = "name the one to use in the target, as in token_variable: DATABRICKS_TOKEN, or unset the other"
    else:
        message = "there is no login to Databricks in the environment"
        hint = "set " + ", or ".join(map(_both, named or (token, client)))
    raise EngineError(Diagnostic("E408", message, hint=hint))


def _both(names: tuple[str, ...]) -> str:
    return " with ".join(names)


@dataclass(slots=True)
class MachineToken:
    """Short-lived tokens for an OAuth client, in the form in which the connector asks for them."""

    host: str
    login: Login
    secrets: set[str]
    token: str = field(default="", repr=False)
    renew_at: float = 0.0

    def auth_type(self) -> str:
        """The connector's name for this."""
        return "oauth-m2m"

    def __call__(self) -> Callable[[], dict[str, str]]:
        return self.headers

    def headers(self) -> dict[str, str]:
        """The header of a request, with a token that is good for some minutes. Raises EngineError or OSError."""
        if time.monotonic() >= self.renew_at:
            self._renew()
        return {"Authorization": f"Bearer {self.token}"}

    def _renew(self) -> None:
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "all-apis"}).encode()
        who = base64.b64encode(":".join(map(urllib.parse.quote, self.login.values)).encode()).decode()
        self.secrets.add(who)
        headers = {"Authorization": f"Basic {who}", "Accept": "application/json"}
        request = urllib.request.Request(f"https://{self.host}/oidc/v1/token", form, headers)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
                answer = json.load(response)
            self.token, seconds = str(answer["access_token"]), float(answer.get("expires_in", 3600))
        except urllib.error.HTTPError as error:
            if error.code in (429, 503):
                raise
            raise EngineError(self._refused(error)) from None
        except (http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            message = f"{self.host} gave no token for the OAuth client: {type(error).__name__}"
            raise EngineError(Diagnostic("E409", message, hint="is this the host of a workspace?")) from None
        self.secrets.add(self.token)
        self.renew_at = time.monotonic() + max(0.0, seconds - _RENEW_BEFORE)

    def _refused(self, error: urllib.error.HTTPError) -> Diagnostic:
        said = _said(error)
        message = f"Databricks gave no token for the OAuth client: {error.code}{f' {said}' if said else ''}"
        names = " and ".join(self.login.variables)
        return Diagnostic(
            "E409", message, hint=f"look at {names}: a secret may have expired, or be another workspace's"
        )


def _said(error: urllib.error.HTTPError) -> str:
    """The reason that the workspace gives, in OAuth's words."""
    try:
        answer: Any = json.loads(error.read(10_000))
    except (ValueError, OSError, http.client.HTTPException):
        return ""
    said = (answer.get(key) for key in ("error", "error_description")) if isinstance(answer, dict) else ()
    return ": ".join(str(each) for each in said if each)
