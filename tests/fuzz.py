"""Many random examples through the compiler, an engine and the naive evaluator.

    python -m tests.fuzz --n 2000 --seed 1
    python -m tests.fuzz --n 2000 --seed 1 --engine spark     # or both: the SQL of each dialect is run

prints the seed, the time, how often each part of the language was reached and every disagreement; each one
is made small and written as a case in the shape of tests/cases. `--only 17` runs one example and shows it.
Spark's parser keeps all that it has seen, which fills its memory after some 1,500 examples: run more of them in several
processes, `--first 1000`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from semantic.aggregates import AGGREGATE_NAMES
from semantic.expressions import GRAINS
from semantic.metric_types import METRIC_TYPES
from semantic.vocabulary import VOCABULARY
from tests.judge import ON_DUCKDB, Bench, Verdict, judge
from tests.reference import Answer, Refused, Value, evaluate
from tests.reference.expressions import literal
from tests.shrink import pruned, shrink
from tests.strategies import Example, example_at
from tests.strategies.example import dump
from tests.strategies.features import features
from tests.strategies.looking_back import worth_reaching

FOLDER = Path("build/fuzz")
SHRUNK_PER_FAULT = 5
ENGINES = {"duckdb": ("duckdb",), "spark": ("spark",), "both": ("duckdb", "spark")}
TO_DO = """\
# From a random example. Before this moves to tests/cases: write the oracle as SQL over the tables (here it is
# the evaluator's answer as values), or the names that the refusal must mention.
"""


def main() -> int:
    options = _options()
    benches = [_bench(name) for name in ENGINES[options.engine]]
    began = time.monotonic()
    numbers = [options.only] if options.only is not None else range(options.first, options.first + options.n)
    reached: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for done, number in enumerate(numbers):
        if done and done % 500 == 0:
            print(f"{done} examples in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        example = example_at(options.seed, number)
        reached.update({*features(example), _outcome(example)})
        for bench in benches:
            verdict = judge(example, bench)
            if verdict.fault is not None:
                fault = f"{bench.name} {verdict.fault}"
                faults[fault] += 1
                _report(example, verdict, options, number, bench, small=faults[fault] <= SHRUNK_PER_FAULT)
    _summary(options, reached, faults, time.monotonic() - began)
    return 1 if faults else 0


def _bench(engine: str) -> Bench:
    if engine == "duckdb":
        return ON_DUCKDB
    from tests.spark import local_spark
    from tests.spark.examples import on_spark

    return on_spark(local_spark())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--n", type=int, default=2000, help="how many examples")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first example")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="duckdb", help="where the SQL is run")
    parser.add_argument("--only", type=int, help="the number of a single example to run and show")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where failing cases are written")
    return parser.parse_args()


def _outcome(example: Example) -> str:
    try:
        answer = evaluate(example.model, example.query, example.as_of)
    except Refused:
        return "answer refused"
    return "answer with rows" if answer.rows else "answer without rows"


def _summary(options: argparse.Namespace, reached: Counter[str], faults: Counter[str], took: float) -> None:
    print("reached, in examples:")
    for name, count in sorted(reached.items()):
        print(f"  {count:6d}  {name}")
    print(f"not reached: {', '.join(_unreached(reached)) or 'nothing'}")
    count = options.n if options.only is None else 1
    print(f"seed {options.seed}, on {options.engine}: {count} examples in {took:.1f} s")
    print(f"disagreements: {sum(faults.values())} {dict(faults) or ''}")
    sys.stdout.flush()


def _unreached(reached: Counter[str]) -> list[str]:
    """The functions, aggregates, metric types, joins and grains of the language that no example had.

    An approximate count has no one right answer, and tests of its own.
    """
    joins = ("single", "composite", "validity", "on an expression", "by role", "by via", "over 2 hops")
    wanted = {
        *(f"function {name}" for name in VOCABULARY),
        *(f"agg {name}" for name in (*AGGREGATE_NAMES, "arithmetic") if name != "approx_count_distinct"),
        *(f"metric {kind}" for kind in METRIC_TYPES if kind != "simple"),
        *(f"join {kind}" for kind in joins),
        *(f"word {grain}" for grain in GRAINS),
        *(f"by {kind} at {grain}" for kind in ("timestamp", "timestamptz") for grain in GRAINS),
        *worth_reaching(),
    }
    return sorted(name for name in wanted if not any(f"{found} ".startswith(f"{name} ") for found in reached))


# -- failing examples ----------------------------------------------------------------------------------------


def _report(
    example: Example, verdict: Verdict, options: argparse.Namespace, number: int, bench: Bench, *, small: bool
) -> None:
    print(f"example {number}: {verdict.fault} on {bench.name}", flush=True)
    if small:
        example = smallest(example, verdict, bench)
    name = f"seed_{options.seed}_{number}_{bench.name}_{verdict.fault}"
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{name}.yml"
    path.write_text(as_case(example, name, f"The compiler and the evaluator disagree: {verdict.fault}."), "utf-8")
    print(f"  {path}")
    if options.only is not None:
        print(path.read_text("utf-8"), judge(example, bench).detail, sep="\n")


def smallest(example: Example, verdict: Verdict, bench: Bench = ON_DUCKDB) -> Example:
    """A small example with the same fault; for an error or a refusal, with the same first words."""
    width = {"rows": 0, "order": 0, "columns": 0, "refused": 12}.get(str(verdict.fault), 50)

    def fails(candidate: Example) -> bool:
        try:
            found = judge(candidate, bench)
        except Exception:  # noqa: BLE001 (what is left out was needed: no example any more)
            return False
        return found.fault == verdict.fault and found.detail[:width] == verdict.detail[:width]

    return shrink(example, fails)


def as_case(example: Example, name: str, why: str) -> str:
    """The example in the shape of tests/cases, all but the oracle: that is for a person to write."""
    example = pruned(example)
    tables = {
        name: {"columns": dict(columns), "rows": [[_plain(row[column]) for column in columns] for row in rows]}
        for name, columns, rows in example.tables()
    }
    content = {
        "name": name,
        "why": why,
        "as_of": example.as_of,
        "project": example.project(),
        "model": example.content(),
        "tables": tables,
        "queries": [{"name": "query", "query": _plain(example.query_parts()), **_expectation(example)}],
    }
    return TO_DO + dump(content)


def _expectation(example: Example) -> dict[str, Any]:
    try:
        answer = evaluate(example.model, example.query, example.as_of)
    except Refused:
        return {"refused": {"names": []}}
    rows = [[_plain(value) for value in row] for row in answer.rows]
    return {"expect": {"columns": list(answer.columns), "rows": rows}, "oracle": _oracle(answer)}


def _oracle(answer: Answer) -> str:
    if not answer.rows:
        return f"SELECT {', '.join(['NULL'] * len(answer.columns))} WHERE false"
    return "VALUES " + ", ".join(f"({', '.join(map(_sql, row))})" for row in answer.rows)


def _sql(value: Value) -> str:
    if isinstance(value, datetime) and value.tzinfo:
        return f"timestamptz '{value.isoformat(' ')}'"
    return f"{value!r}::double" if isinstance(value, float) else literal(value)


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
        case None | bool() | int() | float() | str() | datetime() | date():
            return value
    raise TypeError(type(value))


if __name__ == "__main__":
    sys.exit(main())
