"""Where a target is: its host as people paste it, and the path of its warehouse or cluster."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from semantic.errors import Diagnostic, EngineError
from semantic.model import Target

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class Address:
    """Where a target is."""

    host: str
    port: int
    http_path: str

    @classmethod
    def of(cls, target: Target) -> Address:
        """A host may be an address from the browser: scheme, path, query and fragment say nothing of the workspace.

        Raises EngineError, which never repeats the host: there may be a login in it.
        """
        text = _SCHEME.sub("", str(target.host).strip(), count=1)
        place, *rest = re.split(r"[/?#]", text, maxsplit=1)
        if "@" in place or (":" in place and "@" in "".join(rest)):  # a password may hold a slash
            message = "the host of the target holds a login, in front of an @"
            hint = "take it out: logins come from the environment, as DATABRICKS_TOKEN (semantic/DATABRICKS.md)"
            raise EngineError(Diagnostic("E401", message, hint=hint))
        host, port = _apart(place)
        return cls(_host(host), _port(port), str(target.http_path))

    @property
    def url_host(self) -> str:
        """The host as a URL has it: an IPv6 address between brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def site(self) -> str:
        """Host and port, as a URL has them."""
        return self.url_host if self.port == _HTTPS else f"{self.url_host}:{self.port}"

    @property
    def is_warehouse(self) -> bool:
        """Whether this is a SQL warehouse, which has its own names for settings, and records of tags."""
        return "/warehouses/" in self.http_path or "/endpoints/" in self.http_path


def _apart(place: str) -> tuple[str, str]:
    """Host and port; an IPv6 address holds colons of its own."""
    bracketed = re.fullmatch(r"\[(.*)\](?::(.*))?", place)
    if bracketed:
        return bracketed[1], bracketed[2] or ""
    if place.count(":") > 1:
        return place, ""
    host, _, port = place.partition(":")
    return host, port


def _host(text: str) -> str:
    """A host's name in ASCII, as DNS knows it, or its number."""
    try:
        found = str(ipaddress.IPv6Address(text)) if ":" in text else text.encode("idna").decode("ascii")
    except ValueError:  # a UnicodeError is one
        found = ""
    if ":" not in found and not _NAME.fullmatch(found):
        raise EngineError(_no_address("the host of the target is no name of a host"))
    return found


def _port(text: str) -> int:
    if not text:
        return _HTTPS
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 2**16:
        raise EngineError(_no_address("the port in the host of the target is no number from 1 to 65535"))
    return int(text)


def _no_address(message: str) -> Diagnostic:
    return Diagnostic("E401", message, hint="write it as in host: dbc-a1b2c3d4-e5f6.cloud.databricks.com")
