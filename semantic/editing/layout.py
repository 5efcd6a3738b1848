"""Lines of YAML, moved: the entries of blocks in the order of the house, each block two columns within the one above.

Lines are counted from 0; what is returned is indented from the block's own first column on.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from semantic.editing.key_order import Guide, arranged
from semantic.editing.written import Block, Entry, Flow, Leaf, Page, Written, header_of

STEP = 2


@dataclass(frozen=True, slots=True)
class _Chunk:
    """An entry with the comments above it, and the number of blank lines before those."""

    blanks: int
    lead: list[str]
    body: list[str]


@dataclass(frozen=True, slots=True)
class _Text:
    """A block scalar: the lines of its `|` and of its end, the columns of its text before and after."""

    header: int
    last: int
    column: int
    step: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The page that lines are taken from."""

    page: Page

    def block(self, block: Block, begin: int, stop: int, guide: Guide) -> list[str]:
        """The lines [begin, stop) of a block, comments before and after its entries included."""
        column = self.page.column(block.entries[0].start)
        limits = [*(self.page.line(entry.start) for entry in block.entries[1:]), stop]
        chunks = []
        for entry, below, limit in zip(block.entries, guide.below(block), limits, strict=True):
            end = self._end_of(entry, column, limit)
            body = self._entry(entry, column, end, below)
            chunks.append(_chunk(self._bare(begin, self.page.line(entry.start)), body))
            begin = end
        lines: list[str] = []
        for slot, place in zip(chunks, self._order(block, guide), strict=True):
            lines += [""] * slot.blanks + chunks[place].lead + chunks[place].body
        return lines + self._bare(begin, stop)

    def _order(self, block: Block, guide: Guide) -> tuple[int, ...]:
        """The order of the entries; the present one where blank lines after one of them are part of a text."""
        if any(keeps_breaks(self.page, entry.value) for entry in block.entries):
            return tuple(range(len(block.entries)))
        return arranged(block, guide)

    def _bare(self, begin: int, end: int) -> list[str]:
        """Lines of comments and blank lines, at the first column."""
        return [line.strip(" \t") for line in self.page.lines[begin:end]]

    # --- where things end --------------------------------------------------------------------------------

    def _end_of(self, entry: Entry, column: int, limit: int) -> int:
        """The line after an entry and after the comments that are indented more than it."""
        end = self._last_line(entry, column) + 1
        for number in range(end, limit):
            line = self.page.lines[number]
            if line.strip(" \t"):
                if _indent(line) <= column:
                    break
                end = number + 1
        return end

    def _last_line(self, entry: Entry, column: int) -> int:
        value = entry.value
        if isinstance(value, Block):
            below = value.entries[-1]
            return self._last_line(below, self.page.column(value.entries[0].start))
        if isinstance(value, Leaf) and value.style in ("|", ">"):
            return self._text(value, column).last
        if value.end > value.start:
            return self.page.line(value.end - 1)
        return self.page.line(entry.start)

    def _text(self, leaf: Leaf, parent: int) -> _Text:
        """The extent of a block scalar in a block at column `parent`."""
        found = header_of(self.page.text, leaf)
        header = self.page.line(found.start())
        digits = found["indicators"].strip("+-")
        below = range(header + 1, len(self.page.lines))
        first = next((_indent(line) for line in map(self.page.lines.__getitem__, below) if line.strip(" ")), 0)
        column = parent + int(digits) if digits else max(first, parent + 1)
        last = header
        for number in below:
            line = self.page.lines[number]
            if line.strip(" ") and _indent(line) < column:
                break
            if line.strip(" ") or len(line) > column or "+" in found["indicators"]:
                last = number
        return _Text(header, last, column, int(digits) if digits else STEP)

    # --- entries -----------------------------------------------------------------------------------------

    def _entry(self, entry: Entry, column: int, end: int, guide: Guide) -> list[str]:
        """The lines of an entry, from its key or dash on."""
        line, value = self.page.line(entry.start), entry.value
        if not isinstance(value, Block):
            return self._leaf(entry, value, column, end)
        if self.page.line(value.entries[0].start) > line:
            return [self._head(entry, column)[0], *_indented(self.block(value, line + 1, end, guide))]
        lines = self.block(value, line, end, guide)
        above = list(takewhile(lambda text: not text or text.startswith("#"), lines))
        first, *rest = lines[len(above) :]
        return [*above, f"- {first}", *_indented(rest)]

    def _head(self, entry: Entry, column: int) -> tuple[str, int]:
        """The line of a key or dash, and by how much what comes after a dash has moved to the left."""
        text = self.page.lines[self.page.line(entry.start)][column:].rstrip(" \t")
        if entry.key is not None:
            return text, 0
        item = text[1:].lstrip(" \t")
        return (f"- {item}", len(text) - len(item) - STEP) if item else ("-", 0)

    def _leaf(self, entry: Entry, value: Leaf | Flow, column: int, end: int) -> list[str]:
        head, moved = self._head(entry, column)
        line = self.page.line(entry.start)
        if isinstance(value, Leaf) and value.style in ("|", ">"):
            text = self._text(value, column)
            between = _indented(self._bare(line + 1, text.header + 1))
            return [head, *between, *self._content(text), *self._after(text.last + 1, end, column, text.step - 1)]
        last = self._last_line(entry, column)
        if value.end > value.start and self.page.line(value.start) > line:
            moved = self.page.column(value.start) - column - STEP
        lines = [_moved(text, column + moved, value) for text in self.page.lines[line + 1 : last + 1]]
        if lines:
            lines[-1] = lines[-1].rstrip(" \t")
        return [head, *lines, *self._after(last + 1, end, column, None)]

    def _content(self, text: _Text) -> list[str]:
        lines = self.page.lines[text.header + 1 : text.last + 1]
        return [" " * text.step + line[text.column :] if len(line) > text.column else "" for line in lines]

    def _after(self, begin: int, end: int, column: int, most: int | None) -> list[str]:
        """The comments that go on below an entry, indented more than it, and by `most` at most."""
        found = []
        for line in self.page.lines[begin:end]:
            indent = _indent(line) - column
            text = line.strip(" \t")
            found.append(" " * (indent if most is None else min(indent, most)) + text if text else "")
        return found


def keeps_breaks(page: Page, value: Written) -> bool:
    """Whether a value ends with a block scalar to which the blank lines after it belong."""
    while isinstance(value, Block):
        value = value.entries[-1].value
    return isinstance(value, Leaf) and value.style in ("|", ">") and "+" in header_of(page.text, value)["indicators"]


def _chunk(above: list[str], body: list[str]) -> _Chunk:
    blanks = len(list(takewhile(lambda line: not line, above)))
    return _Chunk(blanks, above[blanks:], body)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _indented(lines: list[str]) -> list[str]:
    return [" " * STEP + line if line else line for line in lines]


def _moved(line: str, column: int, value: Leaf | Flow) -> str:
    """A further line of a value, `column` columns to the left; a closing bracket may stand below its key."""
    text = line.lstrip(" ")
    if not text.strip(" \t"):
        return ""
    least = 0 if isinstance(value, Flow) and text[0] in "]}" else STEP
    return " " * max(_indent(line) - column, least) + text
