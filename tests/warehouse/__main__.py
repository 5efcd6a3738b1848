"""`python -m tests.warehouse FOLDER CERTIFICATE [PORT]`: says on stdout where it listens, and ends with its stdin.

With PORT, of a Spark that another one has started, this is only another front to it.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from tests.warehouse.front import Front
from tests.warehouse.service import Warehouse

_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "2g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",  # a few rows: what takes time is planning and compiling
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.hadoop.hive.server2.transport.mode": "http",
    "spark.hadoop.hive.server2.thrift.http.port": "0",
    "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
    "spark.hadoop.hive.server2.thrift.http.path": "cliservice",
}


def start_spark(folder: Path) -> int:
    """Start Spark's Thrift Server; returns its port."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", str(folder / "tables"))
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    spark: Any = builder.getOrCreate()
    server = spark._jvm.org.apache.spark.sql.hive.thriftserver.HiveThriftServer2
    service = server.startWithSparkSession(spark._jsparkSession, False).getServices()[1]
    return int(service.getPortNumber())


def main() -> None:
    """Serve until stdin ends."""
    folder, certificate = Path(sys.argv[1]), Path(sys.argv[2])
    spark = int(sys.argv[3]) if len(sys.argv) > 3 else start_spark(folder)
    front = Front(Warehouse(spark), certificate)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    print(json.dumps({"port": front.server_port, "spark": spark}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
