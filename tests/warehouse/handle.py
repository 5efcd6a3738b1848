"""A warehouse of tests as a test holds it."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Handle:
    """A running front, and where it is."""

    process: subprocess.Popen[str]
    certificate: Path
    port: int
    spark: int
    context: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        self.context = ssl.create_default_context(cafile=str(self.certificate))

    @property
    def host(self) -> str:
        """As it stands in a target."""
        return f"localhost:{self.port}"

    def log(self, method: str | None = None) -> list[dict[str, Any]]:
        """What was asked of it since it was started."""
        with self._open("/log") as answer:
            return [each for each in json.load(answer) if method in (None, each["method"])]

    def plan(self, *faults: tuple[str, str | int], new_sessions: tuple[str, ...] = ()) -> None:
        """Let requests go wrong, each once: `("OpenSession", 503)`, `("ExecuteStatement", "lose")`."""
        listed = [{"method": method, "fault": fault} for method, fault in faults]
        body = json.dumps({"faults": listed, "new_sessions": new_sessions}).encode()
        self._open("/faults", body).close()

    def kill(self) -> None:
        """Let it be gone at once, as a machine that fails."""
        self.process.kill()
        self.process.wait()

    def _open(self, path: str, body: bytes | None = None) -> Any:
        return urllib.request.urlopen(f"https://{self.host}{path}", body, context=self.context, timeout=60)


@contextmanager
def warehouse(folder: Path, *, beside: Handle | None = None) -> Iterator[Handle]:
    """Start a warehouse; `beside` another one, a second front to its Spark."""
    certificate = beside.certificate if beside else make_certificate(folder)
    command = [sys.executable, "-m", "tests.warehouse", str(folder), str(certificate)]
    with (folder / "warehouse.log").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, *([str(beside.spark)] if beside else [])],
            cwd=folder,  # Spark leaves files where it is started
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        try:
            said = cast(IO[str], process.stdout).readline()
            assert said, (folder / "warehouse.log").read_text(encoding="utf-8")[-3000:]
            where = json.loads(said)
            yield Handle(process, certificate, where["port"], where["spark"])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # Java too, which takes its time otherwise
            process.communicate()


def make_certificate(folder: Path) -> Path:
    """A key and a certificate for localhost that signs itself, in one file."""
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*new, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    both.write_text(key.read_text(encoding="ascii") + certificate.read_text(encoding="ascii"), encoding="ascii")
    return both
