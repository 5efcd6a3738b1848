"""How workbooks look: one palette, one typeface, few looks."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

INK, PAPER, ACCENT, TINT, RULE, FAINT = "FF1F2933", "FFFFFFFF", "FF1F4E79", "FFEAF1F8", "FFD5DCE4", "FF7B8794"
LINE, ROW_HEIGHT, MAX_HEIGHT = 15.0, 19.5, 409.0  # points; Excel knows no higher row
_THIN, _STRONG = Side(style="thin", color=RULE), Side(style="medium", color=ACCENT)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How a cell looks, whatever stands in it; each is itself and no other, so that it is quickly found."""

    size: float = 11
    bold: bool = False
    italic: bool = False
    color: str = INK
    fill: str | None = None
    above: Side | None = None
    below: Side | None = None
    vertical: str = "center"
    indent: int = 0
    indent_right: int = 0

    @property
    def scale(self) -> float:
        """How large the letters are, beside the usual ones."""
        return self.size / 11

    def dress(self, cell: Cell, align: str | None, wrap: bool) -> None:
        """Give the cell this look."""
        indent = self.indent if align is None else self.indent_right
        cell.alignment = Alignment(align or "left", self.vertical, wrap_text=wrap, indent=indent)
        cell.font = Font(name="Calibri", size=self.size, bold=self.bold, italic=self.italic, color=self.color)
        cell.border = Border(top=self.above, bottom=self.below)
        if self.fill is not None:
            cell.fill = PatternFill("solid", fgColor=self.fill)


TITLE = Look(size=20, bold=True, color=ACCENT)
LEAD = Look(size=11, color=FAINT)
SECTION = Look(size=13, bold=True, color=ACCENT, vertical="bottom")
KEY = Look(color=FAINT)
TEXT = Look()
HEADER = Look(bold=True, color=PAPER, fill=ACCENT, indent=1, indent_right=2)  # room for a filter's button
BODY = Look(below=_THIN, indent=1)
STRONG = Look(bold=True, below=_THIN, indent=1)
MISSING = Look(italic=True, color=FAINT, below=_THIN, indent=1)
FINE = Look(size=8, color=FAINT, below=_THIN, indent=1)
SUM = Look(bold=True, fill=TINT, above=_STRONG, below=_THIN, indent=1)
