"""Random queries, most of which the model can answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.reference import Dataset, Dimension, Expr, Model, Per, Query, Rank, Ratio, Share, Simple
from tests.reference.evaluate import Run, clockwork
from tests.reference.model import PARTS, WORDS, Refused
from tests.reference.times import Clockwork
from tests.strategies import phrases
from tests.strategies.metrics import is_fragile, is_numeric
from tests.strategies.over import OVER, closure, is_framed, leaves
from tests.strategies.phrases import Named, lit
from tests.strategies.reach import bare, qualified, reaches
from tests.strategies.world import DAY, PROJECT_ZONES, World

TOO_MANY_DAYS = 70


@dataclass(frozen=True, slots=True)
class Choice:
    """The metrics of a query and what they have in common."""

    world: World
    model: Model
    metrics: tuple[str, ...]

    @property
    def leaves(self) -> list[Simple]:
        return list(leaves(self.model, self.metrics))

    @property
    def datasets(self) -> list[Dataset]:
        return [self.model.datasets[leaf.dataset] for leaf in self.leaves]

    @property
    def clocks(self) -> list[Dimension | None]:
        """Each metric's own clock; None where there is none."""
        found = []
        for leaf, dataset in zip(self.leaves, self.datasets, strict=True):
            clock = leaf.time or dataset.time
            found.append(dataset.dimension(clock) if clock else None)
        return found

    @property
    def framed(self) -> bool:
        return any(is_framed(metric) for metric in closure(self.model, self.metrics))

    def timed(self) -> bool:
        return None not in self.clocks

    def counts_days(self) -> bool:
        return any(clock is None or clock.type == "date" for clock in self.clocks)

    def shared(self) -> list[Named]:
        """The dimensions that all metrics either reach or ignore."""
        return [named for name, named in qualified(self.model).items() if self._answers(name)]

    def segments(self) -> list[Named]:
        """The segments that can filter all metrics."""
        return [Named(name, "segment") for name in self.model.segments if self._answers(where=("segment", name))]

    def _answers(self, *by: str, where: Expr | None = None) -> bool:
        clock = Clockwork(
            ZoneInfo(self.world.zone), self.world.week_start, self.world.anchors[0], self.world.fiscal_year_start
        )
        try:
            Run(self.model, Query(self.metrics, by, where), clock).check()
        except Refused:
            return False
        return True


def ignores(model: Model, metrics: Iterable[str]) -> Iterable[str]:
    """The dimensions that something says about itself: those that it ignores, or keeps in the whole."""
    for metric in closure(model, metrics):
        if isinstance(metric, Ratio):
            yield from (*metric.numerator.ignore, *metric.denominator.ignore)
        if isinstance(metric, Share | Rank):
            yield from metric.within
        if isinstance(metric, Per) and metric.entity:
            yield metric.entity


def query(world: World, model: Model, as_of: datetime) -> Query:
    if world.chance(0.05):
        return _combinations(world, model)
    for _ in range(TRIALS):
        drawn = _drawn(world, model, as_of)
        if world.chance(0.1) or _is_answered(model, drawn, as_of):
            break
    return _spoilt(world, drawn) if world.chance(0.06) else drawn


TRIALS = 8


def _is_answered(model: Model, query: Query, as_of: datetime) -> bool:
    try:
        Run(model, query, clockwork(model, query, as_of)).check()
    except Refused:
        return False
    return True


def _asked(world: World, model: Model) -> tuple[str, ...]:
    """Mostly with a metric over another one."""
    liked = [name for name in model.metrics if any(isinstance(each, OVER) for each in closure(model, [name]))]
    first = world.some(liked if liked and world.chance(0.75) else list(model.metrics), 1, 2)
    rest = world.some([name for name in model.metrics if name not in first], 0, 1)
    return tuple(world.some([*first, *rest], 3, 3))


def _drawn(world: World, model: Model, as_of: datetime) -> Query:
    names = _asked(world, model)
    choice = Choice(world, model, names)
    period = _period(world, as_of) if choice.timed() and world.chance(0.65 if choice.framed else 0.45) else None
    by, fill = _by(choice, period)
    return Query(
        names,
        by,
        where=_where(choice) if world.chance(0.35) else None,
        having=_having(choice) if world.chance(0.15) else None,
        period=period,
        order=_order(world, (*by, *(name for name in names if not is_fragile(model, name)))),
        limit=world.maybe(0.15, world.rng.randint(0, 4)),
        totals=world.chance(0.25),
        fill=fill,
        time_zone=_zone(choice, by, period),
    )


def _combinations(world: World, model: Model) -> Query:
    """Without metrics: dimensions of one dataset and what it looks up."""
    root = world.pick(list(model.datasets.values()))
    names = [name for name in qualified(model) if reaches(model, root, name)]
    by = tuple(world.some(names, 1, 3))
    return Query((), by, order=_order(world, by), limit=world.maybe(0.2, 2))


# -- by ------------------------------------------------------------------------------------------------------


def _by(choice: Choice, period: str | None) -> tuple[tuple[str, ...], bool]:
    """The dimensions and time words, and whether gaps are filled."""
    world = choice.world
    dimensions = [_grained(choice, named) for named in _preferred(choice)]
    words: list[str] = []
    if world.chance(0.7 if choice.framed else 0.55) and (choice.timed() or world.chance(0.05)):
        words = _words(choice)
    if period and choice.framed:  # a day has too many of them for a naive evaluator
        words = ["hour" if word in ("second", "minute") else word for word in words]
    fill = world.chance(0.8) and not _too_many(choice, words, period)
    by = [*words, *dimensions]
    world.rng.shuffle(by)
    return tuple(name if _is_taken(choice, name) else bare(world, choice.model, name) for name in by), fill


def _preferred(choice: Choice) -> list[Named]:
    """Rather few dimensions, rather those that some metric ignores, computed and looked-up ones."""
    world, shared = choice.world, choice.shared()
    ignored = set(ignores(choice.model, choice.metrics))
    liked = [named for named in shared if named.name in ignored]
    if not liked or world.chance(0.3):
        favourites = AGES if world.chance(0.6) else LIKED
        liked = [named for named in shared if named.name.split(".")[1] in favourites]
    pool = liked if liked and world.chance(0.65) else shared
    return world.some(pool, *world.pick(((0, 0), (1, 1), (1, 2), (2, 3))))


AGES = frozenset({"age", "age_group", "elapsed"})
LIKED = frozenset({"band", "word", "number", "starting", "label", *AGES})


def _grained(choice: Choice, named: Named) -> str:
    """A time dimension is mostly asked for at a grain."""
    if named.kind not in ("date", "timestamp") or choice.world.chance(0.3):
        return named.name
    grains = (*WORDS, *PARTS) if named.kind == "timestamp" else (*WORDS[3:], *PARTS[1:])
    return f"{named.name}.{choice.world.pick(grains)}"


def _words(choice: Choice) -> list[str]:
    world = choice.world
    coarse = list(WORDS[3:])
    if world.narrow and world.chance(0.75) and not choice.counts_days():
        one = world.pick(("hour", "hour", "hour", "minute", "second")) if world.tiny or not choice.framed else "hour"
        return (
            [one]
            if one != "hour" or world.chance(0.7) or choice.framed
            else [one, world.pick(("day", "week", "month"))]
        )
    return world.some(coarse, 1, 1) if world.chance(0.97 if choice.framed else 0.75) else world.some(coarse, 2, 3)


def _too_many(choice: Choice, words: Sequence[str], period: str | None) -> bool:
    """Whether filling would make more rows than a naive evaluator should be asked for."""
    if "second" in words:
        return True
    if "minute" in words:
        return not (choice.world.narrow and (period is None or len(period) == len("2024-03-31")))
    if "hour" in words:
        return period is not None and len(period) < len("2024-03-31")
    return "day" in words and not choice.world.narrow and period is None and choice.world.chance(0.7)


def _is_taken(choice: Choice, name: str) -> bool:
    """Whether a column of the answer has the bare name already."""
    return name.rsplit(".", maxsplit=1)[-1] in choice.metrics


# -- conditions ----------------------------------------------------------------------------------------------


def _where(choice: Choice) -> Expr | None:
    world = choice.world
    everywhere = [
        replace(named, name=bare(world, choice.model, named.name))
        for named in choice.shared()
        if all(reaches(choice.model, dataset, named.name) for dataset in choice.datasets)
    ]
    if choice.timed() and world.chance(0.35):
        everywhere = [Named(word, "date") for word in WORDS[3:]] + [Named(part, "integer") for part in PARTS[1:]]
        if not choice.counts_days():
            everywhere.append(Named("hour", "timestamp"))
    if (segments := choice.segments()) and world.chance(0.6):
        everywhere = [*segments, *world.some(everywhere, 0, 2)]
    return phrases.condition(world, everywhere) if everywhere else None


def _having(choice: Choice) -> Expr:
    world = choice.world
    numbers = [name for name in choice.metrics if _numeric(choice.model, name)]
    if not numbers:
        return (world.pick(("is null", "is not null")), ("name", choice.metrics[0]))
    one: Expr = ("name", world.pick(numbers))
    bound = lit(world.rng.randint(0, 4))
    options: tuple[Expr, ...] = (
        (world.pick(phrases.COMPARISONS), one, bound),
        ("or", ("is null", one), (">", one, bound)),
        ("and", ("is not null", one), ("<=", ("abs", one), bound)),
        (">", ("coalesce", one, lit(1)), lit(0)),
        ("not", ("between", one, lit(0), bound)),
    )
    return world.pick(options)


def _numeric(model: Model, name: str) -> bool:
    """Whether a metric can be compared with a number, and by both judges alike."""
    return is_numeric(model.metrics[name], model) and not is_fragile(model, name)


# -- the rest ------------------------------------------------------------------------------------------------


def _period(world: World, as_of: datetime) -> str:
    day = world.day()
    week = day.isocalendar()
    month = day.strftime("%Y-%m")
    absolute = [str(day.year), f"{day.year}-Q{(day.month + 2) // 3}", month, month, day.isoformat()]
    if world.week_start == "monday":  # which week W07 is elsewhere is left open by the language
        absolute.append(f"{week.year}-W{week.week:02}")
    until = (day + DAY * world.rng.randint(0, 40)).isoformat()
    absolute += [f"FY{day.year}", f"FY{day.year}-Q{day.day % 4 + 1}"] if world.chance(0.3) else []
    unit = world.pick(WORDS[3:])
    relative = [f"last {world.rng.randint(2, 4)} {unit}s", f"last 1 {unit}", "last 9 days", "yesterday", "today"]
    relative.append(f"this {world.pick(WORDS[4:])}")
    ranges = [f"{day.isoformat()}..{until}", f"{month}..{until[:7]}", f"{month}..{until}"]
    if world.narrow:
        return world.pick((day.isoformat(), f"{day.isoformat()}..{(day + DAY).isoformat()}", "yesterday", "today"))
    return world.pick(world.pick((absolute, relative, ranges)))


def _order(world: World, asked: Sequence[str]) -> tuple[str, ...]:
    if not asked or world.chance(0.6):
        return ()
    return tuple(f"{name}{world.pick(('', ' desc', ' desc', ' asc'))}" for name in world.some(asked, 1, 2))


def _zone(choice: Choice, by: Sequence[str], period: str | None) -> str | None:
    """Another zone, mostly where no business days are in play."""
    model = choice.model
    days = any(clock is not None and clock.type == "date" for clock in choice.clocks)
    if not choice.world.chance(0.12) or (days and choice.world.chance(0.9)):
        return None
    if any(_valid_by_day(model, dataset) for dataset in model.datasets.values()):
        return None
    return choice.world.pick((*PROJECT_ZONES, "Africa/Cairo", model.time_zone))


def _valid_by_day(model: Model, dataset: Dataset) -> bool:
    """Whether a history is kept in business days: what they are in another zone is left open."""
    return dataset.validity is not None and dataset.validity_dimension(dataset.validity[0]).type == "date"


def _spoilt(world: World, query: Query) -> Query:
    """A query that is to be refused, most of the time."""
    options = (
        replace(query, by=(*query.by, "nothing.here")),
        replace(query, metrics=(*query.metrics, "nothing")),
        replace(query, order=("nothing",)),
        replace(query, period=world.pick(("2024-13", "2023-W53", "2023-02-29", "2024-05..2024-03", "sometime"))),
        replace(query, having=(">", ("name", "nothing"), lit(1))),
        replace(query, time_zone="Mars/Olympus"),
        replace(query, by=("happened_at",)),
        replace(query, by=("grown",)),
        replace(query, by=("users.born.hour",)),
        replace(query, by=("hour",), fill=False),
        replace(query, by=("users.label", "segments.label", "regions.label")),
        replace(query, where=("=", ("name", "place.label"), lit("a"))),
    )
    return world.pick(options)


def as_of(world: World) -> datetime:
    """Mostly after the data; sometimes in its midst, at midnight, or before."""
    last = max(world.anchors)
    if world.close and world.chance(0.5):
        return last + timedelta(minutes=world.rng.randint(-60 * 24 * 25, 60 * 24 * 25))
    match world.rng.randrange(5):
        case 0:
            return world.instant()
        case 1:
            day = world.day()
            midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(world.zone))
            return midnight.astimezone(UTC) + DAY * world.rng.randint(0, 30)
        case 2:
            return last + timedelta(minutes=world.rng.randint(0, 60 * 24 * 40))
    return last + DAY * (3 if world.narrow else 400)
