"""Why a metric computes something else: what it is made of that is not as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from semantic.comparing.altered import Altered, Kind
from semantic.comparing.cuts import Cuts, Sides
from semantic.comparing.lineage import Lineage
from semantic.plan import Plan

_CALENDAR = ("time_zone", "week_start", "fiscal_year_start")
_OF_ROWS = ("table", "sql", "time")
_OF_LOOKUPS = ("table", "sql", "primary_key", "validity", "date", "periods", "columns")
_MOST_CUTS = 10  # the first ones tell why; the others differ for the same reasons


@dataclass(frozen=True, slots=True, eq=False)
class Causes:
    """Finds out why. `things` are all that can be a cause, with the keys that are no words."""

    sides: Sides
    things: Mapping[tuple[Kind, str], Altered]
    changed: Collection[str]
    _calendars: dict[str, Lineage] = field(default_factory=dict)

    def of(self, name: str, cuts: Cuts) -> tuple[Altered, ...]:
        """What a metric is made of that is not as it was, its own definition aside."""
        asked = () if cuts.everything else (*cuts.changed, *cuts.lost)[:_MOST_CUTS]
        found = (*self._metrics(name), *self._ingredients(name, asked), *self._rows(name, asked))
        return tuple(dict.fromkeys((*found, *self._calendar(name, asked)))) or tuple(self._within_reach(name))

    def _metrics(self, name: str) -> Iterator[Altered]:
        made_of = self.sides.old.made_of(name) | self.sides.new.made_of(name)
        for each in sorted(made_of - {name}):
            if each in self.changed and ("metric", each) in self.things:
                yield self.things["metric", each]

    def _ingredients(self, name: str, cuts: tuple[str, ...]) -> Iterator[Altered]:
        used = self.sides.old.ingredients(name, cuts) | self.sides.new.ingredients(name, cuts)
        yield from (self.things[thing] for thing in sorted(used) if thing in self.things)

    def _rows(self, name: str, cuts: tuple[str, ...]) -> Iterator[Altered]:
        """The datasets that are read, and of them the keys that say which rows, and how they are looked up."""
        wanted: dict[str, set[str]] = {}
        for side in (self.sides.old, self.sides.new):
            for plan in _plans(side, name, cuts):
                for dataset, keys in _read_by(plan):
                    wanted.setdefault(dataset, set()).update(keys)
        for dataset in sorted(wanted):
            yield from self._dataset(dataset, wanted[dataset])

    def _dataset(self, name: str, wanted: set[str]) -> Iterator[Altered]:
        thing = self.things.get(("dataset", name))
        keys = tuple(change for change in thing.keys if change.key in wanted) if thing else ()
        if thing and (keys or not thing.keys):
            yield replace(thing, keys=keys)

    def _calendar(self, name: str, cuts: tuple[str, ...]) -> Iterator[Altered]:
        """The settings that would have made a difference to the old version."""
        for setting in _CALENDAR:
            if ("setting", setting) in self.things:
                old, moved = self.sides.old, self._moved(setting)
                by_rows = (
                    old.meaning_of_rows(base, cut) != moved.meaning_of_rows(base, cut)
                    for base in old.bases(name)
                    for cut in cuts
                )
                if any(by_rows) if cuts else old.meaning(name) != moved.meaning(name):
                    yield self.things["setting", setting]

    def _moved(self, setting: str) -> Lineage:
        """The old version with a setting of the new one."""
        if setting not in self._calendars:
            old, new = self.sides.old.model, self.sides.new.model.project
            project = old.project.model_copy(update={setting: getattr(new, setting)})
            self._calendars[setting] = Lineage.of(replace(old, project=project))
        return self._calendars[setting]

    def _within_reach(self, name: str) -> Iterator[Altered]:
        """Where nothing that is read has changed: ways that exist now, or no more, in the datasets around."""
        reached = {
            dataset
            for side in (self.sides.old, self.sides.new)
            for base in side.bases(name)
            for dataset in side.reach(base.dataset)
        }
        yield from (self.things["dataset", each] for each in sorted(reached) if ("dataset", each) in self.things)


def _plans(side: Lineage, name: str, cuts: tuple[str, ...]) -> Iterator[Plan]:
    """The plan of a metric, or those by which its rows are cut."""
    found = [side.rows(base, cut) for base in side.bases(name) for cut in cuts] if cuts else [side.plan(name)]
    yield from (plan for plan in found if plan is not None)


def _read_by(plan: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The datasets that a plan reads, with the keys of theirs that say how."""
    for scan in plan.all_scans:
        ways = tuple(f"via.{key}" for key in scan.dataset.via)
        yield scan.dataset.name, (*_OF_ROWS, *ways)
        for lookup in scan.lookups:
            if not lookup.by_day:
                yield lookup.owner.name, (f"joins.{lookup.path[-1]}",)
            yield lookup.dataset.name, _OF_LOOKUPS
