"""A large project: fifty areas, each with a dataset of ten dimensions and twenty metrics over it and its neighbours."""

from __future__ import annotations

from pathlib import Path

AREAS, SUMS, RATIOS, NETS = 50, 14, 3, 3
PROJECT = "name: large\ntime_zone: Asia/Bangkok\ntargets:\n  local: {engine: duckdb}\n"
DATASET = """\
datasets:
  dataset_{area}:
    description: One row per thing of area {area}.
    table: table_{area}
    primary_key: id
    time: happened_at
    joins: {joins}
    dimensions:
      colour: {{type: string, label: Colour, description: What it looks like.}}
      size: {{expr: "case when amount > 100 then 'big' else 'small' end", type: string}}
      age: {{expr: "age_years(born, at)", bins: [18, 25, 35]}}
"""
DIMENSION = "      property_{number}: {{type: string, label: Property {number}, description: A property.}}\n"
SUM = """\
  metric_{area}_{number}:
    label: Metric {number} of area {area}
    description: A number that matters to somebody.
    owner: team-{area}@example.com
    tags: [large, area]
    dataset: dataset_{area}
    agg: sum
    expr: amount * {number} - coalesce(discount, 0)
    filter: property_{property} = 'x' and amount > {number}
    format: number
"""
RATIO = """\
  ratio_{area}_{number}:
    type: ratio
    description: A share.
    numerator: metric_{area}_{number}
    denominator: metric_{next}_{number}
    format: percent
"""
NET = "  net_{area}_{number}: {{type: derived, expr: metric_{area}_{number} - 2 * metric_{next}_{number}}}\n"


def write_large_project(root: Path, areas: int = AREAS) -> None:
    """Write 50 datasets and 1,000 metrics below a folder, or other numbers of areas."""
    (root / "metrics").mkdir(parents=True)
    (root / "metrics" / "project.yml").write_text(PROJECT, encoding="utf-8")
    for area in range(areas):
        (root / "metrics" / f"area_{area}.yml").write_text("".join(_area(area, areas)), encoding="utf-8")


def _area(area: int, areas: int) -> list[str]:
    joins = ", ".join(f"dataset_{other}: {{on: key_{other}}}" for other in (area + 1, area + 7) if other < areas)
    following = (area + 1) % areas
    return [
        DATASET.format(area=area, joins=f"{{{joins}}}"),
        *(DIMENSION.format(number=number) for number in range(7)),
        "metrics:\n",
        *(SUM.format(area=area, number=number, property=number % 7) for number in range(SUMS)),
        *(RATIO.format(area=area, number=number, next=following) for number in range(RATIOS)),
        *(NET.format(area=area, number=number, next=following) for number in range(NETS)),
    ]
