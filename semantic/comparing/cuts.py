"""Which metrics compute something else in another version of the project, and in which cuts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from semantic.calendars import calendars_of
from semantic.comparing.altered import meaning
from semantic.comparing.lineage import TIME_WORDS, Base, Lineage
from semantic.model import Model

_DAY, *_COARSER = TIME_WORDS


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the numbers of a metric differ: everywhere, or only in these cuts; `lost` ones are refused now.

    A time is named by its `day` where every grain of it differs, by its `week` or `fiscal_year` where that alone does.
    """

    everything: bool
    changed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.everything or bool(self.changed or self.lost)

    def brief(self) -> Cuts:
        """The same without what goes without saying: a time that differs by day differs at every grain."""
        known = {*self.changed, *self.lost}

        def kept(cuts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(cut for cut in cuts if known.isdisjoint(_wider(cut)))

        return Cuts(self.everything, kept(self.changed), kept(self.lost))


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Two versions of a project, and what is defined otherwise in them, words aside."""

    old: Lineage
    new: Lineage
    metrics: frozenset[str]
    datasets: frozenset[str]
    segments: frozenset[str]
    ways: frozenset[str]
    calendars: frozenset[str]
    is_calendar_equal: bool
    are_owners_equal: bool
    _rows: dict[Base, Cuts] = field(default_factory=dict)

    @classmethod
    def of(cls, old: Model, new: Model) -> Sides:
        """Two versions of a checked project."""
        common = old.owners.keys() & new.owners.keys()
        return cls(
            Lineage.of(old),
            Lineage.of(new),
            _unlike(old.metrics, new.metrics),
            _unlike(old.datasets, new.datasets),
            _unlike(old.segments, new.segments),
            _unlike(*({name: (each.joins, each.via) for name, each in m.datasets.items()} for m in (old, new))),
            _unlike(*({found.name: found for found in calendars_of(model)} for model in (old, new))),
            old.calendar == new.calendar,
            all(old.owners[name] == new.owners[name] for name in common),
        )

    def cuts(self, name: str) -> Cuts:
        """Where a metric that both versions have differs."""
        return self.compare(name, name) if self._may_differ(name) else Cuts(False)

    def _may_differ(self, name: str) -> bool:
        """Whether anything that a metric is made of is defined otherwise: else its SQL is the same."""
        if not self.is_calendar_equal or self.segments or self.calendars or self.new.made_of(name) & self.metrics:
            return True
        return any(self.new.reach(base.dataset) & self.datasets for base in self.new.bases(name))

    def compare(self, old: str, new: str) -> Cuts:
        """Where a metric of the new version differs from one of the old version."""
        bases = self._bases(old, new)
        if self.old.meaning(old) != self.new.meaning(new):
            answered = set(_answered(self.new, new))
            return Cuts(True, (), tuple(cut for cut in _answered(self.old, old) if cut not in answered)).brief()
        if not self._is_defined_alike(old, new):
            known = (cut for base in bases for side in (self.old, self.new) for cut in side.cuts(base))
            return self._compare_by(dict.fromkeys(known), old, new).brief()
        if len(self.new.made_of(new)) == len(bases) == 1:
            return self._compare_rows(bases[0]).brief()
        rows = [self._compare_rows(base) for base in bases]
        cuts = tuple(dict.fromkeys(cut for each in rows for cut in (*each.changed, *each.lost)))
        sure = self._surely_changed(new, cuts)
        rest = self._compare_by((cut for cut in cuts if cut not in sure), old, new)
        return Cuts(False, (*sure, *rest.changed), rest.lost).brief()

    def _is_defined_alike(self, old: str, new: str) -> bool:
        """Whether the definitions are the same, and say the same about cuts (`ignore`): then only the rows differ."""
        if old != new or self.new.made_of(new) & self.metrics:
            return False
        reached = (self.new.reach(base.dataset) for base in self.new.bases(new))
        return len(self.new.made_of(new)) == 1 or (
            self.are_owners_equal and not any(self.ways & each for each in reached)
        )

    def _surely_changed(self, name: str, cuts: tuple[str, ...]) -> tuple[str, ...]:
        """Of the cuts by which the rows of some leaf differ those that all leaves have, and none of them ignores."""
        sides, bases = (self.old, self.new), self.new.bases(name)
        shared = tuple(cut for cut in cuts if all(side.rows(base, cut) for side in sides for base in bases))
        plans = [side.plan(name, *shared) for side in sides]
        return shared if all(plan is not None and not plan.broadcasts for plan in plans) else ()

    def _compare_by(self, cuts: Iterable[str], old: str, new: str) -> Cuts:
        changed: list[str] = []
        lost: list[str] = []
        for cut in cuts:
            before, after = self.old.meaning(old, cut), self.new.meaning(new, cut)
            if before is not None and before != after:
                (lost if after is None else changed).append(cut)
        return Cuts(False, tuple(changed), tuple(lost))

    def _compare_rows(self, base: Base) -> Cuts:
        """The cuts by which the number of rows differs, all of them."""
        if base not in self._rows:
            cuts = dict.fromkeys((*self.old.cuts(base), *self.new.cuts(base)))
            known = [cut for cut in cuts if self.old.rows(base, cut) is not None]
            lost = tuple(cut for cut in known if self.new.rows(base, cut) is None)
            changed = (cut for cut in known if cut not in lost)
            differing = tuple(
                cut for cut in changed if self.old.meaning_of_rows(base, cut) != self.new.meaning_of_rows(base, cut)
            )
            self._rows[base] = Cuts(False, differing, lost)
        return self._rows[base]

    def _bases(self, old: str, new: str) -> list[Base]:
        found = self.old.bases(old) | self.new.bases(new)
        return sorted(found, key=lambda base: (base.dataset, base.time or ""))


def _answered(side: Lineage, metric: str) -> list[str]:
    """The cuts that the rows of every leaf have."""
    bases = side.bases(metric)
    return [
        cut
        for cut in dict.fromkeys(cut for base in sorted(bases, key=str) for cut in side.cuts(base))
        if all(side.rows(base, cut) is not None for base in bases)
    ]


def _wider(cut: str) -> Iterable[str]:
    parent, _, grain = cut.rpartition(".")
    if grain in _COARSER:
        yield f"{parent}.{_DAY}".lstrip(".")
    if grain in TIME_WORDS and parent:
        yield parent


def _unlike(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """The names under which the versions have different things, or only one of them has any."""
    names = old.keys() | new.keys()
    return frozenset(
        name
        for name in names
        if (name in old) != (name in new) or (old[name] != new[name] and meaning(old[name]) != meaning(new[name]))
    )
