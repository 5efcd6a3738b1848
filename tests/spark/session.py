"""One Spark session for a test run: small, quiet, without a web page or a metastore, gone with the process."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

LOGGING = "rootLogger.level = off\n"
# One partition everywhere and no compiled code: queries over a handful of rows spend their time on those.
SETTINGS = {
    "spark.buffer.pageSize": "1m",  # each sort and each grouping of a query takes one
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.ui.retainedExecutions": "1",  # thousands of plans fill the memory, though there is no page to show them
    "spark.ui.enabled": "false",
    "spark.ui.retainedJobs": "1",
    "spark.ui.retainedStages": "1",
    "spark.ui.retainedTasks": "1",
    "spark.ui.showConsoleProgress": "false",
}


class SparkMissing(Exception):
    """Spark cannot be started here; the message says what is missing."""


class SparkFailed(Exception):
    """Spark refused a statement, or failed in it; the message is its own, without Java's stack."""


@dataclass(slots=True)
class Spark:
    """A session, and the tables that are in it now."""

    session: Any
    loaded: Mapping[str, pa.Table] = field(default_factory=dict)

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        """Replace all tables; a name may have a schema, `mart.orders`. Times without a zone stay without one."""
        if tables is not self.loaded:
            self._clear()
            self._create(tables)
            self.loaded = tables

    def _create(self, tables: Mapping[str, pa.Table]) -> None:
        from pyspark.sql.pandas.types import from_arrow_schema

        for name, rows in tables.items():
            types = from_arrow_schema(rows.schema, prefer_timestamp_ntz=True)
            frame = self.session.createDataFrame(rows, types).coalesce(1)
            if "." in name:
                self.session.sql(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
                frame.write.saveAsTable(name)
            else:
                frame.createOrReplaceTempView(name)

    def execute(self, sql: str) -> pa.Table:
        """The rows of a query. Raises SparkFailed."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            return self.session.sql(sql).toArrow()
        except PySparkException as error:
            raise SparkFailed(str(error).split("\n\nJVM stacktrace", 1)[0]) from None
        except Py4JJavaError as error:  # what pyspark has no class for
            raise SparkFailed(str(error.java_exception)) from None

    def _clear(self) -> None:
        for name in self.loaded:
            if "." in name:
                self.session.sql(f"DROP TABLE {name}")
            else:
                self.session.catalog.dropTempView(name)


@cache
def local_spark() -> Spark:
    """The session of this process, started when first asked for. Raises SparkMissing."""
    try:
        import pyspark
    except ImportError:
        raise SparkMissing("pyspark is not installed (make e2e installs it)") from None
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise SparkMissing("java is not installed (Debian package openjdk-17-jre-headless)")
    folder = Path(tempfile.mkdtemp(prefix="metricast-spark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    logging.getLogger("SQLQueryContextLogger").disabled = True  # it prints every error that a test expects
    (folder / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
    os.environ.pop("SPARK_HOME", None)  # another Spark than the one that is imported
    context = _context(pyspark, folder)
    atexit.register(context.stop)
    return Spark(pyspark.sql.SparkSession(context))


def _context(pyspark: Any, folder: Path) -> Any:
    """Start the process of Spark; what it says on the way is kept for when it fails."""
    from pyspark import java_gateway

    launch: Any = java_gateway.launch_gateway
    logs = f"-Dlog4j2.configurationFile={folder}/log4j2.properties"
    options = f"-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.io.tmpdir={folder} {logs}"
    places = {"spark.driver.extraJavaOptions": options, "spark.sql.warehouse.dir": str(folder / "warehouse")}
    places["spark.local.dir"] = str(folder)
    settings = [("spark.master", "local[1]"), ("spark.app.name", "metricast"), *SETTINGS.items(), *places.items()]
    configuration = pyspark.SparkConf().setAll(settings)
    said = folder / "said.txt"
    try:
        with said.open("w") as file:
            gateway = launch(configuration, {"stderr": file})
            return pyspark.SparkContext(conf=configuration, gateway=gateway)
    except pyspark.errors.PySparkException as error:
        raise SparkMissing(f"Spark does not start: {error}\n{said.read_text()}") from None
