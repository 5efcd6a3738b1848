"""A session on a SQL warehouse or a cluster: in UTC, with ANSI rules, in the target's catalog and schema.

Only what has not begun is tried again: reaching the workspace, and requests that it turned away with 429 or 503. The
connector alone would send a statement anew after a broken connection, although it may have run.
"""

from __future__ import annotations

import importlib.util
import logging
import math
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, TypeVar

from semantic.engines.base import Limits
from semantic.engines.databricks.address import Address
from semantic.engines.databricks.login import Login, MachineToken
from semantic.engines.databricks.trouble import REAL_TIME, Trouble, trouble_of
from semantic.errors import Diagnostic, EngineError

INSTALL = "pip install 'metricast[databricks]'"
_LATER = 10  # seconds
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try again what may be tried again."""

    starting: float = 600.0  # seconds for a warehouse to start
    busy_pause: float = 5.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)  # before reaching the workspace is tried again
    requests: int = 3  # the connector's own attempts
    request_seconds: float = 60.0
    socket_seconds: float = 120.0
    reach_seconds: float = 10.0


def require_connector() -> None:
    """Raise EngineError where the extra is not installed."""
    found = importlib.util.find_spec("databricks")
    if found is None or importlib.util.find_spec("databricks.sql") is None:
        raise EngineError(Diagnostic("E430", "the connector to Databricks is not installed", hint=INSTALL))
    logging.getLogger("databricks").addHandler(logging.NullHandler())  # what it logs as errors, we say


@dataclass(frozen=True, slots=True)
class Workspace:
    """A way to sessions. `secrets` gets what the login gives; setting `stopped` ends the waiting for a warehouse."""

    address: Address
    login: Login = field(repr=False)
    patience: Patience
    stopped: threading.Event
    secrets: set[str] = field(repr=False)

    def connect(self, limits: Limits) -> Any:
        """An open connection of `databricks.sql`. Raises EngineError."""
        self.secrets.update(self.login.values)
        self._tried(lambda: _reach(self.address, self.patience))
        who: dict[str, Any] = {"access_token": self.login.values[0]}
        if self.login.is_oauth:
            machine = MachineToken(self.address.site, self.login, self.secrets)
            self._tried(machine.headers)
            who = {"credentials_provider": machine}
        return self._tried(lambda: _open(self.address, limits, self.patience, who))

    def _tried(self, call: Callable[[], T]) -> T:
        """What a call gives in the end: it is repeated for as long as that can help. Raises EngineError."""
        until, unreached = time.monotonic() + self.patience.starting, iter(self.patience.pauses)
        while True:
            try:
                return call()
            except expected() as error:
                trouble = trouble_of(error, self.address.site, self.address.http_path)
            pause = self._pause(trouble, unreached)
            if pause is None or time.monotonic() + pause > until:
                raise EngineError(trouble.diagnostic)
            if self.stopped.wait(pause):
                raise EngineError(Diagnostic("E405", "the query was cancelled"))

    def _pause(self, trouble: Trouble, unreached: Iterator[float]) -> float | None:
        if trouble.kind == "busy":
            return self.patience.busy_pause
        return next(unreached, None) if trouble.kind == "unreachable" else None


def expected() -> tuple[type[Exception], ...]:
    """What the connector, and the libraries below it, raise."""
    from databricks.sql.exc import Error
    from urllib3.exceptions import HTTPError

    return (EngineError, Error, HTTPError, OSError, ValueError, RuntimeError, ImportError)


def _reach(address: Address, patience: Patience) -> None:
    """Raise OSError where nobody listens: the connector takes minutes to say so. A proxy is left to the connector."""
    if not urllib.request.getproxies().get("https") or urllib.request.proxy_bypass(address.host):
        socket.create_connection((address.host, address.port), patience.reach_seconds).close()


def _open(address: Address, limits: Limits, patience: Patience, who: Mapping[str, Any]) -> Any:
    from databricks import sql

    connection: Any = sql.connect(
        address.url_host,
        address.http_path,
        session_configuration=dict(_settings(address, limits)),
        query_tags={"application": "metricast"} if address.is_warehouse else None,
        user_agent_entry=f"metricast/{version('metricast')}",
        enable_telemetry=False,
        _port=address.port,
        _socket_timeout=patience.socket_seconds,
        _retry_delay_max=5.0,
        _retry_stop_after_attempts_count=patience.requests,
        _retry_stop_after_attempts_duration=patience.request_seconds,
        **who,
    )
    policy = getattr(connection.session.backend, "retry_policy", None)
    if policy is None:
        connection.close()
        raise EngineError(REAL_TIME)
    policy.read, policy.other = False, 0  # an answer that was lost may be that of a statement that ran
    return connection


def _settings(address: Address, limits: Limits) -> Iterator[tuple[str, str]]:
    if not address.is_warehouse:
        yield from (("spark.sql.ansi.enabled", "true"), ("spark.sql.session.timeZone", "UTC"))
        return
    yield from (("ansi_mode", "true"), ("timezone", "UTC"))
    if limits.seconds is not None:  # ours comes first; this one is for the case that we are gone
        yield "statement_timeout", str(math.ceil(limits.seconds) + _LATER)
