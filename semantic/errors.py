"""Everything metricast says to people when something is wrong.

    MetricastError
    ├── ModelError     mistakes in YAML: the project cannot be used before they are mended
    ├── QueryError     a question that has no correct answer as it was asked
    ├── EngineError    the target is down, a table is missing, a limit was reached, data break a declared key
    ├── ExportError    an export or a delivery that cannot be made
    └── ScheduleError  a schedule or a run that cannot be carried out

Codes: E1xx YAML and project, E2xx model, E3xx query, E4xx engine and data, E5xx exports, E6xx scheduler.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

_SECRET = re.compile(  # in YAML: the value of such a key that is no template and no name of a variable
    r"""((?:token|secret|password)\w*["']?[ \t]*:[ \t]*)"""
    r"""(?!["']?(?:\{\{|[A-Z_][A-Z0-9_]*["']?[ \t]*(?:[,}#]|$)))([^ \t,}#]+)"""
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line of a file; line and column count from 1."""

    file: str
    line: int
    column: int
    length: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong: a stable code, a sentence, where it is, and what to do about it."""

    code: str
    message: str
    span: Span | None = None
    hint: str | None = None

    def render(self) -> str:
        """The message as people read it, with the offending line and a caret under the word."""
        if self.span is None:
            return f"{self.code}  {self.message}" + (f"\n    {self.hint}" if self.hint else "")
        head = f"{self.span}  {self.code} {self.message}"
        if not self.span.text:
            return head + (f"\n    {self.hint}" if self.hint else "")
        return f"{head}\n" + "\n".join(f"    {line}" for line in self._pointed_at(self.span))

    def _pointed_at(self, span: Span) -> tuple[str, str]:
        """The line, and below it the caret with the hint; a tab that is pointed at is shown as an arrow."""
        line = "".join(
            character if character.isprintable() or character == "\t" else "\ufffd" for character in span.text
        )
        is_tab = line[span.column - 1 : span.column] == "\t"
        line = _SECRET.sub(lambda found: found[1] + "*" * len(found[2]), line)
        line = line.replace("\t", "→" if is_tab else " ").rstrip()
        indent = 0 if is_tab else len(line) - len(line.lstrip())
        before, marked = line[indent : span.column - 1], line[span.column - 1 :][: span.length]
        caret = " " * _width(before) + "^" * max(1, _width(marked))
        return line[indent:], f"{caret}   {self.hint}" if self.hint else caret


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: marks above and below letters take none, wide letters two."""
    marks = sum(unicodedata.category(character) in ("Mn", "Me", "Cf") for character in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each once, by file, line and column."""

    def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
        span = diagnostic.span
        return (span.file, span.line, span.column) if span else ("", 0, 0)

    return tuple(sorted(dict.fromkeys(diagnostics), key=place))


Report = Callable[[Diagnostic], None]


class MetricastError(Exception):
    """Base of all errors that a user can act on; `str()` renders every diagnostic."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = diagnostics

    def __str__(self) -> str:
        return "\n".join(diagnostic.render() for diagnostic in self.diagnostics)


class ModelError(MetricastError):
    """Mistakes in the project's YAML."""


class QueryError(MetricastError):
    """A query that is refused, with the reason."""


class EngineError(MetricastError):
    """The target could not answer, or its data break what the model declares."""


class ExportError(MetricastError):
    """An export or a delivery that cannot be made."""


class ScheduleError(MetricastError):
    """A schedule or a run that cannot be carried out."""


class Named(Protocol):
    """What has other names than its own, or does not want to be shown."""

    @property
    def synonyms(self) -> tuple[str, ...]:
        """The other names."""

    @property
    def hidden(self) -> bool:
        """Whether it is left out of lists."""


def suggest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """`did you mean 'revenue'?` for the known word nearest to `word`, else None."""
    name = nearest(word, known, likeness)
    return None if name is None else f"did you mean '{name}'?"


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that was probably meant: letters in another order are nearer than other letters."""
    names = list(known)
    near = difflib.get_close_matches(word.lower(), [name.lower() for name in names], n=3, cutoff=likeness)
    near.sort(key=lambda name: sorted(name) != sorted(word.lower()))
    return next((name for name in names if near and name.lower() == near[0]), None)


def known_as(word: str, known: Mapping[str, Named]) -> str | None:
    """The hint for an unknown name: the things that have it as a synonym, else the nearest name that is not hidden."""
    called: dict[int, str] = {}
    for name, thing in known.items():
        if word.casefold() in (synonym.casefold() for synonym in thing.synonyms):
            called.setdefault(id(thing), f"'{name}'")  # under its first name
    if called:
        return f"{' or '.join(called.values())} is what is known as '{word}'"
    return suggest(word, [name for name, thing in known.items() if not thing.hidden])


def usable(name: str) -> str:
    """The name nearest to one that cannot be used: `new-users` → `new_users`."""
    found = re.sub(r"\W+", "_", name).strip("_")
    return found if found.isidentifier() else f"n_{found}"


def listing(names: Iterable[str], limit: int = 8) -> str:
    """Names as a person would list them: `a, b, c and 4 more`."""
    names = list(names)
    shown, rest = names[:limit], len(names) - limit
    return (", ".join(shown) or "none") + (f" and {rest} more" if rest > 0 else "")
