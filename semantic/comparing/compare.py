"""Two versions of a project → what differs: which metrics mean something else, in which cuts, and because of what.

The meaning of a metric is what every query of it computes. So both versions are compiled, without the names that
people chose (`canonical`): the total, then everything that it can be cut by (`cuts`), and where that is not the same,
what it is made of tells why (`causes`). What cannot differ is not compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from semantic.comparing.altered import Altered, KeyChange, Kind, altered_things, is_word
from semantic.comparing.causes import Causes
from semantic.comparing.cuts import Cuts, Sides
from semantic.comparing.lineage import Base
from semantic.model import Model
from semantic.targets import with_usual_tables

Things = Mapping[tuple[Kind, str], Altered]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that one version alone has."""

    kind: Kind
    name: str
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A metric that goes by another name and computes what it did."""

    old: str
    new: str
    definition: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A metric that computes something else than it did.

    `keys` are those of its own definition that matter; `causes` is what else it is made of that is not as it was;
    `refusal` says why it is refused now, whatever it is cut by.
    """

    name: str
    old: str
    new: str
    cuts: Cuts
    keys: tuple[KeyChange, ...]
    causes: tuple[Altered, ...]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two versions: `altered` things matter to some number, `reworded` ones to none."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    renamed: tuple[Renamed, ...]
    changed: tuple[Changed, ...]
    altered: tuple[Altered, ...]
    reworded: tuple[Altered, ...]

    @property
    def is_in_meaning(self) -> bool:
        """Whether some question has another answer than it had, or none any more; new things alone are no change."""
        return bool(self.removed or self.renamed or self.changed or self.altered)

    @property
    def is_any(self) -> bool:
        """Whether anything at all differs, words included."""
        return self.is_in_meaning or bool(self.added or self.reworded)


def compare(old: Model, new: Model) -> Difference:
    """Compare two checked versions of a project, each on its default target."""
    old, new = with_usual_tables(old), with_usual_tables(new)
    sides = Sides.of(old, new)
    found = list(altered_things(old, new))
    both = {(each.kind, each.name): each for each in found if each.keys}
    one_sided = [each for each in found if not each.keys]
    matter = {key: kept for key, each in both.items() if (kept := _without_words(each)).keys}
    changed = tuple(_changed(sides, {**matter, **{(e.kind, e.name): e for e in one_sided}}))
    cited = {(cause.kind, cause.name) for metric in changed for cause in metric.causes}
    altered = {key for key, each in matter.items() if key[0] != "metric" and (key in cited or _is_altered(sides, each))}
    own: set[tuple[Kind, str]] = {("metric", metric.name) for metric in changed}
    renamed = tuple(_renamed(sides, one_sided))
    return Difference(
        tuple(_entries(new, one_sided, {each.new for each in renamed})),
        tuple(_entries(old, one_sided, {each.old for each in renamed})),
        renamed,
        changed,
        tuple(matter[key] for key in matter if key in altered),
        tuple(_reworded(both.values(), altered | own)),
    )


def _changed(sides: Sides, things: Things) -> Iterator[Changed]:
    old, new = sides.old.model.metrics, sides.new.model.metrics
    cuts = {name: found for name in new if name in old and (found := sides.cuts(name))}
    causes = Causes(sides, things, cuts)
    for name, found in cuts.items():
        own = things.get(("metric", name))
        before, after, refusal = old[name].definition, new[name].definition, sides.new.refusal(name)
        yield Changed(name, before, after, found, own.keys if own else (), causes.of(name, found), refusal)


def _renamed(sides: Sides, one_sided: list[Altered]) -> Iterator[Renamed]:
    """Pairs of a removed and an added metric that compute the same in every cut, the likest names first."""
    names = [each.name for each in one_sided if each.kind == "metric"]
    removed = {name: sides.old.meaning(name) for name in names if name in sides.old.model.metrics}
    added = {name: sides.new.meaning(name) for name in names if name in sides.new.model.metrics}
    pairs = [(old, new) for new, sql in added.items() for old, before in removed.items() if sql == before]
    taken: set[str] = set()
    for old, new in sorted(pairs, key=_unlikeness):
        if taken.isdisjoint((f"-{old}", f"+{new}")) and not sides.compare(old, new):
            taken |= {f"-{old}", f"+{new}"}
            yield Renamed(old, new, sides.new.model.metrics[new].definition)


def _unlikeness(pair: tuple[str, str]) -> tuple[float, str, str]:
    return (-SequenceMatcher(None, *pair).ratio(), *pair)


def _without_words(thing: Altered) -> Altered:
    return replace(thing, keys=tuple(change for change in thing.keys if not is_word(change)))


def _is_altered(sides: Sides, thing: Altered) -> bool:
    """Whether other answers come of a thing by itself, though no metric of the project gives them."""
    match thing.kind:
        case "segment":
            return True
        case "dataset":
            return _differs(sides, Base(thing.name))
        case "dimension":
            dataset = thing.name.partition(".")[0]
            cuts = [cut for cut in sides.old.cuts(Base(dataset)) if f"{cut}.".startswith(f"{thing.name}.")]
            return any(_differs(sides, Base(dataset), cut) for cut in cuts)
        case _:
            return False


def _differs(sides: Sides, base: Base, *cuts: str) -> bool:
    before = sides.old.meaning_of_rows(base, *cuts)
    return before is not None and before != sides.new.meaning_of_rows(base, *cuts)


def _reworded(found: Iterable[Altered], altered: set[tuple[Kind, str]]) -> Iterator[Altered]:
    """What has other words or another spelling; of what is altered anyway, the words alone."""
    for each in found:
        words = tuple(change for change in each.keys if is_word(change))
        keys = words if (each.kind, each.name) in altered else each.keys
        if keys:
            yield replace(each, keys=keys)


def _entries(model: Model, one_sided: list[Altered], renamed: set[str]) -> Iterator[Entry]:
    """What this version alone has; the dimensions of a dataset that it alone has go without saying."""
    known = _definitions(model)
    own = {each.name for each in one_sided if each.kind == "dataset"}
    for each in one_sided:
        is_shown = each.name not in renamed if each.kind == "metric" else each.name.partition(".")[0] not in own
        if (each.kind, each.name) in known and (is_shown or each.kind == "dataset"):
            yield Entry(each.kind, each.name, known[each.kind, each.name])


def _definitions(model: Model) -> dict[tuple[Kind, str], str]:
    """Everything that a version defines, each in one line for people."""
    found: dict[tuple[Kind, str], str] = {}
    found |= {("dataset", name): each.table or "sql" for name, each in model.datasets.items()}
    for dataset, dimensions in model.dimensions.items():
        found |= {("dimension", f"{dataset}.{name}"): each.expr or "" for name, each in dimensions.items()}
    found |= {("segment", name): each.filter for name, each in model.segments.items()}
    return found | {("metric", name): metric.definition for name, metric in model.metrics.items()}
