"""Excel workbooks."""

from exporters.excel.exporter import Excel

__all__ = ["Excel"]
