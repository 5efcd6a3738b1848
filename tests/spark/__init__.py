"""A local Spark as a judge: the SQL of the Databricks dialect is run, not only read.

    spark = local_spark()                          # 6 to 25 s the first time, SparkMissing without pyspark or Java
    spark.load({"orders": arrow_table})
    spark.execute("SELECT count(*) FROM orders")   # → Arrow

Spark is told from Databricks in what is around it (tables, catalogs, sessions), not in what a SELECT means.
"""

from tests.spark.session import Spark, SparkFailed, SparkMissing, local_spark

__all__ = ["Spark", "SparkFailed", "SparkMissing", "local_spark"]
