"""Random expressions over names whose kind is known, drawn so that the vocabulary is used throughout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.reference import Expr, Value
from tests.strategies.world import World

NUMERIC = frozenset({"integer", "decimal", "double"})
PATTERNS = (
    "b",
    "^.$",
    "a|b",
    "[^b]$",
    r"^\W",
    r"(^|o)[_'-]?b+$",
    r"^(?:\S.?)?$",
    r"[\\%]",
    "^[a-b]{1,2}?.",
    r"^\s|\s$",
)
COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Named:
    """A name an expression may use, and the kind of its values.

    Kinds: text, integer, decimal, double, boolean, date, timestamp (on the wall); segment, in conditions alone.
    """

    name: str
    kind: str

    @property
    def expr(self) -> Expr:
        return ("segment" if self.kind == "segment" else "name", self.name)


def lit(value: Value) -> Expr:
    return ("lit", value)


def of_kind(names: Sequence[Named], *kinds: str) -> list[Named]:
    return [named for named in names if named.kind in kinds]


def sample(world: World, kind: str) -> Value:
    """A value of a kind, as conditions see it."""
    makers: dict[str, Callable[[], Value]] = {
        "text": world.text,
        "integer": world.integer,
        "decimal": world.money,
        "double": world.double,
        "boolean": world.boolean,
        "date": world.day,
        "timestamp": lambda: world.wall(world.zone),
    }
    return makers[kind]()


# -- conditions ----------------------------------------------------------------------------------------------


def condition(world: World, names: Sequence[Named], depth: int = 2) -> Expr:
    """A condition over some of the names; there must be at least one."""
    if depth and world.chance(0.35):
        head = world.pick(("and", "or", "and", "or", "not"))
        parts = [condition(world, names, depth - 1) for _ in range(1 if head == "not" else 2)]
        return (head, *parts)
    named = world.pick(names)
    if world.chance(0.12):
        return (world.pick(("is null", "is not null")), named.expr)
    if named.kind == "segment":
        return _of_segment(world, named.expr)
    if named.kind == "boolean":
        return _boolean(world, named.expr)
    if world.chance(0.5):
        return _general(world, named.expr, named.kind)
    return SPECIAL.get(named.kind, _number_condition)(world, named.expr)


def _boolean(world: World, expr: Expr) -> Expr:
    return world.pick((expr, ("not", expr), ("=", expr, lit(world.boolean())), ("is distinct from", expr, lit(True))))


def _of_segment(world: World, expr: Expr) -> Expr:
    return world.pick((expr, expr, ("not", expr), ("case", ((expr, lit(True)),), ("is null", expr))))


def _general(world: World, expr: Expr, kind: str) -> Expr:
    """Comparisons that every kind knows."""
    low, high = sorted((_literal(world, kind), _literal(world, kind)), key=lambda each: str(each[1]))
    match world.rng.randrange(5):
        case 0:
            return (world.pick(("in", "not in")), expr, low, high, *([lit(None)] if world.chance(0.15) else []))
        case 1:
            return (world.pick(("between", "not between")), expr, low, high)
        case 2:
            return (world.pick(("is distinct from", "is not distinct from")), expr, low)
    return (world.pick(COMPARISONS), expr, low)


def _literal(world: World, kind: str) -> Expr:
    """Dates and times are often written as text."""
    value = sample(world, kind)
    if isinstance(value, datetime) and world.chance(0.5):
        return lit(value.isoformat(" "))
    if isinstance(value, date) and not isinstance(value, datetime) and world.chance(0.5):
        return lit(value.isoformat())
    return lit(value)


def _text_condition(world: World, expr: Expr) -> Expr:
    word = world.text()
    options: tuple[Expr, ...] = (
        (world.pick(("like", "not like")), expr, lit(world.pick(("%b%", "_", "%", "o_b", "a%", "%\\%", word)))),
        ("like", expr, ("||", lit("%"), expr)),
        ("regexp_matches", expr, lit(world.pick(PATTERNS))),
        ("starts_with", expr, lit(word[:1] or "a")),
        ("contains", expr, lit(word[-1:] or "b")),
        (world.pick(COMPARISONS), ("length", expr), lit(world.rng.randint(0, 3))),
        ("=", ("coalesce", expr, lit("b")), lit("b")),
        ("=", ("nullif", expr, lit(word)), lit(world.text())),
        ("=", ("lower", ("trim", expr)), lit("b")),
    )
    return world.pick(options)


def _number_condition(world: World, expr: Expr) -> Expr:
    return (world.pick(COMPARISONS), _arithmetic(world, expr), lit(world.rng.randint(-2, 6)))


def _arithmetic(world: World, expr: Expr) -> Expr:
    options: tuple[Expr, ...] = (
        ("+", expr, lit(1)),
        ("-", lit(2), expr),
        ("*", expr, lit(-2)),
        ("/", expr, lit(world.pick((2, 3, 0)))),
        ("abs", expr),
        ("greatest", expr, lit(1)),
        ("least", expr, lit(Decimal("0.5"))),
        ("coalesce", expr, lit(0)),
        ("nullif", expr, lit(0)),
        ("floor", ("/", expr, lit(2))),
        ("ceil", expr),
        ("round", expr),
    )
    return world.pick(options)


def _date_condition(world: World, expr: Expr) -> Expr:
    return (world.pick(COMPARISONS), *world.pick(_date_parts(world, expr)))


def _date_parts(world: World, expr: Expr) -> tuple[tuple[Expr, Expr], ...]:
    """Pairs of a value taken from a date or timestamp, and a literal it may equal."""
    day = world.day()
    unit = world.pick(("day", "week", "month", "quarter", "year"))
    return (
        (("year", expr), lit(day.year)),
        (("quarter", expr), lit(world.rng.randint(1, 4))),
        (("month", expr), lit(day.month)),
        (("day", expr), lit(day.day)),
        (("iso_weekday", expr), lit(world.rng.randint(1, 7))),
        (("date_trunc", lit(unit), expr), lit(day.replace(day=1))),
        (("date_diff", lit(unit), lit(day), expr), lit(world.rng.randint(-1, 1))),
        (("cast", expr, "date"), lit(day)),
    )


def _timestamp_condition(world: World, expr: Expr) -> Expr:
    wall = world.wall(world.zone)
    unit = world.pick(("hour", "minute", "second"))
    parts = (
        *_date_parts(world, expr),
        (("hour", expr), lit(wall.hour)),
        (("date_trunc", lit("hour"), expr), lit(wall.replace(minute=0, second=0))),
        (("date_diff", lit(unit), lit(wall), expr), lit(world.rng.randint(-1, 1))),
        (expr, ("cast", lit(wall.date()), "timestamp")),
    )
    return (world.pick(COMPARISONS), *world.pick(parts))


SPECIAL: dict[str, Callable[[World, Expr], Expr]] = {
    "text": _text_condition,
    "date": _date_condition,
    "timestamp": _timestamp_condition,
}


# -- values --------------------------------------------------------------------------------------------------


def number(world: World, names: Sequence[Named]) -> Expr:
    """A number from some of the names; there must be an exact one."""
    exact = of_kind(names, "integer", "decimal")
    one, other = world.pick(exact).expr, world.pick(of_kind(names, *NUMERIC)).expr
    small = [named for named in of_kind(names, *NUMERIC) if not named.name.endswith("counter")]
    options: list[Expr] = [
        one,
        (world.pick("+-"), one, other),
        ("*", one, world.pick(small).expr if small else lit(2)),
        ("-", one, ("coalesce", other, lit(0))),
        ("/", one, other),
        ("round", one, lit(1)),
        ("cast", one, world.pick(("double", "decimal(18, 1)"))),
        ("case", ((condition(world, names, 1), one),), world.pick((lit(0), lit(None)))),
        _arithmetic(world, one),
    ]
    texts, days = of_kind(names, "text"), of_kind(names, "date", "timestamp")
    if texts:
        options.append(("length", world.pick(texts).expr))
    if days:
        options.append(("date_diff", lit("day"), lit(world.day()), world.pick(days).expr))
    return world.pick(options)


def integer(world: World, names: Sequence[Named]) -> Expr | None:
    """An integer worth grouping by."""
    options: list[Expr] = []
    for named in of_kind(names, "integer"):
        options += [("mod", named.expr, lit(3)), ("abs", named.expr)]
    for named in of_kind(names, "text"):
        options.append(("length", named.expr))
    for named in of_kind(names, "date"):
        options += [(part, named.expr) for part in ("year", "quarter", "month", "day", "iso_weekday")]
    return world.pick(options) if options else None


def text(world: World, names: Sequence[Named]) -> Expr | None:
    """A text worth grouping by."""
    options: list[Expr] = []
    for named in of_kind(names, "text"):
        expr = named.expr
        options += [
            ("coalesce", expr, lit("unknown")),
            ("nullif", expr, lit(world.text())),
            ("left", expr, lit(1)),
            ("right", expr, lit(1)),
            ("substring", expr, lit(2), lit(1)),
            ("substring", expr, ("-", ("length", expr), lit(1)), lit(2)),
            (world.pick(("left", "right")), expr, ("-", ("length", expr), lit(2))),
            ("replace", ("lower", expr), lit("b"), lit("c")),
            ("upper", ("trim", expr)),
            ("||", expr, lit("-")),
            ("concat", lit("<"), ("coalesce", expr, lit("")), lit(">")),
            ("concat", expr, lit("-"), expr),
        ]
    for named in of_kind(names, "integer", "boolean", "date"):
        options.append(("cast", named.expr, "text"))
    if names:
        arms = ((condition(world, names, 1), lit("yes")), (condition(world, names, 0), lit("perhaps")))
        options.append(("case", arms, world.pick((lit("no"), lit(None)))))
    return world.pick(options) if options else None
