"""The time spine as SQL: every combination of the time words in a range, whether rows fall there or not."""

from __future__ import annotations

from datetime import UTC, date, timedelta

from sqlglot import exp

from semantic.calendars import DATE
from semantic.clocks import Clock, first_instant, last_second, to_local
from semantic.expressions import GRAINS, call, cast, date_literal, text, timestamp_literal
from semantic.model import Dataset
from semantic.periods import DAY_GRAINS, Calendar, as_interval, hour_step
from semantic.plan import Began, Key, Spine
from semantic.scan_select import source_of
from semantic.trees import column, cross_join, interval, join, named, select, subquery, table, union_all, where

Until = tuple[str, Key]  # a CTE of periods, and its column


def spine_select(spine: Spine, groups: str, condition: exp.Expr | None, until: Until | None = None) -> exp.Select:
    """One row for each combination of the spine's keys.

    Without a period the range is that of the observed rows in the CTE `groups` that meet `condition`; from where the
    data begin on it goes up to as-of, and over all periods of `until`.
    """
    if spine.begins:
        return _from_the_beginning(spine, until)
    if spine.days is not None:
        return _days_of_calendar(spine, spine.days, groups, condition)
    grains = [str(key.grain) for key in spine.keys]
    finest = min(grains, key=_rank)
    if finest not in DAY_GRAINS:
        return _moments(spine, groups, condition)
    if len(grains) == 1:
        return _periods(spine, grains[0], groups, condition)
    return _days(spine, groups, condition)


def _days_of_calendar(spine: Spine, days: Dataset, groups: str, condition: exp.Expr | None) -> exp.Select:
    """The combinations of periods that the dates of a calendar fall in, not later than as-of."""
    day, today = column(DATE, days.name), spine.now.today
    clock = Clock(day, "date", "UTC", spine.now.calendar)
    labels = {key.name: column(key.name, days.name) if key.calendar else clock.at(str(key.grain)) for key in spine.keys}
    found = select([named(label, name) for name, label in labels.items()], source_of(days, days.name))
    found.set("distinct", exp.Distinct())
    known = [exp.Not(this=exp.Is(this=label.copy(), expression=exp.Null())) for label in labels.values()]
    if spine.period is not None:
        last = min(spine.period.end - timedelta(days=1), today)
        return where(found, [*known, *_between(day, date_literal(spine.period.start), date_literal(last))])
    same = [exp.EQ(this=label.copy(), expression=column(name, groups)) for name, label in labels.items()]
    edges = [named(exp.Min(this=day), "first_day"), named(exp.Max(this=day.copy()), "last_day")]
    shown = select(edges, source_of(days, days.name))
    join(shown, table(groups), exp.and_(*same, copy=False))
    where(shown, [condition] if condition is not None else [])
    cross_join(found, subquery(shown, "shown"))
    last_day = call("least", column("last_day", "shown"), date_literal(today))
    return where(found, [*known, *_between(day, column("first_day", "shown"), last_day)])


def _between(day: exp.Expr, first: exp.Expr, last: exp.Expr) -> list[exp.Expr]:
    return [exp.GTE(this=day.copy(), expression=first), exp.LTE(this=day.copy(), expression=last)]


def _periods(spine: Spine, grain: str, groups: str, condition: exp.Expr | None) -> exp.Select:
    """One time word: its periods, one after the other."""
    name, calendar = spine.keys[0].name, spine.now.calendar
    today = calendar.local(spine.now.as_of).date()
    if spine.period is not None:
        last_day = min(spine.period.end - timedelta(days=1), today)
        first = date_literal(calendar.first_day(spine.period.start, grain))
        last = date_literal(calendar.first_day(last_day, grain))
        series = select([named(_series(first, last, grain), "period")])
    else:
        until = date_literal(calendar.first_day(today, grain))
        last = exp.Least(this=exp.Max(this=column(name)), expressions=[until])
        series = _observed(_series(exp.Min(this=column(name)), last, grain), groups, condition)
    day = cast(column("period"), "date")
    return select([named(day, name)], subquery(series, "series"))


def begins_select(begins: tuple[Began, ...], by_instant: bool) -> exp.Select:
    """The business day, or the instant (naive UTC), with which the data begin."""
    firsts = []
    for began in begins:
        first = to_local(began.clock, "UTC") if by_instant else began.clock.at("day")
        firsts.append(select([named(first, "began")], source_of(began.dataset, began.dataset.name)))
    if len(firsts) == 1:
        return firsts[0]
    return select([named(exp.Min(this=column("began")), "began")], subquery(union_all(firsts), "beginnings"))


def _from_the_beginning(spine: Spine, until: Until | None) -> exp.Select:
    """The periods of one time word, without those that are over before the data begin."""
    (key,), calendar = spine.keys, spine.now.calendar
    grain, zone = str(key.grain), calendar.time_zone
    below_day = grain not in DAY_GRAINS
    first = _first_moment(column("began"), spine) if below_day else _first_day(column("began"), spine)
    if spine.period is not None:
        first = call("greatest", first, _edge(spine.period.start, grain, calendar))
    last = _last(spine, grain)
    if until is not None:
        last = call("greatest", last, column("latest"))
    series = _moment_series(first, last, grain, zone) if below_day else _series(first, last, grain)
    name = "moment" if below_day else "period"
    found = select([named(series, name)], subquery(begins_select(spine.begins, below_day), "begins"))
    if until is not None:
        cross_join(found, subquery(select([named(_latest(spine, until), "latest")], table(until[0])), "shown"))
    where(found, [exp.Not(this=exp.Is(this=column("began"), expression=exp.Null()))])
    if not below_day:
        return select([named(cast(column(name), "date"), key.name)], subquery(found, "series"))
    return _distinct(spine, Clock(column(name), "timestamp", "UTC", calendar), found)


def _first_moment(began: exp.Expr, spine: Spine) -> exp.Expr:
    """The first moment (naive UTC) of the hour in which the data begin: not everywhere that of an hour in UTC."""
    return call("utc", Clock(began, "timestamp", "UTC", spine.now.calendar).at(str(spine.keys[0].grain)))


def _first_day(day: exp.Expr, spine: Spine) -> exp.Expr:
    return Clock(day, "date", "UTC", spine.now.calendar).at(str(spine.keys[0].grain))


def _latest(spine: Spine, until: Until) -> exp.Expr:
    """The last period, or the last moment (naive UTC), that lies in the periods of a CTE."""
    (key,), (_, outer), zone = spine.keys, until, spine.now.calendar.time_zone
    shown, length = exp.Max(this=column(outer.name)), interval(*as_interval(str(outer.grain)))
    if outer.grain not in DAY_GRAINS:
        return exp.Sub(this=exp.Add(this=call("utc", shown), expression=length), expression=interval(1, "second"))
    after = cast(exp.Add(this=shown, expression=length), "date")
    if key.grain in DAY_GRAINS:
        return _first_day(cast(exp.Sub(this=after, expression=interval(1, "day")), "date"), spine)
    midnight = call("to_zone", cast(after, "timestamp"), text(zone), text("UTC"))
    return exp.Sub(this=midnight, expression=interval(1, "second"))


def _last(spine: Spine, grain: str) -> exp.Expr:
    """The last period: not after the query's, nor after as-of where that is the end."""
    calendar, now = spine.now.calendar, spine.now
    end = spine.period.end if spine.period is not None else spine.end
    if grain in DAY_GRAINS:
        last = now.today if end is None else end - timedelta(days=1)
        return date_literal(calendar.first_day(last if spine.beyond else min(last, now.today), grain))
    moment = now.instant if end is None else last_second(end, calendar.time_zone)
    return timestamp_literal(moment if spine.beyond else min(moment, now.instant))


def _edge(day: date, grain: str, calendar: Calendar) -> exp.Expr:
    if grain in DAY_GRAINS:
        return date_literal(calendar.first_day(day, grain))
    return timestamp_literal(first_instant(day, calendar.time_zone))


def _days(spine: Spine, groups: str, condition: exp.Expr | None) -> exp.Select:
    """Several time words from `day` up: the combinations that the days of the range fall in."""
    today = spine.now.calendar.local(spine.now.as_of).date()
    if spine.period is not None:
        first = date_literal(spine.period.start)
        last = date_literal(min(spine.period.end - timedelta(days=1), today))
        series = select([named(_series(first, last, "day"), "period")])
    else:
        starts: list[exp.Expr] = [column(key.name) for key in spine.keys]
        ends: list[exp.Expr] = [_last_day(key) for key in spine.keys]
        first = exp.Min(this=exp.Greatest(this=starts[0], expressions=starts[1:]))
        last_seen = exp.Max(this=exp.Least(this=ends[0], expressions=ends[1:]))
        last = exp.Least(this=last_seen, expressions=[date_literal(today)])
        series = _observed(_series(first, last, "day"), groups, condition)
    clock = Clock(cast(column("period"), "date"), "date", "UTC", spine.now.calendar)
    return _distinct(spine, clock, series)


def _moments(spine: Spine, groups: str, condition: exp.Expr | None) -> exp.Select:
    """A time word below `day`, maybe with others: the combinations that the moments of the range fall in."""
    zone = spine.now.calendar.time_zone
    finest = min((str(key.grain) for key in spine.keys), key=_rank)
    as_of = spine.now.as_of.astimezone(UTC).replace(tzinfo=None)
    latest = as_of + _shift(finest, zone)
    if spine.period is not None:
        first = timestamp_literal(first_instant(spine.period.start, zone))
        last = timestamp_literal(min(last_second(spine.period.end, zone), latest))
        series = select([named(_moment_series(first, last, finest, zone), "moment")])
    else:
        name = next(key.name for key in spine.keys if key.grain == finest)
        first = _within(exp.Min(this=column(name)), finest, zone)
        seen = _within(exp.Max(this=column(name)), finest, zone)
        last = exp.Least(this=seen, expressions=[timestamp_literal(latest)])
        series = _observed(_moment_series(first, last, finest, zone), groups, condition)
    clock = Clock(column("moment"), "timestamp", "UTC", spine.now.calendar)
    found = _distinct(spine, clock, series)
    if latest != as_of:
        begun = exp.LTE(this=call("utc", clock.at(finest)), expression=timestamp_literal(as_of))
        found.set("where", exp.Where(this=begun))
    return found


def _within(label: exp.Expr, grain: str, zone: str) -> exp.Expr:
    """A moment (naive UTC) within the hour that a label names.

    Where the clock moves by half an hour, the label itself can be a time that never was, and lie in the hour before.
    """
    utc, minutes = call("utc", label), _shift(grain, zone).seconds // 60
    if not minutes:
        return utc
    return exp.Add(this=utc, expression=interval(minutes, "minute"))


def _shift(grain: str, zone: str) -> timedelta:
    """How far after its label a moment lies that is surely within the hour."""
    return timedelta(minutes=30 if grain == "hour" and hour_step(zone) != 60 else 0)


def _rank(grain: str) -> int:
    """Where a grain stands from fine to coarse."""
    return GRAINS.index(grain)


def _moment_series(first: exp.Expr, last: exp.Expr, grain: str, zone: str) -> exp.Expr:
    if grain == "hour":
        return call("series", first, last, exp.Literal.number(hour_step(zone)), text("minute"))
    return _series(first, last, grain)


def _series(first: exp.Expr, last: exp.Expr, grain: str) -> exp.Expr:
    count, unit = (1, grain) if grain == "week" else as_interval(grain)
    return call("series", first, last, exp.Literal.number(count), text(unit))


def _observed(series: exp.Expr, groups: str, condition: exp.Expr | None) -> exp.Select:
    found = select([named(series, "moment" if _is_moment(series) else "period")], table(groups))
    if condition is not None:
        found.set("where", exp.Where(this=condition.copy()))
    return found


def _is_moment(series: exp.Expr) -> bool:
    return str(series.expressions[-1].this) in ("second", "minute", "hour")


def _distinct(spine: Spine, clock: Clock, series: exp.Select) -> exp.Select:
    expressions = [named(clock.at(str(key.grain)), key.name) for key in spine.keys]
    found = select(expressions, subquery(series, "series"))
    found.set("distinct", exp.Distinct())
    return found


def _last_day(key: Key) -> exp.Expr:
    """The last day of an observed period."""
    after = exp.Add(this=column(key.name), expression=interval(*as_interval(str(key.grain))))
    return cast(exp.Sub(this=after, expression=interval(1, "day")), "date")
