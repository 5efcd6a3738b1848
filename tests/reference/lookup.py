"""From a name to the dimension it means for one dataset, and from a row to the value of that dimension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.reference.expressions import evaluate, names, replaced, within
from tests.reference.model import (
    BELOW_DAY,
    TIME_TYPES,
    Bins,
    Dataset,
    Dimension,
    Expr,
    Join,
    Model,
    Refused,
    Row,
    Value,
)
from tests.reference.times import Clockwork, Moment, moment_of, wall_start

Path = tuple[Join, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A time word: the metric's own time at this grain, or this part of it."""

    grain: str


@dataclass(frozen=True, slots=True)
class Field:
    """A dimension at the end of a path of joins, at a grain, or a part, if it is a time dimension asked for at one."""

    path: Path
    owner: Dataset
    dimension: Dimension
    grain: str | None = None


Reference = Word | Field


@dataclass(frozen=True, slots=True)
class Subject:
    """A row of a dataset, and the time of the metric that looks at it."""

    dataset: Dataset
    row: Row
    at: Moment | None = None


# -- names ---------------------------------------------------------------------------------------------------


def canonical(model: Model, name: str) -> str:
    """A bare name with the dataset it belongs to; other names and time words as they are."""
    if model.is_word(name) or model.is_part(name) or "." in name:
        return name
    owners = [dataset.name for dataset in model.datasets.values() if dataset.dimension(name)]
    if len(owners) != 1:
        raise Refused(f"{name} is a dimension of {owners or 'no dataset'}")
    return f"{owners[0]}.{name}"


class Ambiguous(Refused):
    """Several paths lead there."""


def resolve(model: Model, root: Dataset, name: str) -> Reference:
    """What a name of a query means for metrics of one dataset."""
    if model.is_word(name) or model.is_part(name):
        return Word(name)
    qualifier, dimension, *grain = canonical(model, name).split(".")
    path = path_to(model, root, qualifier)
    owner = model.datasets[path[-1].dataset] if path else root
    if grain and not (model.is_word(grain[0]) or model.is_part(grain[0])):
        raise Refused(f"{name} has no grain {grain[0]}")
    return _field(path, owner, dimension, grain[0] if grain else None)


def _field(path: Path, owner: Dataset, name: str, grain: str | None) -> Field:
    dimension = owner.dimension(name)
    if dimension is None:
        raise Refused(f"no dimension {name} in {owner.name}")
    if grain is not None and dimension.type not in TIME_TYPES:
        raise Refused(f"{name} has no grain {grain}")
    if has_hours(grain) and dimension.type == "date":
        raise Refused(f"{grain} of the date {name}")
    return Field(path, owner, dimension, grain)


def has_hours(grain: str | None) -> bool:
    """Whether a grain or a part is one that business days do not have."""
    return grain in BELOW_DAY or grain == "hour_of_day"


def path_to(model: Model, root: Dataset, qualifier: str) -> Path:
    """The one path a qualifier means: own, by `via`, by the last join's name, by the dataset's name."""
    if qualifier == root.name:
        return ()
    if qualifier in root.via:
        return _dotted_path(model, root, root.via[qualifier])
    found = list(_paths(model, root, ()))
    paths = [path for path in found if path[-1].name == qualifier]
    paths = paths or [path for path in found if path[-1].dataset == qualifier]
    if not paths:
        raise Refused(f"no path leads from {root.name} to {qualifier}")
    if len(paths) > 1:
        raise Ambiguous(f"{len(paths)} paths lead from {root.name} to {qualifier}")
    return paths[0]


def _paths(model: Model, dataset: Dataset, taken: Path) -> Iterator[Path]:
    """Every chain of joins that uses no join twice."""
    for join in dataset.joins:
        if join not in taken:
            path = (*taken, join)
            yield path
            yield from _paths(model, model.datasets[join.dataset], path)


def _dotted_path(model: Model, root: Dataset, dotted: str) -> Path:
    path: Path = ()
    dataset = root
    for name in dotted.split("."):
        path = (*path, dataset.join(name))
        dataset = model.datasets[path[-1].dataset]
    return path


def segment(model: Model, name: object) -> Expr:
    """The condition that a segment stands for."""
    if name not in model.segments:
        raise Refused(f"no segment {name}")
    return model.segments[str(name)]


def names_in_segments(model: Model, expr: Expr) -> Iterator[str]:
    """The names in the segments of an expression, and in theirs; they mean what they mean in `where`."""
    for part in within(expr, "segment"):
        condition = segment(model, part[1])
        yield from names(condition)
        yield from names_in_segments(model, condition)


def uses_at(dimension: Dimension) -> bool:
    return dimension.expr is not None and "at" in names(dimension.expr)


# -- values --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads dimension values of rows, for one query."""

    model: Model
    clock: Clockwork

    def group_value(self, subject: Subject, reference: Reference) -> Value:
        """The value as grouped and shown: instants for timestamps, the period's start at a grain."""
        match reference:
            case Word(grain):
                return self.clock.value(subject.at, grain)
            case Field(dimension=dimension, grain=grain):
                value = self._raw(subject, reference)
                if dimension.type not in TIME_TYPES:
                    return value
                moment = moment_of(value, dimension)
                return self.clock.value(moment, grain) if grain else moment

    def condition_value(self, subject: Subject, reference: Reference) -> Value:
        """The value as conditions see it: times are on the wall of the business."""
        if isinstance(reference, Word) and reference.grain in BELOW_DAY and subject.at is not None:
            wall = self.clock.wall(subject.at)
            assert isinstance(wall, datetime)
            return wall_start(wall, reference.grain)
        value = self.group_value(subject, reference)
        if reference.grain and self.model.is_part(reference.grain):
            return value
        is_time = isinstance(reference, Word) or reference.dimension.type in TIME_TYPES
        return self.clock.wall(value) if is_time and value is not None else value  # type: ignore[arg-type]

    def clock_of(self, dataset: Dataset, row: Row, name: str) -> Moment | None:
        """The row's time on one of its dataset's clocks."""
        dimension = dataset.dimension(name)
        if dimension is None or dimension.type not in TIME_TYPES:
            raise Refused(f"{name} is not a time dimension of {dataset.name}")
        return moment_of(self._expression(Subject(dataset, row), row, dimension), dimension)

    def condition(self, subject: Subject, expr: Expr) -> Value:
        """A query's condition or value on a row."""
        dataset, settled = subject.dataset, self._settled(subject, expr)
        return evaluate(settled, lambda n: self.condition_value(subject, resolve(self.model, dataset, n)))

    def own(self, subject: Subject, expr: Expr) -> Value:
        """A metric's `expr` or `filter` on a row: own dimensions, then columns, then `join.dimension`."""

        def value_of(name: str) -> Value:
            reference = resolve_own(self.model, subject.dataset, name)
            return subject.row[name] if reference is None else self.condition_value(subject, reference)

        return evaluate(self._settled(subject, expr), value_of)

    def _settled(self, subject: Subject, expr: Expr) -> Expr:
        """The expression with what is true of the row in place of each segment."""
        return replaced(expr, "segment", lambda part: self.condition(subject, segment(self.model, part[1])))

    def _raw(self, subject: Subject, field: Field) -> Value:
        """A dimension's value as its column or expression gives it; NULL where the path finds no row."""
        dataset, row = subject.dataset, subject.row
        for join in field.path:
            partner = self._partner(dataset, row, join)
            if partner is None:
                return None
            dataset, row = self.model.datasets[join.dataset], partner
        return self._expression(subject, row, field.dimension)

    def _expression(self, subject: Subject, row: Row, dimension: Dimension) -> Value:
        if dimension.expr is None:
            value = row[dimension.name]
        else:
            reserved = {"at": None if subject.at is None else self.clock.wall(subject.at)}
            known: dict[str, Value] = {**row, **reserved, "as_of": self.clock.now}
            value = evaluate(dimension.expr, lambda name: known[name])
        return value if dimension.bins is None else _bin(value, dimension.bins)

    def _partner(self, dataset: Dataset, row: Row, join: Join) -> Row | None:
        """The one row a join finds; None for a NULL in the key, an orphan, or a gap in the validity."""
        target = self.model.datasets[join.dataset]
        key = target.primary_key
        if join.as_of is not None:
            assert target.validity is not None
            key = tuple(column for column in key if column != target.validity[0])
        wanted = [row[part] if isinstance(part, str) else evaluate(part, row.__getitem__) for part in join.on]
        if None in wanted:
            return None
        partners = [each for each in target.rows if [each[column] for column in key] == wanted]
        if join.as_of is not None:
            moment = self.clock_of(dataset, row, join.as_of)
            partners = [each for each in partners if self._is_valid(target, each, moment)]
        assert len(partners) <= 1, f"{join.name} finds several rows: the data breaks the key of {target.name}"
        return partners[0] if partners else None

    def _is_valid(self, target: Dataset, row: Row, moment: Moment | None) -> bool:
        assert target.validity is not None
        start, end = (moment_of(row[column], target.validity_dimension(column)) for column in target.validity)
        if moment is None or start is None:
            return False
        return not self._before(moment, start) and (end is None or self._before(moment, end))

    def _before(self, a: Moment, b: Moment) -> bool:
        """Instants compare as instants; as soon as one is a business day, both as business days."""
        if type(a) is type(b):
            return a < b
        return self.clock.day(a) < self.clock.day(b)


def resolve_own(model: Model, dataset: Dataset, name: str) -> Reference | None:
    """What a name in a metric's `expr` or `filter` means; None for a plain column."""
    if "." in name:
        return resolve(model, dataset, name)
    dimension = dataset.dimension(name)
    if dimension is None and name not in dataset.columns:
        raise Refused(f"{name} is neither a dimension nor a column of {dataset.name}")
    return Field((), dataset, dimension) if dimension else None


def _bin(value: Value, bins: Bins) -> Value:
    if value is None:
        return None
    assert not isinstance(value, str | Moment)
    return bins.label(sum(value >= edge for edge in bins.edges))
