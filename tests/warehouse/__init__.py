"""A SQL warehouse for tests: Spark's own Thrift Server behind TLS, spoken to as the connector speaks to Databricks.

`__main__.py` starts Spark, `front.py` answers HTTPS and checks the login, `service.py` makes of Spark's answers what a
warehouse would give (protocol V7, Arrow, named parameters), `handle.py` starts and stops it all for a test.
"""
