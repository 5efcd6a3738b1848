"""The metric types that YAML may name. A new type is a file here and an entry in METRIC_TYPES."""

from semantic.metric_types.base import Metric
from semantic.metric_types.derived import Derived
from semantic.metric_types.ratio import Ratio
from semantic.metric_types.simple import Simple

METRIC_TYPES: dict[str, type[Metric]] = {"simple": Simple, "ratio": Ratio, "derived": Derived}

__all__ = ["METRIC_TYPES", "Derived", "Metric", "Ratio", "Simple"]
