"""Random datasets: facts, the things they look up, histories; their rows, keys, clocks and dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference import Bins, Dataset, Dimension, Expr, Join, Value
from tests.strategies import phrases
from tests.strategies.keys import disguise
from tests.strategies.orders import with_orders
from tests.strategies.phrases import Named
from tests.strategies.world import World

KINDS = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DECIMAL(12,2)": "decimal",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "date",
}
TYPES = {"text": "string", "integer": "integer", "decimal": "number", "double": "number", "boolean": "boolean"}
# What a column may hold: its SQL type and its values.
PLAIN: dict[str, tuple[str, Callable[[World], Value]]] = {
    "kind": ("VARCHAR", World.text),
    "channel": ("VARCHAR", World.text),
    "label": ("VARCHAR", World.text),
    "type": ("VARCHAR", World.text),
    "Tier": ("VARCHAR", World.text),
    "value": ("BIGINT", World.integer),
    "points": ("BIGINT", World.integer),
    "units": ("INTEGER", World.integer),
    "counter": ("BIGINT", World.large),
    "amount": ("DECIMAL(12,2)", World.money),
    "weight": ("DOUBLE", World.double),
    "flag": ("BOOLEAN", World.boolean),
    "due": ("DATE", World.day),
}


@dataclass(slots=True)
class Draft:
    """A dataset while its columns are being added."""

    world: World
    name: str
    columns: dict[str, str] = field(default_factory=dict)
    makers: dict[str, Callable[[], Value]] = field(default_factory=dict)
    dimensions: list[Dimension] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    time: str | None = None

    def column(self, name: str, kind: str, make: Callable[[], Value], nulls: float = 0.15) -> None:
        self.columns[name] = kind
        self.makers[name] = lambda: None if self.world.chance(nulls) else make()

    def plain(self, names: Sequence[str]) -> None:
        """Columns of the common stock, most of them declared as dimensions."""
        for name in names:
            kind, make = PLAIN[name]
            self.column(name, kind, lambda make=make: make(self.world))  # type: ignore[misc]
            if self.world.chance(0.8):
                declared = TYPES.get(KINDS[kind], "date")
                self.dimensions.append(Dimension(name, declared))

    def clock(self, name: str, *, listed_as_time: bool = True) -> str:
        """A column with times; gives its dimension's name. Only what `time` lists can go undeclared."""
        world = self.world
        type_ = world.pick(("timestamp", "timestamp", "timestamptz", *(() if world.narrow else ("date",))))
        zone = world.pick(("UTC", "UTC" if world.narrow else world.zone, "Europe/Berlin", "America/New_York"))
        if type_ == "date":
            self.column(name, "DATE", world.day, 0.1)
        elif type_ == "timestamptz":
            self.column(name, "TIMESTAMPTZ", world.instant, 0.1)
        else:
            self.column(name, "TIMESTAMP", lambda: world.wall(zone), 0.1)
        declared = not listed_as_time or type_ != "timestamp" or zone != "UTC" or world.chance(0.7)
        renamed = declared and world.chance(0.2)
        if declared:
            shown = f"{name}_time" if renamed else name
            expr: Expr | None = ("name", name) if renamed else None
            if renamed and type_ == "timestamp" and world.chance(0.4):
                type_, expr = "date", ("cast", ("name", name), "date")
            self.dimensions.append(Dimension(shown, type_, expr, zone if type_ == "timestamp" else "UTC"))
        return f"{name}_time" if renamed else name

    def rows(self, keys: Sequence[dict[str, Value]]) -> tuple[dict[str, Value], ...]:
        return tuple({**{name: make() for name, make in self.makers.items()}, **key} for key in keys)

    def dataset(self, primary_key: tuple[str, ...], keys: Sequence[dict[str, Value]], **more: Any) -> Dataset:
        """The dataset, with some computed dimensions added."""
        rows = self.rows(keys)
        dataset = Dataset(
            self.name,
            dict(self.columns),
            rows,
            primary_key,
            self.time,
            tuple(self.joins),
            (*self.dimensions, *self._computed()),
            **more,
        )
        return with_orders(self.world, dataset)

    def _computed(self) -> list[Dimension]:
        names = [Named(name, KINDS[kind]) for name, kind in self.columns.items() if kind in KINDS]
        makers = [_banded, _worded, _counted, _month, _elapsed]
        drawn = [make(self.world, names) for make in self.world.some(makers, 0, 2)]
        drawn.append(_age(self.world, names) if self.world.chance(0.8) else None)
        unique = {dimension.name: dimension for dimension in drawn if dimension is not None}
        return list(unique.values())


# -- computed dimensions -------------------------------------------------------------------------------------


def _bins(world: World) -> Bins:
    edges = tuple(sorted(world.some((-1, 0, 1, 2, 4, 5), 1, 3)))
    labels = ("low", "mid", "high", "top")[: len(edges) + 1]
    return Bins(edges, labels if world.chance(0.4) else None)


def _banded(world: World, names: Sequence[Named]) -> Dimension | None:
    numbers = phrases.of_kind(names, "integer", "decimal", "double")
    if not numbers:
        return None
    expr = phrases.number(world, numbers) if phrases.of_kind(numbers, "integer", "decimal") else numbers[0].expr
    return Dimension("band", "string", expr, bins=_bins(world))


def _worded(world: World, names: Sequence[Named]) -> Dimension | None:
    expr = phrases.text(world, names)
    return Dimension("word", "string", expr) if expr else None


def _counted(world: World, names: Sequence[Named]) -> Dimension | None:
    expr = phrases.integer(world, names)
    return Dimension("number", "integer", expr) if expr else None


def _month(world: World, names: Sequence[Named]) -> Dimension | None:
    days = phrases.of_kind(names, "date")
    if not days:
        return None
    unit = world.pick(("week", "month", "quarter", "year"))
    return Dimension("starting", "date", ("date_trunc", ("lit", unit), world.pick(days).expr))


def _elapsed(world: World, names: Sequence[Named]) -> Dimension | None:
    """Something about the time of the metric's own row, or the query's."""
    moment: Expr = ("name", world.pick(("at", "at", "as_of")))
    options: list[Expr] = [(part, moment) for part in ("year", "month", "iso_weekday")]
    unit = ("lit", world.pick(("day", "week", "month", "year")))
    options += [("date_diff", unit, named.expr, moment) for named in phrases.of_kind(names, "date")]
    expr = world.pick(options)
    return (
        Dimension("elapsed", expr=expr, bins=_bins(world))
        if world.chance(0.3)
        else Dimension("elapsed", "integer", expr)
    )


def _age(world: World, names: Sequence[Named]) -> Dimension | None:
    """Age at the event or today, if there is a birthday to count from; plain or in bands."""
    if not any(named.name == "born" for named in names):
        return None
    expr: Expr = ("age_years", ("name", "born"), ("name", world.pick(("at", "at", "as_of"))))
    if world.chance(0.5):
        return Dimension("age", "integer", expr)
    labels = ("under 18", "18-24", "25-34", "35+")
    return Dimension("age_group", "string", expr, bins=Bins((18, 25, 35), labels if world.chance(0.5) else None))


# -- kinds of datasets ---------------------------------------------------------------------------------------


def regions(world: World) -> Dataset:
    """Looked up by a single or a composite key."""
    draft = Draft(world, "regions")
    draft.plain(world.some(("label", "kind", "units", "flag", "Tier", "value"), 1, 3))
    if world.chance(0.5):
        pairs = [(country, code) for country in ("DE", "D'E") for code in (1, 2)]
        draft.column("country", "VARCHAR", lambda: None)
        draft.column("code", "BIGINT", lambda: None)
        keys: list[dict[str, Value]] = [{"country": a, "code": b} for a, b in world.some(pairs, 0, 4)]
        return draft.dataset(("country", "code"), keys)
    draft.column("region_id", "VARCHAR", lambda: None)
    keys = [{"region_id": name} for name in world.some(("n", "ö", "S", "s"), 0, 4)]
    return draft.dataset(("region_id",), keys)


def users(world: World, others: Sequence[Dataset]) -> Dataset:
    draft = Draft(world, "users")
    key_type = world.pick((int, str))
    names: list[Value] = [1, 2, 3, 4, 5] if key_type is int else ["u1", "U1", "ü", "o'b", ""]
    draft.column("user_id", "BIGINT" if key_type is int else "VARCHAR", lambda: None)
    draft.column("born", "DATE", world.birthday)
    draft.plain(world.some(("kind", "label", "flag", "points", "due", "type"), 1, 3))
    if world.chance(0.8):
        draft.time = draft.clock("registered_at")
    for other in others:
        _refer(draft, other, other.name, other.name)
    if world.chance(0.15):
        draft.column("referrer_id", draft.columns["user_id"], lambda: world.pick(names))
        draft.joins.append(Join("referrer", "users", ("referrer_id",)))
    keys: list[dict[str, Value]] = [{"user_id": name} for name in world.some(names, 0 if world.chance(0.1) else 2, 5)]
    return draft.dataset(("user_id",), keys)


def history(world: World, of: Dataset) -> Dataset:
    """What was valid when for the rows of another dataset: gaps, no overlaps, the last one often open."""
    draft = Draft(world, "segments")
    for key in of.primary_key:
        draft.column(key, of.columns[key], lambda: None)
    type_ = world.pick(("timestamp", "timestamp", "timestamptz", "date"))
    zone = world.pick(("UTC", "UTC", world.zone, "America/New_York"))
    sql_type = {"timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "date": "DATE"}[type_]
    for name in ("valid_from", "valid_to"):
        draft.column(name, sql_type, lambda: None)
        if type_ != "timestamp" or zone != "UTC":
            draft.dimensions.append(Dimension(name, type_, zone=zone if type_ == "timestamp" else "UTC"))
    draft.plain(("label", *world.some(("units", "flag"), 0, 1)))
    if world.chance(0.2):
        draft.time = "valid_from"
    of_whom = [{key: row[key] for key in of.primary_key} for row in of.rows]
    keys = [row for key in of_whom for row in _intervals(world, type_, zone, key)]
    primary_key = (*of.primary_key, "valid_from") if world.chance(0.8) else ("valid_from", *of.primary_key)
    return draft.dataset(primary_key, keys, validity=("valid_from", "valid_to"))


def linked(world: World, of: Dataset, past: Dataset) -> tuple[Dataset, Dataset]:
    """Sometimes the history looks up whose it is, and what has one looks up how it was when it began."""
    key = of.primary_key
    if world.chance(0.4):
        past = replace(past, joins=(Join("member", of.name, key),))
    clock = of.dimension(of.time) if of.time else None
    by_day = past.validity_dimension("valid_from").type == "date"
    if clock is not None and world.chance(0.4) and (by_day or clock.type != "date"):
        of = replace(of, joins=(*of.joins, Join("first_segment", past.name, key, clock.name)))
    return of, past


def _intervals(world: World, type_: str, zone: str, key: dict[str, Value]) -> list[dict[str, Value]]:
    moments = sorted({world.instant() for _ in range(world.rng.randint(0, 5))})
    shown = [_moment(moment, type_, zone, world) for moment in moments]
    bounds: list[Any] = sorted(set(shown))
    pairs = list(pairwise([*bounds, None]))
    kept = [pair for pair in pairs if world.chance(0.8)]
    void = world.chance(0.1)  # a period of no length is never valid
    return [{**key, "valid_from": start, "valid_to": start if void else end} for start, end in kept]


def _moment(instant: Any, type_: str, zone: str, world: World) -> Value:
    if type_ == "timestamptz":
        return instant  # type: ignore[no-any-return]
    if type_ == "date":
        return instant.astimezone(ZoneInfo(world.zone)).date()  # type: ignore[no-any-return]
    return world.wall(zone)


def facts(world: World, name: str, others: Sequence[Dataset]) -> Dataset:
    draft = Draft(world, name)
    draft.column("id", "BIGINT", lambda: None)
    numbers = ["points", *world.some(("amount", "weight", "units", "counter"), 1, 2)]
    draft.plain([*numbers, *world.some(("kind", "channel", "flag", "due", "type"), 1, 3)])
    if world.chance(0.92):
        draft.time = draft.clock("happened_at")
    clocks = [draft.time] if draft.time else []
    if world.chance(0.35):
        clocks.append(draft.clock("shipped_at", listed_as_time=False))
    for other in others:
        _join(draft, other, clocks)
    dataset = draft.dataset(*_keyed(draft))
    return _settled(world, dataset, others)


def _keyed(draft: Draft) -> tuple[tuple[str, ...], list[dict[str, Value]]]:
    """The key of facts and its values, in no order; sometimes composite, then nothing in it is unique."""
    world = draft.world
    most = 0 if world.chance(0.06) else 14
    count = world.rng.randint(most // 3, most)
    keys: list[dict[str, Value]] = [{"id": number} for number in range(count)]
    primary_key: tuple[str, ...] = ("id",)
    if world.chance(0.35):
        draft.column("part", "VARCHAR", lambda: None)
        keys = [{"id": number, "part": part} for number in range(6) for part in ("a", "B", "10", "9")]
        primary_key = world.pick((("id", "part"), ("part", "id")))
    return primary_key, world.some(keys, count, count)


def _join(draft: Draft, other: Dataset, clocks: Sequence[str]) -> None:
    world = draft.world
    if other.validity is not None:
        _join_history(draft, other, clocks)
    elif other.name == "users":
        _refer(draft, other, "users" if world.chance(0.85) else "customer", "user_id")
        if world.chance(0.25):
            _refer(draft, other, "author", "author_id")
    elif world.chance(0.3):
        _refer(draft, other, other.name if world.chance(0.6) else "place", "place")


def _join_history(draft: Draft, other: Dataset, clocks: Sequence[str]) -> None:
    key = tuple(column for column in other.primary_key if column != "valid_from")
    of = "users" if key == ("user_id",) else "regions"
    dates = {d.name for d in draft.dimensions if d.type == "date"}
    # whether a business day lies in a validity of instants is left open by the language
    fitting = [clock for clock in clocks if clock not in dates or other.validity_dimension("valid_from").type == "date"]
    same = [join.on for join in draft.joins if join.dataset == of]
    if same and fitting:
        name = draft.world.pick(("segments", "segments", "segment_then"))
        draft.joins.append(Join(name, other.name, draft.world.pick(same), draft.world.pick(fitting)))


def _refer(draft: Draft, other: Dataset, join: str, stem: str) -> None:
    """Columns that hold another dataset's key, an orphan, or NULL; and the join on them."""
    world = draft.world
    single = len(other.primary_key) == 1
    bare = single and (stem.endswith("_id") or world.chance(0.3))  # a column may be called like the join
    columns = tuple(stem if bare else f"{stem}_{key}" for key in other.primary_key)
    on: list[str | Expr] = []
    for column, key in zip(columns, other.primary_key, strict=True):
        known = [row[key] for row in other.rows]
        orphan: Value = 99 if other.columns[key] == "BIGINT" else "nobody"
        values = [*known, *known, *known, orphan]
        if world.chance(0.3):
            on.append(_disguised(draft, column, other.columns[key], values))
            continue
        on.append(column)
        draft.column(column, other.columns[key], lambda values=values: world.pick(values), 0.12)  # type: ignore[misc]
        if world.chance(0.1):
            draft.dimensions.append(Dimension(column, TYPES[KINDS[other.columns[key]]]))
    draft.joins.append(Join(join, other.name, tuple(on)))


def _disguised(draft: Draft, column: str, kind: str, values: Sequence[Value]) -> Expr:
    """A column from which an expression reads the key; sometimes one with an odd name."""
    world = draft.world
    drawn = disguise(world, kind)
    name = f"{column} {world.pick(('no', 'as-is'))}" if world.chance(0.2) else column
    draft.column(name, drawn.column or kind, lambda: drawn.write(world, world.pick(values)), 0.12)
    return drawn.read(world, ("name", name), values)


def _settled(world: World, dataset: Dataset, others: Sequence[Dataset]) -> Dataset:
    """Often settles which of two paths counts."""
    joins = {join.name: join for join in dataset.joins}
    through = [name for name, join in joins.items() if join.dataset == "users"]
    inner = [other for other in others if other.name == "users" for join in other.joins if join.name == "regions"]
    if inner and through and world.chance(0.6):
        return replace(dataset, via={"regions": f"{through[0]}.regions"})
    if len(through) > 1 and "users" not in through and world.chance(0.7):
        return replace(dataset, via={"users": through[-1]})
    return dataset
