"""Random keys that are expressions: what a column holds instead of a key, and how the key is read from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.reference import Expr, Value
from tests.strategies.phrases import lit
from tests.strategies.world import World


@dataclass(frozen=True, slots=True)
class Disguise:
    """`write` makes the value of a column of a key, `read` the expression over that column that gives the key."""

    write: Callable[[World, Any], Value]
    read: Callable[[World, Expr, Sequence[Value]], Expr]
    column: str | None = None  # its SQL type; None: that of the key


def _as_it_is(world: World, key: Value) -> Value:
    return key


def _padded(world: World, key: str) -> str:
    return f"{' ' * world.rng.randint(0, 2)}{key}{' ' * world.rng.randint(0, 1)}"


def _changed(world: World, column: Expr, keys: Sequence[Value]) -> Expr:
    """One key stands for another, or for none."""
    one, other = lit(world.pick(keys)), lit(world.pick((*keys, None)))
    return ("case", ((("=", column, one), other), (("is null", column), lit(world.pick((*keys, None))))), column)


ANY = (
    Disguise(_as_it_is, lambda world, column, keys: ("coalesce", column, lit(world.pick(keys)))),
    Disguise(_as_it_is, lambda world, column, keys: ("nullif", column, lit(world.pick(keys)))),
    Disguise(_as_it_is, _changed),
)
TEXT = (
    Disguise(_padded, lambda world, column, keys: ("trim", column)),
    Disguise(
        lambda world, key: f"{key[:1]}#{key[1:]}", lambda world, column, keys: ("replace", column, lit("#"), lit(""))
    ),
    Disguise(lambda world, key: f"k-{key}", lambda world, column, keys: ("substring", column, lit(3), lit(9))),
    Disguise(lambda world, key: world.pick((key, key.upper())), lambda world, column, keys: ("lower", column)),
    Disguise(lambda world, key: key[1:], lambda world, column, keys: ("||", lit("u"), column)),
)
NUMBERS = (
    Disguise(lambda world, key: key + 1, lambda world, column, keys: ("-", column, lit(1))),
    Disguise(lambda world, key: world.pick((key, -key)), lambda world, column, keys: ("abs", column)),
    Disguise(lambda world, key: key + world.pick((0, 100)), lambda world, column, keys: ("mod", column, lit(100))),
    Disguise(lambda world, key: "x" * key, lambda world, column, keys: ("length", column), "VARCHAR"),
    Disguise(
        lambda world, key: f"{world.pick(('', '0'))}{key}",
        lambda world, column, keys: ("cast", column, "decimal(9, 0)"),
        "VARCHAR",
    ),
)


def disguise(world: World, kind: str) -> Disguise:
    """A disguise of keys of this SQL type."""
    return world.pick((*ANY, *(TEXT if kind == "VARCHAR" else NUMBERS)))
