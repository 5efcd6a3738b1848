"""HTTPS in front of the warehouse: logins, tokens for OAuth clients, and the faults that a test asks for."""

from __future__ import annotations

import json
import ssl
import urllib.parse
from base64 import b64encode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from databricks.sql.thrift_api.TCLIService import TCLIService
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.TTransport import TMemoryBuffer

from tests.warehouse.service import Warehouse

TOKEN, CLIENT, SECRET = "token-of-the-tests", "client-of-the-tests", "secret-of-the-tests"
MACHINE_TOKEN = "token-of-the-client"
PATHS = ("/sql/1.0/warehouses/tests", "/sql/protocolv1/o/0/tests")


class Front(ThreadingHTTPServer):
    """Answers at `https://localhost:port`."""

    daemon_threads = True

    def __init__(self, warehouse: Warehouse, certificate: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.warehouse = warehouse
        self.faults: list[dict[str, Any]] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def fault(self, method: str) -> str | int | None:
        """What is to go wrong with a request, once for each time that it was asked for."""
        found = next((each for each in self.faults if each["method"] == method), None)
        if found is None:
            return None
        self.faults.remove(found)
        fault: str | int = found["fault"]
        return fault


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def do_GET(self) -> None:
        """`/log`: what was asked of the warehouse."""
        self._answer(200, json.dumps(self.server.warehouse.log, default=str).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/faults":
            self.server.faults[:] = json.loads(body)["faults"]
            self.server.warehouse.new_sessions[:] = json.loads(body)["new_sessions"]
            self._answer(200, b"{}")
        elif self.path == "/oidc/v1/token":
            self._token(urllib.parse.parse_qs(body.decode()))
        elif self.path not in PATHS:
            self._answer(404, b"<html>no such page</html>")
        elif self.headers.get("Authorization") not in (f"Bearer {TOKEN}", f"Bearer {MACHINE_TOKEN}"):
            self._answer(403, b"", {"x-databricks-reason-phrase": "Invalid access token."})
        else:
            self._thrift(body)

    def _thrift(self, body: bytes) -> None:
        transport = TMemoryBuffer(body)
        asked, answer = TBinaryProtocolAccelerated(transport), TMemoryBuffer()
        method = asked.readMessageBegin()[0]
        transport._buffer.seek(0)
        fault = self.server.fault(method)
        if isinstance(fault, int):
            self._answer(fault, b"", {"Retry-After": "1"})
            return
        TCLIService.Processor(self.server.warehouse).process(asked, TBinaryProtocolAccelerated(answer))
        if fault == "lose":  # it was done, but nobody hears of it
            self.close_connection = True
            self.connection.close()
        else:
            self._answer(200, answer.getvalue(), {"Content-Type": "application/x-thrift"})

    def _token(self, form: Mapping[str, list[str]]) -> None:
        known = f"Basic {b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"
        if self.headers.get("Authorization") != known or form.get("grant_type") != ["client_credentials"]:
            self._answer(401, json.dumps({"error": "invalid_client", "error_description": "no such client"}).encode())
        else:
            self._answer(200, json.dumps({"access_token": MACHINE_TOKEN, "expires_in": 3600}).encode())

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""
