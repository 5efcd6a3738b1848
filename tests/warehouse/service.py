"""Statements, answered by Spark's Thrift Server in the way of a warehouse."""

from __future__ import annotations

import re
import threading
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.THttpClient import THttpClient

from tests.warehouse.answers import arrow_type, record_batch

_QUERY = re.compile(r"\s*(?:/\*.*?\*/\s*)?(?:SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
_RUNNING = (
    ttypes.TOperationState.INITIALIZED_STATE,
    ttypes.TOperationState.PENDING_STATE,
    ttypes.TOperationState.RUNNING_STATE,
)
_OK = ttypes.TStatusCode.SUCCESS_STATUS


@dataclass(slots=True)
class Operation:
    """A statement: its columns, and the rows that were fetched of it."""

    fields: tuple[tuple[str, str], ...] | None = None
    fetched: int = 0


class Warehouse:
    """The Thrift service of a warehouse, over the one of Spark at a local port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.operations: dict[bytes, Operation] = {}
        self.log: list[dict[str, Any]] = []
        self.new_sessions: list[str] = []  # statements that an administrator would have every session begin with
        self._local = threading.local()

    @property
    def spark(self) -> Any:
        """This thread's client of Spark."""
        if not hasattr(self._local, "client"):
            transport = THttpClient(f"http://127.0.0.1:{self.port}/cliservice")
            transport.setCustomHeaders({"Authorization": f"Basic {b64encode(b'tests:none').decode()}"})
            self._local.client = TCLIService.Client(
                TBinaryProtocolAccelerated(transport, string_length_limit=None, container_length_limit=None)
            )
        return self._local.client

    # What the connector asks for; the names are the protocol's ------------------------------------------------

    def OpenSession(self, request: Any) -> Any:  # noqa: N802
        version = ttypes.TProtocolVersion
        asked = ttypes.TOpenSessionReq(
            client_protocol=version.HIVE_CLI_SERVICE_PROTOCOL_V8, configuration=request.configuration
        )
        self.log.append({"method": "OpenSession", "configuration": request.configuration})
        answer = self.spark.OpenSession(asked)
        for statement in self.new_sessions:
            self._ask(answer.sessionHandle, statement)
        answer.serverProtocolVersion = version.SPARK_CLI_SERVICE_PROTOCOL_V8
        answer.canUseMultipleCatalogs = True
        return answer

    def ExecuteStatement(self, request: Any) -> Any:  # noqa: N802
        tags = (request.confOverlay or {}).get("query_tags")
        self.log.append({"method": "ExecuteStatement", "statement": request.statement, "query_tags": tags})
        statement = _with_parameters(request.statement, request.parameters or ())
        operation = Operation()
        if _QUERY.match(request.statement) and not request.parameters:
            operation.fields = self._described(request.sessionHandle, statement)
        answer = self.spark.ExecuteStatement(
            ttypes.TExecuteStatementReq(sessionHandle=request.sessionHandle, statement=statement, runAsync=True)
        )
        if answer.operationHandle is not None:
            self.operations[answer.operationHandle.operationId.guid] = operation
        return answer

    def GetOperationStatus(self, request: Any) -> Any:  # noqa: N802
        until = time.monotonic() + 0.1
        while (answer := self.spark.GetOperationStatus(request)).operationState in _RUNNING:
            if time.monotonic() > until:
                break
            time.sleep(0.01)
        return answer

    def GetResultSetMetadata(self, request: Any) -> Any:  # noqa: N802
        operation = self.operations[request.operationHandle.operationId.guid]
        answer = self.spark.GetResultSetMetadata(request)
        if operation.fields is None:
            operation.fields = tuple(map(_column, answer.schema.columns)) if answer.schema else ()
        answer.resultFormat = ttypes.TSparkRowSetType.ARROW_BASED_SET
        answer.arrowSchema = _schema(operation).serialize().to_pybytes()
        answer.lz4Compressed = answer.isStagingOperation = False
        return answer

    def FetchResults(self, request: Any) -> Any:  # noqa: N802
        handle, most = request.operationHandle, request.maxRows
        operation = self.operations[handle.operationId.guid]
        metadata = self.GetResultSetMetadata(ttypes.TGetResultSetMetadataReq(operationHandle=handle))
        answer = self.spark.FetchResults(
            ttypes.TFetchResultsReq(operationHandle=handle, orientation=request.orientation, maxRows=most)
        )
        if answer.results is None:
            return answer
        batch = record_batch(_schema(operation), answer.results.columns)
        sent = ttypes.TSparkArrowBatch(batch.serialize().to_pybytes(), batch.num_rows)
        answer.results = ttypes.TRowSet(startRowOffset=operation.fetched, rows=[], arrowBatches=[sent])
        answer.hasMoreRows = batch.num_rows == most
        answer.resultSetMetadata = metadata
        operation.fetched += batch.num_rows
        return answer

    def CancelOperation(self, request: Any) -> Any:  # noqa: N802
        self.log.append({"method": "CancelOperation"})
        return self.spark.CancelOperation(request)

    def CloseOperation(self, request: Any) -> Any:  # noqa: N802
        self.operations.pop(request.operationHandle.operationId.guid, None)
        return self.spark.CloseOperation(request)

    def CloseSession(self, request: Any) -> Any:  # noqa: N802
        self.log.append({"method": "CloseSession"})
        return self.spark.CloseSession(request)

    # Asking Spark ------------------------------------------------

    def _described(self, session: Any, statement: str) -> tuple[tuple[str, str], ...] | None:
        """The columns of a query; Spark's Thrift Server alone does not tell TIMESTAMP_NTZ from TIMESTAMP."""
        columns = self._ask(session, f"DESCRIBE QUERY {statement}")
        return tuple(zip(*columns[:2], strict=True)) if columns else None

    def _ask(self, session: Any, statement: str) -> list[list[Any]]:
        """The columns of an answer; none if there is an error, which comes again with the statement itself."""
        asked = ttypes.TExecuteStatementReq(sessionHandle=session, statement=statement, runAsync=False)
        handle = self.spark.ExecuteStatement(asked).operationHandle
        if handle is None:
            return []
        state = self.spark.GetOperationStatus(ttypes.TGetOperationStatusReq(operationHandle=handle)).operationState
        if state != ttypes.TOperationState.FINISHED_STATE:
            return []
        fetch = ttypes.TFetchResultsReq(operationHandle=handle, orientation=0, maxRows=10_000)
        columns = self.spark.FetchResults(fetch).results.columns
        self.spark.CloseOperation(ttypes.TCloseOperationReq(operationHandle=handle))
        return [column.stringVal.values if column.stringVal else [] for column in columns]


def _column(column: Any) -> tuple[str, str]:
    entry = column.typeDesc.types[0].primitiveEntry
    name = ttypes.TTypeId._VALUES_TO_NAMES[entry.type].removesuffix("_TYPE").lower()
    if name == "decimal":
        limits = entry.typeQualifiers.qualifiers
        name = f"decimal({limits['precision'].i32Value},{limits['scale'].i32Value})"
    return column.columnName, name


def _schema(operation: Operation) -> pa.Schema:
    return pa.schema([(name, arrow_type(words)) for name, words in operation.fields or ()])


def _with_parameters(statement: str, parameters: Any) -> str:
    """Named parameters, for which Spark's Thrift Server has no place."""
    if not parameters:
        return statement
    values = ", ".join(f"{_literal(each)} AS {each.name}" for each in parameters)
    return f"EXECUTE IMMEDIATE {_text(statement)} USING {values}"


def _literal(parameter: Any) -> str:
    if parameter.value is None:
        return "NULL"
    return f"CAST({_text(parameter.value.stringValue)} AS {parameter.type})"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
