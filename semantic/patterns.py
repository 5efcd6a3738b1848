r"""Regular expressions that RE2, which DuckDB has, and Java's, which Spark has, read alike; the rest is refused.

DuckDB takes a pattern as it is written, Spark one that is written anew: its `.` leaves out other line ends, its `$`
stands before a last line end too, its `\s` has one character more, and `&&` in its classes is an operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import punctuation
from typing import NoReturn

_LONGEST, _DEEPEST, _MOST = 500, 20, 1000  # RE2 repeats nothing more than a thousand times, parts of parts together
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(0|[1-9]\d{0,3})(?:(,)(0|[1-9]\d{0,3})?)?\})\??", re.ASCII)
_CONTROLS = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\f": r"\f"}
_WRITTEN = {written[1]: control for control, written in _CONTROLS.items()}
_CLASSES = {"d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W", "s": r"\t\n\f\r "}
_ESCAPES = "escapes are \\d \\D \\w \\W \\s \\S \\n \\t \\r \\f and those of punctuation, \\."
_INSTEAD = {
    **dict.fromkeys("bB", r"write (^|\W)word(\W|$)"),
    **dict.fromkeys("AzZ", "write ^ at the beginning and $ at the end"),
    **dict.fromkeys("pP", "write the letters between brackets: [A-Za-zÄÖÜäöü]"),
}
_FLAGS = "flags, names and looking around mean other things elsewhere; write [Aa], or lower(x)"
_REPEATED = "repeat a character, a class, or a group of so many of them: [ab]*, (ab)*, (a[bc]{2})+"


class PatternError(ValueError):
    """A pattern that is refused; `start` and `end` are characters of it."""

    def __init__(self, message: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.hint = message, start, end, hint


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern, as Java has it. `steady`: it has one length and no alternatives, so may be repeated.

    `times` is how often something in it is repeated at most; `ends` where a `$` in it stands.
    """

    java: str
    steady: bool = True
    times: int = 1
    anchored: bool = False
    ends: int | None = None


@dataclass(slots=True)
class _Reader:
    pattern: str
    at: int = 0
    depth: int = field(default=0)

    def refuse(self, message: str, start: int, hint: str | None = None, end: int | None = None) -> NoReturn:
        raise PatternError(message, start, max(end or self.at, start + 1), hint)

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def takes(self, text: str) -> bool:
        found = self.pattern.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def alternatives(self, first: bool) -> _Part:
        """What stands between the ends of a pattern or a group; `first`: nothing stands before it."""
        found = [self.sequence(first)]
        while self.takes("|"):
            found.append(self.sequence(first))
        return _Part(
            "|".join(each.java for each in found),
            steady=len(found) == 1 and found[0].steady and bool(found[0].java),
            times=max(each.times for each in found),
            anchored=any(each.anchored for each in found),
            ends=next((each.ends for each in found if each.ends is not None), None),
        )

    def sequence(self, first: bool) -> _Part:
        parts: list[_Part] = []
        while self.peek() not in ("", "|", ")"):
            if parts and (ends := parts[-1].ends) is not None:
                self.refuse("'$' stands at the end of a pattern only", ends, r"a dollar sign is \$", ends + 1)
            parts.append(self.repeated(first and not parts))
        return _Part(
            "".join(part.java for part in parts),
            steady=all(part.steady for part in parts),
            times=max((part.times for part in parts), default=1),
            anchored=any(part.anchored for part in parts),
            ends=parts[-1].ends if parts else None,
        )

    def repeated(self, first: bool) -> _Part:
        start = self.at
        part = self.part(first)
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            return part
        quantifier, self.at = found[0], found.end()
        low, comma, high = found.groups()
        if self.peek() in ("*", "+", "?", "{"):
            self.refuse(f"'{quantifier}{self.peek()}' repeats what is repeated", start, _REPEATED, self.at + 1)
        most = int(high or low or 1)
        if most * part.times > _MOST or most < int(low or 0):
            self.refuse(f"'{quantifier}' is no number of times", found.start(), f"{_MOST} times at most, less first")
        self.check_repeated(part, quantifier, start)
        steady = part.steady and low is not None and not comma and most > 0
        return _Part(part.java + quantifier, steady, most * part.times)

    def check_repeated(self, part: _Part, quantifier: str, start: int) -> None:
        """Java tries all ways through other groups one after the other, and each takes room on its stack."""
        if part.anchored:
            self.refuse("'^' and '$' are not repeated", start)
        if not part.steady and not quantifier.startswith("?"):
            shown = self.pattern[start : self.at]
            self.refuse(f"'{shown}' repeats a group that has more than one length or way", start, _REPEATED)

    def part(self, first: bool) -> _Part:
        start, character = self.at, self.peek()
        self.at += 1
        match character:
            case "(":
                return self.group(start, first)
            case "[":
                return _Part(self.character_class(start))
            case "^":
                if not first:
                    self.refuse("'^' stands at the beginning of a pattern only", start, r"a caret is \^")
                return _Part("^", steady=False, anchored=True)
            case "$":
                return _Part(r"\z", steady=False, anchored=True, ends=start)
            case ".":
                return _Part(r"[^\n]")
            case "\\":
                return _Part(self.escape(start))
            case "*" | "+" | "?":
                self.refuse(f"'{character}' repeats nothing", start, f"the character itself is \\{character}")
            case "{" | "}" | "]":
                self.refuse(f"'{character}' stands alone", start, f"the character itself is \\{character}")
        return _Part(self.literal(character, start))

    def group(self, start: int, first: bool) -> _Part:
        if not self.takes("?:") and self.peek() == "?":
            closing = self.pattern.find(")", start)
            shown = self.pattern[start : closing + 1 if closing >= 0 else start + 3]
            self.refuse(f"'{shown}' is not read alike everywhere", start, _FLAGS, start + len(shown))
        self.depth += 1
        if self.depth > _DEEPEST:
            self.refuse("groups stand too deeply within each other", start)
        found = self.alternatives(first)
        if not self.takes(")"):
            self.refuse("'(' is not closed", start, r"a parenthesis is \(", start + 1)
        self.depth -= 1
        return _Part(f"(?:{found.java})", found.steady, found.times, found.anchored, found.ends)

    def escape(self, start: int) -> str:
        character = self.peek()
        self.at += 1
        if character == "s":
            return f"[{_CLASSES['s']}]"
        if character == "S":
            return f"[^{_CLASSES['s']}]"
        return _CLASSES.get(character) or _java(self.escaped(character, start))

    def escaped(self, character: str, start: int) -> str:
        """The one character that an escape means."""
        if character in _WRITTEN:
            return _WRITTEN[character]
        if not character or character not in punctuation:
            shown = f"\\{character}"
            self.refuse(f"'{shown}' is not read alike everywhere", start, _INSTEAD.get(character, _ESCAPES))
        return character

    def character_class(self, start: int) -> str:
        begin = "[^" if self.takes("^") else "["
        items = "".join(self.items(start))
        if not items:
            self.refuse("a class of no characters", start, r"a bracket within a class is \]")
        return f"{begin}{items}]"

    def items(self, start: int) -> Iterator[str]:
        inside = self.at
        while not self.takes("]"):
            if not self.peek():
                self.refuse("'[' is not closed", start, r"a bracket is \[", start + 1)
            low = self.item(start, inside)
            if len(low) > 1 or self.peek() != "-" or self.pattern.startswith("-]", self.at):
                yield low if len(low) > 1 else _java(low)
                continue
            self.at += 1
            high = self.item(start, self.at)
            if len(high) > 1 or high < low:
                shown = self.pattern[start : self.at]
                self.refuse(f"'{shown}' ends in no range", start, r"a range is a-z; a minus sign is \-")
            yield f"{_java(low)}-{_java(high)}"

    def item(self, start: int, inside: int) -> str:
        """A character, or the text of a class within a class."""
        at, character = self.at, self.peek()
        self.at += 1
        if character == "\\":
            escaped = self.peek()
            self.at += 1
            if escaped == "S":
                self.refuse(r"'\S' within a class is not read alike everywhere", at, r"write [^…\s]")
            return _CLASSES.get(escaped) or self.escaped(escaped, at)
        if character == "[" or (character == "-" and at != inside and self.peek() != "]"):
            self.refuse(f"'{character}' within a class means several things", at, f"write \\{character}")
        return self.literal(character, at, java=False)

    def literal(self, character: str, start: int, java: bool = True) -> str:
        if not (character.isprintable() or character in _CONTROLS or character.isspace()) or character == "\x0b":
            self.refuse("a character that cannot be seen", start, _ESCAPES)
        return _java(character) if java else character


def _java(character: str) -> str:
    """A character that means itself."""
    return _CONTROLS.get(character) or (f"\\{character}" if character in punctuation else character)


def java_pattern(pattern: str) -> str:
    """The pattern as Java writes what RE2 reads in it. Raises PatternError for what the two do not read alike."""
    reader = _Reader(pattern)
    if len(pattern) > _LONGEST:
        reader.refuse(f"a pattern of more than {_LONGEST} characters", 0)
    found = reader.alternatives(first=True)
    if reader.at < len(pattern):
        reader.refuse("')' closes nothing", reader.at, r"a parenthesis is \)", reader.at + 1)
    return found.java
