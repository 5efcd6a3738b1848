"""`defaults:` of a file: who takes them, who does not, and where their mistakes are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporters import load_exports
from scheduler.validate import validate_files
from semantic.load import Loaded, load_texts
from semantic.model import Model
from tests.cli_project import run

DATASETS = """
datasets:
  activity:
    table: t
    primary_key: id
    time: done_on
    dimensions: {done_on: {type: date}, kind: , place: {folder: Orte, label: Ort}}
"""
COUNTS = "metrics: {m: {dataset: activity, agg: count}, n: {dataset: activity, agg: count, owner: n's}}\n"


def load(*texts: str) -> Loaded:
    return load_texts({f"metrics/{number}.yml": text for number, text in enumerate(texts)})


def model(*texts: str) -> Model:
    loaded = load(*texts)
    assert loaded.model is not None, loaded.diagnostics
    return loaded.model


def places(*texts: str) -> list[str]:
    """What is wrong, as `CODE line:column`, all in the first file."""
    found = [(each.code, each.span) for each in load(*texts).diagnostics]
    return [f"{code} {span.line}:{span.column}" for code, span in found if span is not None]


# --- who takes them ------------------------------------------------------------


def test_an_entry_takes_what_it_does_not_say_itself() -> None:
    found = model("defaults: {metrics: {owner: Müller, tags: [a, b], format: percent}}\n" + DATASETS + COUNTS).metrics
    assert [(one.owner, one.tags, str(one.format)) for one in found.values()] == [
        ("Müller", ("a", "b"), "percent"),
        ("n's", ("a", "b"), "percent"),
    ]


def test_a_list_or_a_mapping_is_taken_whole_and_never_merged() -> None:
    text = "defaults: {metrics: {tags: [a, b], format: {currency: EUR, decimals: 4}, synonyms: x}}\n" + DATASETS
    text += "metrics: {m: {dataset: activity, agg: count, tags: c, format: {currency: CHF}, synonyms: [y, z]}}\n"
    found = model(text).metrics["m"]
    assert (found.tags, found.synonyms) == (("c",), ("y", "z"))
    assert found.format is not None
    assert (found.format.currency, found.format.digits) == ("CHF", 2)


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_a_key_without_a_value_says_none(nothing: str) -> None:
    text = "defaults: {metrics: {owner: o, tags: [a], filter: kind = 'x', hidden: true}}\n" + DATASETS
    text += f"metrics:\n  m: {{dataset: activity, agg: count, owner: {nothing}, tags: {nothing}, filter: , hidden: }}\n"
    found = model(text).metrics["m"]
    assert (found.owner, found.tags, found.hidden) == (None, (), False)
    assert found.definition == "count(rows) over activity"


def test_dimensions_without_a_word_of_their_own_take_them_too() -> None:
    found = model("defaults: {dimensions: {folder: Users, tags: x}}\n" + DATASETS + COUNTS).datasets["activity"]
    assert {name: (one.folder, one.tags, one.label) for name, one in found.dimensions.items()} == {
        "done_on": ("Users", ("x",), None),
        "kind": ("Users", ("x",), None),
        "place": ("Orte", ("x",), "Ort"),
    }
    assert found.dimensions["done_on"].type == "date"


def test_a_metric_without_a_word_of_its_own_is_made_of_them() -> None:
    found = model(
        "defaults: {metrics: {dataset: activity, agg: count}}\n" + DATASETS + "metrics: {m: , n: {label: N}}\n"
    )
    assert [one.definition for one in found.metrics.values()] == ["count(rows) over activity"] * 2


def test_dimensions_that_are_a_default_of_datasets_take_those_of_dimensions() -> None:
    text = "defaults: {datasets: {table: t, dimensions: {a: , b: {folder: B}}}, dimensions: {folder: F}}\n"
    found = model(text + "datasets: {d: , e: {table: u, dimensions: {c: }}}\n").datasets
    assert {n: {k: v.folder for k, v in one.dimensions.items()} for n, one in found.items()} == {
        "d": {"a": "F", "b": "B"},
        "e": {"c": "F"},
    }
    assert [one.table for one in found.values()] == ["t", "u"]


def test_only_a_type_that_knows_a_key_takes_it() -> None:
    text = "defaults: {metrics: {dataset: activity, agg: count, time: done_on, owner: o}}\n" + DATASETS
    text += "metrics: {m: , r: {type: ratio, numerator: m, denominator: m}, d: {type: derived, expr: m * 2}}\n"
    found = model(text).metrics
    assert [(type(one).__name__, one.owner) for one in found.values()] == [
        ("Simple", "o"), ("Ratio", "o"), ("Derived", "o"),
    ]  # fmt: skip


def test_the_type_itself_may_be_a_default() -> None:
    text = "defaults: {metrics: {type: ratio, denominator: all_, format: percent}}\n" + DATASETS
    text += "metrics:\n  all_: {type: simple, dataset: activity, agg: count}\n"
    text += "  none: {type: , dataset: activity, agg: count}\n"
    text += "  r: {numerator: all_}\n  s: {numerator: none, denominator: r}\n"
    found = model(text).metrics
    assert {name: one.definition for name, one in found.items()} == {
        "all_": "count(rows) over activity", "none": "count(rows) over activity", "r": "all_ / all_", "s": "none / r",
    }  # fmt: skip
    assert {str(one.format) for one in found.values()} == {"percent"}


def test_defaults_of_one_file_are_not_those_of_another() -> None:
    first = "defaults: {metrics: {owner: o, hidden: true}, dimensions: {folder: F}}\n" + DATASETS
    found = model(
        first, "metrics: {m: {dataset: activity, agg: count}}\ndatasets: {e: {table: t, dimensions: {a: }}}\n"
    )
    assert (found.metrics["m"].owner, found.metrics["m"].hidden) == (None, False)
    assert found.datasets["e"].dimensions["a"].folder is None


def test_segments_and_exports_have_them_too() -> None:
    text = DATASETS + COUNTS + "segments: {s: , t: {filter: place = 'y'}}\n"
    text += "exports:\n  e: {queries: {q: {metrics: [m], period: 2024}}}\n"
    text += "  f: {period: , owner: f, queries: {q: {metrics: [n]}}}\n"
    text += "defaults:\n  segments: {filter: kind = 'x'}\n"
    text += "  exports: {period: 2025, owner: o, to: [excel: {path: '{{ export.name }}.xlsx'}]}\n"
    found = model(text)
    assert [one.filter for one in found.segments.values()] == ["kind = 'x'", "place = 'y'"]
    exports = load_exports(found)
    assert {name: (one.period, one.owner, one.queries["q"].period) for name, one in exports.items()} == {
        "e": ("2025", "o", "2024"),
        "f": (None, "f", None),
    }


@pytest.mark.parametrize(
    "empty", ["defaults:", "defaults: {}", "defaults: {metrics: , exports: ~}", "defaults: {metrics: {}}"]
)
def test_there_may_be_none_as_there_may_be_no_entries(empty: str) -> None:
    assert model(empty + "\n" + DATASETS + COUNTS).metrics["m"].owner is None


# --- where their mistakes are said ------------------------------------------------------------


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ("[a]", ["E106 1:11"]),
        ("owner", ["E106 1:11"]),
        ("{metrics: [a]}", ["E106 1:21"]),
        ("{metrics: owner}", ["E106 1:21"]),
        ("{metric: {owner: o}}", ["E104 1:12"]),
        ("{metrics: {ownr: o, exp: x}}", ["E104 1:22", "E104 1:31"]),
        ("{metrics: {name: m}, segments: {name: s}}", ["E104 1:22", "E104 1:43"]),
        ("{metrics: {owner: o, owner: p}}", ["E103 1:32"]),
        ("{metrics: {hidden: maybe}}", ["E106 1:30"]),
        ("{metrics: {tags: {a: b}}}", ["E106 1:28"]),
        ("{metrics: {format: percnt}}", ["E106 1:30"]),
        ("{metrics: {format: {type: percent, decimal: 1}}}", ["E104 1:46"]),
        ("{metrics: {empty: none}}", ["E106 1:29"]),
        ("{metrics: {thresholds: {good: 1, bad: 1.00}}}", ["E106 1:34"]),
        ("{metrics: {type: rato}}", ["E201 1:28"]),
        ("{metrics: {type: [ratio]}}", ["E201 1:28"]),
        ("{metrics: {time: place}}", ["E204 1:28"]),
        ("{metrics: {filter: kind =}}", ["E210 1:35"]),
        ("{metrics: {deprecated: gone}}", ["E221 1:34"]),
        ("{metrics: {synonyms: [x, M, N]}}", ["E222 1:36", "E222 1:39"]),
        ("{dimensions: {type: strin}}", ["E106 1:31"]),
        ("{dimensions: {hidden: maybe}}", ["E106 1:33"]),
        ("{datasets: {joins: {x: {on: kind}}}}", ["E205 1:31"]),
    ],
)
def test_a_mistake_in_a_default_is_said_once_and_there(defaults: str, expected: list[str]) -> None:
    text = f"defaults: {defaults}\n" + DATASETS + COUNTS
    assert places(text) == expected, load(text).diagnostics


def test_an_unknown_dataset_as_a_default_is_said_once() -> None:
    text = "defaults: {metrics: {dataset: activty, agg: count}}\n" + DATASETS + "metrics: {m: , n: , o: }\n"
    assert places(text) == ["E205 1:31"]
    assert "did you mean 'activity'?" in load(text).diagnostics[0].render()


def test_a_default_that_nobody_takes_is_still_checked_for_its_keys() -> None:
    assert places("defaults: {segments: {filtr: x}}\n" + DATASETS) == ["E104 1:23"]


def test_a_mistake_beside_the_defaults_is_the_entrys_own() -> None:
    text = "defaults: {metrics: {owner: o, format: percent}}\n" + DATASETS
    text += "metrics:\n  m: [1]\n  n: 3\n  o: {dataset: activity, agg: count, format: percnt}\n"
    text += "  p: {type: rato, owner: x}\n"
    assert places(text) == ["E106 10:6", "E106 11:6", "E106 12:46", "E201 13:13"]


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ("{period: 5 lightyears}", ["E320 1:30"]),
        ("{perod: 2025}", ["E104 1:22"]),
        ("{owner: [a]}", ["E106 1:29"]),
        ("{schedule: {cron: x}}", ["E601 1:39"]),
        ("{queries: {r: {metrics: [mm]}}}", ["E303 1:46"]),
        ("{to: [excel: {path: '{{ run.dat }}.xlsx'}]}", ["E512 1:41"]),
        ("{to: [excel: {path: a.csv}]}", ["E531 1:41"]),
    ],
)
def test_so_is_one_in_a_default_of_exports(tmp_path: Path, defaults: str, expected: list[str]) -> None:
    given = {"queries": "queries: {q: {metrics: [m]}}", "to": "to: [excel: {path: '{{ export.name }}.xlsx'}]"}
    entry = ", ".join(text for key, text in given.items() if f"{{{key}" not in defaults)
    (tmp_path / "metrics").mkdir()
    text = f"defaults: {{exports: {defaults}}}\n{DATASETS}{COUNTS}exports:\n  e: {{{entry}}}\n  f: {{{entry}}}\n"
    (tmp_path / "metrics" / "a.yml").write_text(text, encoding="utf-8")
    found = [(each.code, each.span) for each in validate_files(tmp_path).mistakes]
    assert [f"{code} {span.line}:{span.column}" for code, span in found if span] == expected, found


def test_two_exports_that_take_one_path_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    text = "defaults: {exports: {queries: {q: {metrics: [m]}}, to: [excel: {path: e.xlsx}]}}\nexports: {e: , f: }\n"
    (tmp_path / "metrics" / "a.yml").write_text(text + DATASETS + COUNTS, encoding="utf-8")
    done = run("validate", "--project", tmp_path)
    assert (done.exit_code, done.stdout.count("E505")) == (1, 1)
    assert "metrics/a.yml:1:71" in done.stdout
