"""The metric types that YAML may name. A new type is a file here and an entry in METRIC_TYPES."""

from semantic.metric_types.base import Metric
from semantic.metric_types.comparison import Comparison
from semantic.metric_types.cumulative import Cumulative
from semantic.metric_types.derived import Derived
from semantic.metric_types.moving_average import MovingAverage
from semantic.metric_types.per import Per
from semantic.metric_types.rank import Rank
from semantic.metric_types.ratio import Ratio
from semantic.metric_types.rolling import Rolling
from semantic.metric_types.semi_additive import SemiAdditive
from semantic.metric_types.share import Share
from semantic.metric_types.simple import Simple
from semantic.metric_types.to_date import ToDate

METRIC_TYPES: dict[str, type[Metric]] = {
    "simple": Simple,
    "ratio": Ratio,
    "derived": Derived,
    "rolling": Rolling,
    "cumulative": Cumulative,
    "to_date": ToDate,
    "comparison": Comparison,
    "semi_additive": SemiAdditive,
    "per": Per,
    "share": Share,
    "rank": Rank,
    "moving_average": MovingAverage,
}

__all__ = ["METRIC_TYPES", "Derived", "Metric", "Ratio", "Simple"]
