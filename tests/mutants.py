"""Plants faults in copies of the compiler, one in each; every one must be found by the judges.

    python -m tests.mutants                  # all of tests/mutants.yml
    python -m tests.mutants --only week      # those with a word in their name
    python -m tests.mutants --engine spark   # judged by the rows that Spark gives, wherever both engines run the fault

A fault is killed by a wrong answer: other rows, or rows where the query must be refused. An error is no answer, and so
no proof that a judge looks at the numbers: a fault that makes errors only is reported as a crash and does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pytest
import yaml

from tests.case_files import Case, Expected, load_cases

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
LIST, CASES = TESTS / "mutants.yml", TESTS / "cases"
PICKLED = "cases.pickle"
LEAST, AT_ONCE, PATIENCE = 25, 2, 300
RANDOM_SEED, RANDOM_EXAMPLES = 1, 300


@dataclass(frozen=True, slots=True)
class Fault:
    """A text that stands exactly once in a file of `semantic`, what to put there `instead`, and what this `breaks`.

    `case` is the file of tests/cases that should notice it, and is asked first; or, where no case can tell, a file of
    tests (`semantic/test_personal.py`), which is then the only judge. What is wrong in the SQL for Databricks alone
    has `engine: spark`, and is judged there. `on_spark` is what becomes of a fault there: a `wrong` answer as on
    DuckDB, an `error`, which is no wrong number, or the `same` answer, because the SQL or the engine has no need of it.
    """

    name: str
    breaks: str
    case: str
    file: str
    text: str
    instead: str
    engine: Literal["duckdb", "spark", "cases on spark"] = "duckdb"
    on_spark: Literal["wrong", "error", "same"] = "wrong"

    @property
    def judges(self) -> str:
        """Who judges: a file of tests, or the judges of an engine."""
        return self.tests or self.engine

    @property
    def tests(self) -> str:
        """The file of tests that judges alone, if there is one."""
        return self.case if self.case.endswith(".py") else ""

    @property
    def is_common(self) -> bool:
        """Whether both engines give something else, and a case judges it."""
        return self.judges == "duckdb" and self.file != "dialects/duckdb.py" and self.on_spark != "same"


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a judge disagrees, and whether it was given a wrong answer or none."""

    where: str
    wrong: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a fault: 'killed', 'crash' or 'survived'; by which case, and why."""

    outcome: str
    by: str
    detail: str
    seconds: float = 0.0


@dataclass(slots=True)
class Watcher:
    """A plugin of pytest that notes what fails, and whether by an answer or by an error."""

    found: list[Finding] = field(default_factory=list)

    def pytest_exception_interact(
        self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object], report: pytest.TestReport
    ) -> None:
        """Note a failure; pytest calls this."""
        value = call.excinfo.value if call.excinfo else None
        wrong = isinstance(value, AssertionError | pytest.fail.Exception) and report.when == "call"
        self.found.append(Finding(node.nodeid.removeprefix("tests/"), wrong, f"{type(value).__name__}: {value}"))


class FaultError(ValueError):
    """A fault that cannot be planted: the compiler has changed, or the list is wrong."""


# --- the list ------------------------------------------------------------------------------------------


def load_faults() -> tuple[Fault, ...]:
    """All faults. Raises FaultError with everything that is wrong with the list."""
    faults = tuple(Fault(**entry) for entry in yaml.safe_load(LIST.read_text(encoding="utf-8")))
    names = Counter(fault.name for fault in faults)
    problems = [f"'{name}' stands {count} times" for name, count in names.items() if count > 1]
    if len(faults) < LEAST:
        problems.append(f"{len(faults)} faults; at least {LEAST} are wanted")
    for fault in faults:
        if not ((TESTS / fault.case).is_file() or (CASES / f"{fault.case}.yml").exists()):
            problems.append(f"'{fault.name}': there are no cases '{fault.case}'")
        try:
            compile(mutated(fault), fault.file, "exec")
        except (FaultError, SyntaxError) as error:
            problems.append(f"'{fault.name}': {error}")
    if problems:
        raise FaultError("\n".join(problems))
    return faults


def mutated(fault: Fault) -> str:
    """The text of the fault's file with the fault in it."""
    source = (ROOT / "semantic" / fault.file).read_text(encoding="utf-8")
    count = source.count(fault.text)
    if count != 1:
        raise FaultError(f"semantic/{fault.file} must hold this text once, and holds it {count} times: {fault.text}")
    return source.replace(fault.text, fault.instead)


# --- the judges ----------------------------------------------------------------------------------------


def by_cases(folder: Path) -> Iterator[Finding]:
    """The hand-made cases, in the order in which the runner put them there: reading them takes longer than judging."""
    from tests.cases import check_compiled

    for case in pickle.loads((folder / PICKLED).read_bytes()):
        try:
            problems = check_compiled(case)
        except Exception as error:  # noqa: BLE001 (a crash is what this tells apart)
            problems = [f"{type(error).__name__}: {error}"]
        for problem in problems[:1]:
            yield Finding(case.id, problem.startswith(("compiled gives", "not refused")), problem)


def by_random_examples(_: Path) -> Iterator[Finding]:
    """Random examples, the same in every run, against the naive evaluator."""
    from tests.judge import judge
    from tests.strategies import example_at

    for number in range(RANDOM_EXAMPLES):
        verdict = judge(example_at(RANDOM_SEED, number))
        if verdict.fault is not None:
            wrong = verdict.fault in ("rows", "order", "columns", "accepted")
            yield Finding(f"random {RANDOM_SEED}:{number}", wrong, f"{verdict.fault}: {verdict.detail}")


def by_spark(folder: Path) -> Iterator[Finding]:
    """The cases of the file that comes first, every function over odd values, then the other cases, on Spark."""
    from tests.spark import local_spark, vocabulary

    cases = pickle.loads((folder / PICKLED).read_bytes())
    first = [case for case in cases if case.id.split("::")[0] == cases[0].id.split("::")[0]]
    yield from _cases_on_spark(first)
    for text in vocabulary.expressions():
        for problem in vocabulary.differences((text,), local_spark()):
            yield Finding(f"vocabulary {text}", True, problem)
    yield from _cases_on_spark(cases[len(first) :])


def by_cases_on_spark(folder: Path) -> Iterator[Finding]:
    """The hand-made cases on Spark; what must be refused is asked of no engine."""
    from tests.cases import check_compiled

    for case in pickle.loads((folder / PICKLED).read_bytes()):
        if isinstance(case.outcome, Expected):
            yield from _cases_on_spark([case])
        else:
            yield from (Finding(case.id, True, text) for text in check_compiled(case) if text.startswith("not refused"))


def _cases_on_spark(cases: list[Case]) -> Iterator[Finding]:
    from tests.spark import local_spark
    from tests.spark.cases import check_on_spark

    for case in cases:
        try:
            problems = check_on_spark(case, local_spark())
        except Exception as error:  # noqa: BLE001 (a crash is what this tells apart)
            problems = [f"{type(error).__name__}: {error}"]
        for problem in problems[:1]:
            yield Finding(f"{case.id} on Spark", problem.startswith("Spark gives"), problem)


def by_tests(file: str) -> Iterator[Finding]:
    """A file of tests, up to the first failure."""
    watcher = Watcher()
    with contextlib.redirect_stdout(sys.stderr):
        pytest.main(["-x", "-q", "-p", "no:cacheprovider", str(TESTS / file)], plugins=[watcher])
    yield from watcher.found


Judge = Callable[[Path], Iterator[Finding]]
JUDGES: dict[str, tuple[Judge, ...]] = {
    "duckdb": (by_cases, by_random_examples),
    "spark": (by_spark,),
    "cases on spark": (by_cases_on_spark,),
}


def judge_all(folder: Path, judges: str) -> Verdict:
    """The first wrong answer that any judge finds, else the first error. Judges are an engine's or a file of tests."""
    crash: Finding | None = None
    for findings in (judge(folder) for judge in JUDGES[judges]) if judges in JUDGES else [by_tests(judges)]:
        for finding in findings:
            if finding.wrong:
                return Verdict("killed", finding.where, finding.detail)
            crash = crash or finding
    return Verdict("crash", crash.where, crash.detail) if crash else Verdict("survived", "", "")


# --- running -------------------------------------------------------------------------------------------


def run(fault: Fault | None, judges: str = "duckdb") -> Verdict:
    """Judge a copy of the compiler with a fault, or without one, in a process of its own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        shutil.copytree(ROOT / "semantic", Path(folder, "semantic"), ignore=shutil.ignore_patterns("__pycache__"))
        if fault is not None:
            Path(folder, "semantic", fault.file).write_text(mutated(fault), encoding="utf-8")
        first = f"{fault.case}::" if fault is not None else ""
        cases = sorted(load_cases(), key=lambda case: not case.id.startswith(first))
        Path(folder, PICKLED).write_bytes(pickle.dumps(cases))
        outcome, by, detail = _judged_in(folder, fault.judges if fault is not None else judges)
    return Verdict(outcome, by, detail, time.monotonic() - began)


def _judged_in(folder: str, judges: str) -> tuple[str, str, str]:
    path = os.pathsep.join((folder, str(ROOT)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-m", "tests.mutants", "--judge", folder, "--by", judges]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return "crash", "", f"no verdict after {PATIENCE} s"
    if done.returncode != 0:
        return "crash", "", done.stderr
    outcome, by, detail = json.loads(done.stdout.splitlines()[-1])
    return outcome, by, detail


def _judge(folder: Path, judges: str) -> int:
    import semantic

    if Path(semantic.__file__).parent.parent != folder:
        print(f"not the copy is judged, but {semantic.__file__}", file=sys.stderr)
        return 1
    verdict = judge_all(folder, judges)
    print(json.dumps([verdict.outcome, verdict.by, verdict.detail]))
    return 0


# --- the table -----------------------------------------------------------------------------------------


def main() -> int:
    """The exit code: 0 when every fault is killed, 1 when one is not, 2 when the list or the compiler is wrong."""
    options = _options()
    if options.judge:
        return _judge(options.judge, options.by)
    try:
        faults = [fault for fault in load_faults() if options.only in fault.name]
        if options.engine == "spark":
            faults = [replace(fault, engine="cases on spark") for fault in faults if fault.is_common]
    except FaultError as error:
        print(f"tests/mutants.yml does not fit semantic/ any more:\n{error}")
        return 2
    if not faults:
        print(f"no fault has '{options.only}' in its name")
        return 2
    baselines = [run(None, judges) for judges in sorted({fault.judges for fault in faults})]
    for baseline in baselines:
        if baseline.outcome != "survived":
            print(f"the judges disagree with the compiler as it is: {baseline.by}\n{baseline.detail}")
            return 2
    return _report(faults, sum(baseline.seconds for baseline in baselines), verbose=bool(options.only))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--only", default="", metavar="WORD", help="the faults with this in their name, with details")
    parser.add_argument("--engine", choices=("spark",), help="judge there what is otherwise judged on DuckDB")
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="judge a copy; the runner calls this")
    parser.add_argument("--by", default="duckdb", metavar="WHOM", help="the judges of an engine, or a file of tests")
    return parser.parse_args()


def _report(faults: list[Fault], baseline: float, verbose: bool) -> int:
    began, found = time.monotonic(), Counter[str]()
    names, breaks = (max(len(getattr(fault, part)) for fault in faults) for part in ("name", "breaks"))
    print(f"{'fault':{names}}  {'breaks':{breaks}}  seconds  killed by", flush=True)
    print(f"{'(none)':{names}}  {'':{breaks}}  {baseline:7.1f}", flush=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for fault, verdict in zip(faults, pool.map(run, faults), strict=True):
            refused = verdict.outcome == "crash" and fault.engine == "cases on spark" and fault.on_spark == "error"
            outcome = "killed" if refused else verdict.outcome
            found[outcome] += 1
            how = "an error: " if refused else "" if outcome == "killed" else f"{outcome.upper()} "
            print(
                f"{fault.name:{names}}  {fault.breaks:{breaks}}  {verdict.seconds:7.1f}  {how}{verdict.by}", flush=True
            )
            if verbose or outcome == "crash":
                print(verdict.detail)
    lost = len(faults) - found["killed"]
    rest = f", {found['survived']} survived, {found['crash']} crashed" if lost else ""
    print(f"{found['killed']} of {len(faults)} faults killed{rest}; {time.monotonic() - began:.0f} s")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
