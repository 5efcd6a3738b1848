"""What went wrong on the way to Databricks: who is to blame, and whether trying again can help."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from semantic.engines.databricks.refusals import RIGHTS
from semantic.errors import Diagnostic, EngineError

_BUSY = (429, 503)
_TURNED_AWAY = re.compile(r"too many (\d{3}) error responses")
_LOGIN_WORDS = re.compile(r"token|credential|authenticat|login", re.IGNORECASE)


REAL_TIME = Diagnostic(
    "E401",
    "this is a real-time warehouse, which metricast does not speak to",
    hint="take the HTTP path of another SQL warehouse",
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What to say of it. `busy` may pass when a warehouse has started, `unreachable` may pass at once."""

    diagnostic: Diagnostic
    kind: Literal["busy", "unreachable", "lasting"] = "lasting"


def trouble_of(error: Exception, site: str, http_path: str, *, with_words: bool = True) -> Trouble:
    """What an error of the connector or of the network means.

    Once rows may have come, its own words may quote them: without words it is told by kind, status and host alone.
    """
    chain = tuple(_chain(error))
    for each in chain:
        if isinstance(each, EngineError):
            return Trouble(each.diagnostics[0])
    status = next(filter(None, map(_status, chain)), None)
    if status is not None:
        return _answered(status, _said(error), site, http_path, with_words)
    if found := _network(chain, site, with_words):
        return found
    words = _said(chain[-1]) if with_words else ""
    message = f"{site} gave an answer that the connector does not take: {words or type(chain[-1]).__name__}"
    return Trouble(Diagnostic("E401", message, hint="is this the host of a workspace?"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it is about, wherever libraries keep that."""
    seen: list[BaseException] = [error]
    for each in seen:
        yield each
        inner = (*each.args, getattr(each, "reason", None), each.__cause__)
        seen += [part for part in inner if isinstance(part, BaseException) and part not in seen]


def _status(error: BaseException) -> int | None:
    """The HTTP status that it is about, if it is about one."""
    turned_away = _TURNED_AWAY.search(str(error))
    if turned_away:
        return int(turned_away[1])
    if type(error).__name__ == "MaxRetryDurationError":  # the connector waits for nothing else
        return _BUSY[1]
    code = getattr(error, "code", None)  # of the standard library's HTTPError
    context = getattr(error, "context", None)
    if code is None and isinstance(context, dict) and not _is_network(error):
        code = context.get("http-code")
    return code if isinstance(code, int) and code >= 300 else None


def _is_network(error: BaseException) -> bool:
    """Whether the request got no answer; the connector's context then tells of the answer before."""
    return any(isinstance(part, OSError) or type(part).__module__.startswith("urllib3") for part in error.args)


def _answered(status: int, said: str, site: str, http_path: str, with_words: bool) -> Trouble:
    tail = f": {said}" if said and with_words else ""
    if status in _BUSY:
        message = f"the warehouse {http_path} takes no queries ({status}{tail})"
        return Trouble(Diagnostic("E401", message, hint="it may be starting, stopped or overloaded"), "busy")
    if RIGHTS.search(said):
        return Trouble(Diagnostic("E431", f"a privilege is missing{tail}", hint="ask for CAN USE of the warehouse"))
    if status in (401, 403) or (status == 400 and _LOGIN_WORDS.search(said)):
        hint = "it may have expired, or be another workspace's: make a new one"
        return Trouble(Diagnostic("E409", f"{site} does not take the login ({status}{tail})", hint=hint))
    if status == 404:
        message = f"there is no SQL warehouse or cluster {http_path} on {site}"
        return Trouble(Diagnostic("E401", message, hint="its page shows the HTTP path under 'Connection details'"))
    return Trouble(Diagnostic("E401", f"{site} answered {status}{tail}", hint="is this the host of a workspace?"))


def _network(chain: tuple[BaseException, ...], site: str, with_words: bool) -> Trouble | None:
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            message = f"the certificate of {site} is not trusted: {each.verify_message}"
            hint = "behind a proxy that looks into TLS, SSL_CERT_FILE names the file with its certificate"
            return Trouble(Diagnostic("E401", message, hint=hint))
        if isinstance(each, ImportError):  # the connector would speak another protocol
            return Trouble(REAL_TIME)
        if isinstance(each, socket.gaierror):
            passing = each.errno == socket.EAI_AGAIN
            message = f"the host '{site}' is not known: {each.strerror}"
            hint = "look at host in the target, and at the network"
            return Trouble(Diagnostic("E401", message, hint=hint), "unreachable" if passing else "lasting")
    lost = [each for each in chain if _is_lost(each)]
    if not lost:
        return None
    known = (each.strerror for each in lost if isinstance(each, OSError) and each.strerror)
    reason = next(known, None) or (with_words and _said(lost[-1])) or "the connection broke"
    hint = "look at host in the target, and at the network, VPN and firewall"
    return Trouble(Diagnostic("E401", f"{site} cannot be reached: {reason}", hint=hint), "unreachable")


def _is_lost(error: BaseException) -> bool:
    """Whether there was no answer. The connector drops the reason when it gives up asking whether a query is done."""
    dropped = error.args[1:] == (None,) and type(error).__name__ == "RequestError"
    return dropped or isinstance(error, OSError) or type(error).__module__.startswith("urllib3")


def _said(error: Any) -> str:
    """What the server said, or else the error's own words."""
    context = getattr(error, "context", None)
    if isinstance(context, dict) and "error-message" in context:
        return str(context["error-message"] or "").strip(": \n")
    text = str(error).strip()
    return text.splitlines()[0] if text else ""
