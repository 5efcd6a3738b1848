"""The report of a review in parts that are neither text nor Markdown yet: titles, things, facts, tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from scheduler.output import one_line
from scheduler.review.exports import ExportChange, Status
from semantic.errors import listing

if TYPE_CHECKING:
    from scheduler.review.movement import Movement
    from semantic.comparing.altered import Altered, KeyChange
    from semantic.comparing.compare import Changed, Difference, Entry

MOST_THINGS, MOST_NAMES, LONGEST = 50, 20, 600
_STATUS: dict[Status, str] = {
    "added": "is new",
    "removed": "is gone",
    "edited": "is edited",
    "touched": "delivers other numbers",
}


@dataclass(frozen=True, slots=True)
class Data:
    """Where and when values were compared, and how they moved; the weightiest movement comes first."""

    target: str
    as_of: datetime
    time_zone: str
    movements: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that is said about a change: from `old` to `new`, as people call them."""

    old: str
    new: str
    difference: Difference
    exports: tuple[ExportChange, ...]
    data: Data | None = None

    @property
    def is_in_meaning(self) -> bool:
        """Whether something is computed otherwise: a metric, or what an export asks of one that is as it was."""
        return self.difference.is_in_meaning or any(export.queries for export in self.exports)


@dataclass(frozen=True, slots=True)
class Item:
    """Things of which the same is said: facts, each with what it is about."""

    names: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A title and what stands below it; `more` things are left out."""

    title: str
    items: tuple[Item, ...]
    more: int = 0


def summary(review: Review) -> str:
    """What matters, in one line."""
    found = review.difference
    own = sum(1 for metric in found.changed if metric.keys)
    counts = (
        (own, "changed in meaning"),
        (len(found.changed) - own, "through what they are made of" if own else "changed through what they are made of"),
        (len(found.renamed), "renamed"),
        (sum(entry.kind == "metric" for entry in found.removed), "removed"),
        (sum(entry.kind == "metric" for entry in found.added), "added"),
    )
    parts = [f"{count} {words}" for count, words in counts if count]
    touched = sum(1 for export in review.exports if export.queries or export.publishes)
    metrics = f"metrics: {', '.join(parts)}" if parts else "no metric changes in meaning"
    return metrics + (f"; {touched} export{'s' if touched > 1 else ''} touched" if touched else "")


def sections(review: Review) -> Iterator[Section]:
    """The parts of the report that have something to say."""
    found = review.difference
    own = [metric for metric in found.changed if metric.keys]
    through = [metric for metric in found.changed if not metric.keys]
    parts = (
        ("changed in meaning", map(_own, own)),
        ("changed through what they are made of", _grouped(through)),
        ("renamed", (Item((each.new,), (("was", each.old), ("is", each.definition))) for each in found.renamed)),
        ("removed", map(_entry, found.removed)),
        ("added", map(_entry, found.added)),
        ("other definitions that changed", map(_altered, found.altered)),
        ("exports", map(_export, review.exports)),
        ("the same meaning in other words", map(_reworded, found.reworded)),
    )
    for title, items in parts:
        all_items = tuple(items)
        if all_items:
            shown = (Item(item.names, tuple(map(_tidy, item.facts))) for item in all_items[:MOST_THINGS])
            yield Section(title, tuple(shown), max(0, len(all_items) - MOST_THINGS))


def _own(metric: Changed) -> Item:
    facts = [("was", metric.old), ("is", metric.new)] if metric.old != metric.new else [("is", metric.new)]
    facts += [(key.key, _arrow(key)) for key in metric.keys if not _is_told(metric, key)]
    keys = listing((key.key for key in metric.keys), MOST_NAMES)
    return Item((metric.name,), (*facts, *_where(metric), ("because of", _causes(metric, keys))))


def _is_told(metric: Changed, key: KeyChange) -> bool:
    """Whether the definitions in one line show already how a key has changed."""
    is_old_told = key.old is None or key.old in metric.old
    return metric.old != metric.new and is_old_told and (key.new is None or key.new in metric.new)


def _grouped(metrics: Sequence[Changed]) -> Iterator[Item]:
    """The metrics of which the same is to be said, together."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for metric in metrics:
        facts = (*_where(metric), ("because of", _causes(metric, "")))
        groups.setdefault(facts, []).append(metric.name)
    for facts, names in groups.items():
        yield Item(tuple(names), facts)


def _where(metric: Changed) -> Iterator[tuple[str, str]]:
    cuts = metric.cuts
    if metric.refusal:
        yield "now", f"it is refused: {metric.refusal}"
    elif cuts.everything:
        yield "differs", "everywhere"
    if cuts.changed:
        yield "differs", f"only when cut by {listing(map(_spoken, cuts.changed), MOST_NAMES)}"
    if cuts.lost and not metric.refusal:
        yield "now", f"it cannot be cut by {listing(map(_spoken, cuts.lost), MOST_NAMES)}"


def _spoken(cut: str) -> str:
    if cut == "day":
        return "time (day, week, month …)"
    return f"{cut.removesuffix('.day')} at any grain" if cut.endswith(".day") else cut


def _causes(metric: Changed, own: str) -> str:
    parts = [f"its own definition ({own})"] if own else []
    return "; ".join((*parts, *map(_cause, metric.causes))) or "what it is made of"


def _cause(cause: Altered) -> str:
    if not cause.keys:
        return f"{cause.kind} {cause.name}, which is new or gone"
    if cause.kind == "setting":
        return f"setting {_arrows(cause.keys)}"
    return f"{cause.kind} {cause.name} ({listing((key.key for key in cause.keys), MOST_NAMES)})"


def _entry(entry: Entry) -> Item:
    return Item((f"{entry.kind} {entry.name}",), (("is", entry.definition),) if entry.definition else ())


def _altered(thing: Altered) -> Item:
    name = "settings" if thing.kind == "setting" else f"{thing.kind} {thing.name}"
    return Item((name,), tuple((key.key, _arrow(key)) for key in thing.keys))


def _reworded(thing: Altered) -> Item:
    if thing.kind == "setting" and thing.name == "targets":
        return Item(("settings",), (("targets", "where queries run is not compared"),))
    return _altered(thing)


def _export(change: ExportChange) -> Item:
    facts = [
        (
            f"query {query.name}",
            listing(query.metrics, MOST_NAMES) if query.metrics else "what it is cut, filtered or ordered by",
        )
        for query in change.queries
    ]
    facts += [("publishes", "definitions that differ")] if change.publishes else []
    return Item((change.name,), (("it", _STATUS[change.status]), *facts))


def _arrows(keys: Iterable[KeyChange]) -> str:
    return ", ".join(f"{key.key}: {_arrow(key)}" for key in keys)


def _arrow(key: KeyChange) -> str:
    return f"{_value(key.old)} → {_value(key.new)}"


def _value(text: str | None) -> str:
    return "nothing" if text is None else text


def _tidy(fact: tuple[str, str]) -> tuple[str, str]:
    """A fact in one line of bearable length, without anything that could steer a terminal."""
    label, text = (one_line(" ".join(part.split())) for part in fact)
    return label, text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
