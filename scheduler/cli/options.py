"""The options that several commands share, and how their text becomes a Query and an instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from scheduler.cli.console import Refusal

if TYPE_CHECKING:
    from semantic import Layer, Query, Top
    from semantic.engines import Limits

FIRST_YEAR, LAST_YEAR = 1900, 9998  # periods around an instant need room on both sides
Command = TypeVar("Command", bound=Callable[..., Any])


def _once(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str | None:
    """Refuse a repeated option: the last one would silently win."""
    del ctx
    if len(value) > 1:
        message = f"give {param.opts[0]} once; join conditions with `and`"
        raise click.BadParameter(message)
    return value[0] if value else None


def _names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Split `a,b` and repeated options into one tuple of names."""
    del ctx, param
    return tuple(name for part in value for name in (piece.strip() for piece in part.split(",")) if name)


def _project(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path:
    """Take the command's own --project, else the one before the command, else the current folder."""
    del param
    return value or ctx.find_root().obj or Path()


project_option = click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_project,
    help="The folder that holds metrics/. Default: the current folder.",
)
target_option = click.option(
    "--target", metavar="NAME", help="Where to run: a target of project.yml. Default: its default_target."
)
as_of_option = click.option(
    "--as-of",
    metavar="TIME",
    help="The instant to look from: 2025-03-31 (that day's first moment), '2025-03-31 07:00' in the "
    "project's time zone, or 2025-03-31T07:00+07:00. Default: now.",
)

QUERY_OPTIONS = (
    click.argument("metrics", nargs=-1, metavar="METRIC..."),
    click.option("--by", multiple=True, callback=_names, metavar="A,B", help="Dimensions and time words to group by."),
    click.option("--where", multiple=True, callback=_once, metavar="CONDITION", help="Which rows count."),
    click.option("--having", multiple=True, callback=_once, metavar="CONDITION", help="Which results to keep."),
    click.option(
        "--period",
        multiple=True,
        callback=_once,
        metavar="PERIOD",
        help="2025, 2025-Q1, 2025-03, 'last 13 weeks', …",
    ),
    click.option("--order", multiple=True, callback=_names, metavar="A,B", help="Sort: 'active_users desc,week'."),
    click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N rows; the total is not counted."),
    click.option("--totals", is_flag=True, help="Add the total as the last row, computed from the rows."),
    click.option("--fill/--no-fill", default=True, help="Show periods without data too (on by default)."),
    click.option("--is-complete", is_flag=True, help="Say of each period whether all its data are there."),
    click.option("--complete-only", is_flag=True, help="Leave out periods of which data are missing."),
    click.option(
        "--top",
        multiple=True,
        callback=_once,
        metavar="DIMENSION:N:METRIC",
        help="Only its first N values by a metric, all others as one: 'gender:2:active_users', '… asc' for the last.",
    ),
    click.option("--other", metavar="TEXT", help="What --top calls the others. Default: Other."),
    click.option(
        "--purpose",
        multiple=True,
        callback=_once,
        metavar="TEXT",
        help="Show personal data unmasked, for this purpose; it is recorded.",
    ),
    as_of_option,
    target_option,
    project_option,
)


def query_options(command: Command) -> Command:
    """Give a command the metrics and every flag of a query."""
    for decorate in reversed(QUERY_OPTIONS):
        command = decorate(command)
    return command


def build_query(flags: dict[str, Any]) -> Query:
    """Return the Query that the flags ask for."""
    from semantic import Query

    fields = ("metrics", "by", "where", "having", "period", "order", "limit", "totals", "fill", "purpose")
    given = {field: flags[field] for field in (*fields, "is_complete", "complete_only")}
    return Query(**given, top=_top(flags["top"], flags["other"]))


def _top(text: str | None, other: str | None) -> Top | None:
    """Return what `DIMENSION:N:METRIC`, perhaps with a direction behind it, says."""
    from semantic import Top

    if text is None:
        if other is not None:
            message = "--other names what is not among the first values: add --top DIMENSION:N:METRIC"
            raise click.UsageError(message)
        return None
    dimension, _, rest = text.partition(":")
    count, _, last = rest.partition(":")
    by, _, order = last.strip().partition(" ")
    if not (dimension.strip() and count.strip().isdecimal() and by):
        message = f"--top: cannot read {text!r}; write DIMENSION:N:METRIC, as in gender:2:active_users"
        raise click.UsageError(message)
    said = {"order": order.strip().lower()} if order.strip() else {}
    return Top(dimension.strip(), int(count), by, **said, **({"other": other} if other is not None else {}))


def open_layer(project: Path, target: str | None = None, limits: Limits | None = None) -> Layer:
    """Return the layer over `project`."""
    from semantic import Layer

    return Layer(project, target=target, limits=limits)


def instant(text: str | None, zone: str) -> datetime:
    """Return the aware instant that `text` names in the project's time zone; now when there is no text."""
    if text is None:
        return datetime.now(UTC).astimezone(ZoneInfo(zone))
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        message = f"--as-of: cannot read {text!r}; write 2025-03-31, '2025-03-31 07:00' or 2025-03-31T07:00+07:00"
        raise Refusal(message) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        message = f"--as-of: the year of {text} is not between {FIRST_YEAR} and {LAST_YEAR}"
        raise Refusal(message)
    if moment.tzinfo is not None:
        return moment
    local = moment.replace(tzinfo=ZoneInfo(zone))
    if len(text.strip()) > len("2025-03-31"):
        _refuse_odd_hour(local, text)
    return local.astimezone(UTC).astimezone(ZoneInfo(zone))


def _refuse_odd_hour(local: datetime, text: str) -> None:
    """Refuse a local time that the clock change skips or repeats."""
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(fold=0) != local.replace(fold=0):
        message = f"--as-of: {text} does not exist in {local.tzinfo}: the clocks skip it"
        raise Refusal(message)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        message = f"--as-of: {text} happens twice in {local.tzinfo}; add the offset, as in {local.isoformat()}"
        raise Refusal(message)
