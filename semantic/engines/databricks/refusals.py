"""What Databricks and its connector say when something is wrong, in words for people and with a code.

Spark puts the class of an error in brackets before its text: `[TABLE_OR_VIEW_NOT_FOUND] The table …`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from semantic.errors import Diagnostic, listing, suggest

_CLASS = re.compile(r"\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\]\s*")
_END = re.compile(r"\s*(?:SQLSTATE: ?\w+.*|; line \d+ pos \d+.*|JVM stacktrace:.*|== SQL.*)?\Z", re.DOTALL)
_JAVA = re.compile(r"^(?:[\w.$]+(?:Exception|Error): ?|Error running query: ?)+")
_NAME = re.compile(r"`((?:[^`]|``)+)`")
RIGHTS = re.compile(
    r"INSUFFICIENT_(?:PERMISSIONS|PRIVILEGES)|PERMISSION_DENIED|does not have (?:permission|[A-Z ]+ on )|not authorized"
)
_QUOTE = re.compile(r"['\"]")
_STATE = re.compile(r"SQLSTATE: ?(\w+)")
_TIMED_OUT = re.compile(r"TIMEOUT|timed out", re.IGNORECASE)

Show = Callable[[str], list[str]]  # the names that a SHOW … statement gives; none where it fails


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of a statement: its class, if it has one, and what it says, without the parts for programmers."""

    kind: str
    text: str

    @classmethod
    def read(cls, message: str) -> Refusal:
        """Take a message apart. What is quoted before any class is a value, and no class stands in it."""
        found = list(_CLASS.finditer(message))
        if not found or _QUOTE.search(message, 0, found[0].start()):
            return cls("", _JAVA.sub("", _first_line(message)))
        kind = found[0][1]
        start = max(each.end() for each in found if each[1] == kind)  # Spark may say it twice
        return cls(kind, _first_line(_END.sub("", message[start:])))

    @property
    def names(self) -> tuple[str, ...]:
        """The parts of the first name in backticks, else of the first one in quotes."""
        run = re.search(r"`(?:[^`]|``)+`(?:\.`(?:[^`]|``)+`)*|'[^']+'", self.text)
        if run is None or run[0].startswith("'"):
            return tuple(run[0].strip("'").split(".")) if run else ()
        return tuple(part.replace("``", "`") for part in _NAME.findall(run[0]))


def explain_refusal(message: str, seconds: float | None, show: Show) -> Diagnostic:
    """What is wrong with a statement that Databricks has refused, or given up."""
    refusal = Refusal.read(message)
    kind = refusal.kind.partition(".")[0]
    if _is_about_rights(refusal.kind, message):
        return Diagnostic("E431", f"a privilege is missing: {refusal.text}", hint="ask the owner for a GRANT")
    if kind in ("TABLE_OR_VIEW_NOT_FOUND", "NO_SUCH_TABLE"):
        return _missing_table(refusal, show)
    if kind in ("SCHEMA_NOT_FOUND", "NO_SUCH_DATABASE"):
        return _missing("schema", refusal, show(f"SHOW SCHEMAS{_within(refusal.names[:-1])}"))
    if "CATALOG" in kind and ("NOT_FOUND" in kind or "NO_SUCH" in kind):
        return _missing("catalog", refusal, show("SHOW CATALOGS"))
    if kind == "UNRESOLVED_COLUMN" and refusal.names:
        return _missing_column(refusal)
    if "TIMEOUT" in kind or (not kind and _TIMED_OUT.search(message)):
        return timed_out(seconds)
    return Diagnostic("E406", f"Databricks refused the query: {refusal.text}")


def _is_about_rights(kind: str, message: str) -> bool:
    """Whether a privilege is missing, by what Databricks says itself: never by a value that it quotes."""
    if not kind:
        return RIGHTS.search(_QUOTE.split(message)[0]) is not None
    states = _STATE.findall(message.partition("== SQL")[0])  # its own comes last
    return RIGHTS.search(kind) is not None or states[-1:] == ["42501"]


def timed_out(seconds: float | None) -> Diagnostic:
    """A query that was stopped, by us or by the warehouse's own limit."""
    if seconds is None:
        return Diagnostic("E404", "the query took longer than the warehouse allows, and was stopped")
    return Diagnostic("E404", f"the query took longer than {seconds:g} s and was stopped")


def _missing_table(refusal: Refusal, show: Show) -> Diagnostic:
    name = ".".join(refusal.names)
    known = show(f"SHOW TABLES{_within(refusal.names[:-1])}")
    hint = suggest(refusal.names[-1], known) if refusal.names else None
    hint = hint or (f"tables: {listing(known)}" if known else "no table is visible there with this login")
    return Diagnostic("E402", f"the table '{name}' does not exist in the target", hint=hint)


def _missing(what: str, refusal: Refusal, known: list[str]) -> Diagnostic:
    name = ".".join(refusal.names) or refusal.text
    hint = suggest(refusal.names[-1], known) if refusal.names else None
    return Diagnostic("E402", f"there is no {what} '{name}'", hint=hint or f"what this login sees: {listing(known)}")


def _missing_column(refusal: Refusal) -> Diagnostic:
    near = [_NAME.findall(each)[-1] for each in _suggested(refusal.text)]
    hint = suggest(refusal.names[-1], near) or (f"columns: {listing(near)}" if near else None)
    return Diagnostic("E402", f"there is no column '{refusal.names[-1]}'", hint=hint)


def _suggested(text: str) -> Iterator[str]:
    """The names in `Did you mean one of the following? [`a`.`b`, `a`.`c`]`."""
    listed = re.search(r"\[(`.*`)\]", text)
    yield from listed[1].split(", ") if listed else ()


def _within(parts: tuple[str, ...]) -> str:
    return f" IN {'.'.join(map(quoted, parts))}" if parts else ""


def quoted(name: str) -> str:
    """A name between backticks."""
    return f"`{name.replace('`', '``')}`"


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith(":"):  # it announces the second one
        return f"{lines[0]} {lines[1]}"
    return lines[0] if lines else "it said nothing"
