"""YAML as people write it: any indentation, style and order of keys, comments and blank lines in every place.

A comment says where it belongs: `# above metrics/m/label` stands over that key, `# beside …` at the end of its line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

NAMED = {"datasets": "dataset", "metrics": "metric", "segments": "segment", "exports": "export"}
KEYS: dict[str, tuple[str, ...]] = {
    "root": ("exports", "metrics", "segments", "datasets", "defaults"),
    "defaults": ("metrics", "exports", "dimensions"),
    "dataset": (
        "label",
        "sql",
        "table",
        "primary_key",
        "time",
        "validity",
        "dimensions",
        "joins",
        "description",
        "zzz",
    ),
    "metric": (
        *("type", "dataset", "agg", "expr", "filter", "label", "owner", "tags", "format", "deprecated", "description"),
        *("numerator", "denominator", "thresholds", "synonyms", "zzz"),
    ),
    "segment": ("label", "filter", "description", "tags"),
    "export": ("to", "queries", "schedule", "period", "owner", "description"),
    "dimension": ("type", "expr", "label", "bins", "values", "zone", "hidden"),
    "join": ("dataset", "on", "as_of"),
    "query": ("totals", "metrics", "by", "period", "limit"),
    "validity": ("to", "from"),
    "format": ("decimals", "type", "unit"),
    "deprecated": ("note", "use"),
    "numerator": ("ignore", "metric"),
    "denominator": ("ignore", "metric"),
    "thresholds": ("bad", "good"),
    "schedule": ("timezone", "cron", "catch_up"),
    "bins": ("labels", "edges"),
    "excel": ("sheets", "title", "path"),
    "sheet": ("title", "query"),
    "destination": ("excel",),
}
ENTRIES = {"dimensions": "dimension", "joins": "join", "queries": "query"}  # names of the author's, then such a shape
ITEMS = {"to": "destination", "sheets": "sheet"}
SHAPES = ("validity", "format", "deprecated", "numerator", "denominator", "thresholds", "schedule", "bins", "excel")
LISTS = ("primary_key", "tags", "synonyms", "by", "on", "ignore", "labels", "edges")
PLAIN = ("a", "users", "12:30:00", "no", "1.10", "ü😀", "x  y", "~", "sum(x) - 1", "a#b", "it's", "-1", "")
QUOTED = ("'it''s'", '"a: b # c"', "'  x'", '"\\u00fc, [x"', "''", '"}"')
Lines = list[str]


@dataclass
class Writer:
    """Writes one page."""

    random: Random
    anchors: list[str] = field(default_factory=list)
    count: int = 0

    def page(self) -> str:
        lines, _ = self.mapping("root", "", self.pick(0, 0, 0, 3))
        head = self.pick([], ["# head"], ["# head", "# of the page", ""], ["---"], ["%YAML 1.1", "---", "# head", ""])
        end = self.pick("\n", "\n", "\n", "", "\n\n\n", "\n# end", "\n...\n")
        return str("\n".join([*head, *lines]) + end)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # --- comments ------------------------------------------------------------------------------------

    def comment(self, where: str, path: str) -> str:
        self.count += 1
        return f"# {where} {path} {self.count}"

    def above(self, path: str, column: int) -> Lines:
        lines = [""] * self.pick(0, 0, 0, 1, 2)
        if self.chance(0.3):
            lines.append(" " * self.pick(column, column, 0) + self.comment("above", path))
        return lines + [" " * column + self.comment("above", path)] * self.chance(0.2)

    def beside(self, path: str) -> str:
        end: str = self.pick("", " ")
        return " " * self.pick(1, 2, 9) + self.comment("beside", path) + end if self.chance(0.25) else ""

    def below(self, path: str, column: int) -> Lines:
        """Comments that go on below an entry, or end a mapping."""
        return [" " * (column + self.pick(0, 1, 2, 7)) + self.comment("below", path)] if self.chance(0.15) else []

    # --- blocks: lines, and whether they end with a block scalar ---------------------------------------

    def keys(self, kind: str) -> list[str]:
        if kind in NAMED.values() or kind in KEYS:
            known = list(KEYS[kind])
            return self.random.sample(known, self.random.randint(1, len(known)))
        return self.random.sample(["n1", "m_2", "É", "b", "a"], self.random.randint(1, 3))

    def kind_below(self, kind: str, key: str) -> str:
        """The shape of what stands below a key: a kind of KEYS, `names of …`, `list of …`, or a scalar (empty)."""
        if kind.startswith("names of "):
            return kind.removeprefix("names of ")
        if kind == "root":
            return "defaults" if key == "defaults" else f"names of {NAMED[key]}"
        if kind == "defaults":
            return {"dimensions": "dimension"}.get(key) or NAMED[key]
        if key in ENTRIES and kind != "query":
            return f"names of {ENTRIES[key]}"
        if key in ITEMS and kind != "validity":
            return f"list of {ITEMS[key]}"
        if key in LISTS:
            return "list of "
        return key if key in SHAPES else ""

    def mapping(self, kind: str, path: str, column: int, compact: bool = False) -> tuple[Lines, bool]:
        lines: Lines = []
        text = False
        for key in self.keys(kind):
            below = f"{path}/{key}"
            if lines or not compact:
                lines += self.above(below, column)
            found, text = self.entry(key, self.kind_below(kind, key), below, column)
            lines += found
        return lines + ([] if text else self.below(path, column)), text

    def entry(self, key: str, kind: str, path: str, column: int) -> tuple[Lines, bool]:
        head = " " * column + self.pick(key, key, key, f'"{key}"', f"'{key}'") + ":"
        if self.chance(0.25) or not kind:
            lines, text = self.scalar(path, column)
        elif self.chance(0.3):
            lines, text = f" {self.flow(kind, path, column)}".split("\n"), False
            lines[-1] += self.beside(path) if len(lines) == 1 else ""
        else:
            lines, text = self.block(kind, path, column)
        return [head + lines[0], *lines[1:], *([] if text else self.below(path, column + 1))], text

    def block(self, kind: str, path: str, column: int) -> tuple[Lines, bool]:
        first = self.beside(path)
        if kind.startswith("list of "):
            lines, text = self.items(kind.removeprefix("list of "), path, column + self.pick(0, 2, 2, 4))
        else:
            lines, text = self.mapping(kind, path, column + self.pick(1, 2, 2, 3, 4, 8))
        return [first, *lines], text

    def items(self, kind: str, path: str, column: int) -> tuple[Lines, bool]:
        lines: Lines = []
        for number in range(self.random.randint(1, 3)):
            below = f"{path}/{number}"
            lines += self.above(below, column)
            found, text = self.item(kind, below, column)
            lines += found
        return lines, text

    def item(self, kind: str, path: str, column: int) -> tuple[Lines, bool]:
        if not kind or self.chance(0.2):
            lines, text = self.scalar(path, column)
            return [" " * column + "-" + lines[0], *lines[1:]], text
        if self.chance(0.3):
            lines, text = self.mapping(kind, path, column + self.pick(1, 2, 4))
            return [" " * column + "-" + self.beside(path), *lines], text
        gap = self.pick(1, 1, 1, 3)
        lines, text = self.mapping(kind, path, column + 1 + gap, compact=True)
        return [" " * column + "-" + " " * gap + lines[0].lstrip(), *lines[1:]], text

    # --- scalars: what stands after the colon, and the lines below --------------------------------------

    def scalar(self, path: str, column: int) -> tuple[Lines, bool]:
        if self.anchors and self.chance(0.1):
            return [f" *{self.pick(*self.anchors)}{self.beside(path)}"], False
        if self.chance(0.25):
            return self.text(path, column), True
        if self.chance(0.2):
            return self.several_lines(path, column), False
        name = self.anchor()
        return [name + " " * self.pick(1, 1, 2) + self.pick(*PLAIN, *QUOTED) + self.beside(path)], False

    def anchor(self) -> str:
        if self.chance(0.92):
            return ""
        self.anchors.append(f"x{len(self.anchors)}")
        return f" &{self.anchors[-1]}"

    def text(self, path: str, column: int) -> Lines:
        """A block scalar."""
        step = self.random.randint(1, 5)
        digits = self.pick("", "", "", str(step))
        margin = " " * (column + step)
        header = f"{self.anchor()} {self.pick('|', '>')}{digits}{self.pick('', '', '-', '+')}{self.beside(path)}"
        lines = [margin + self.pick("a", "b  ", "# no comment", "- c: d", "é")]
        more = ("", margin + "x", margin + "  y", margin + "#", "", " ", " " * column)
        lines += self.random.choices(more, k=self.random.randint(0, 3))
        return [header, *lines, *[""] * self.pick(0, 0, 1)]

    def several_lines(self, path: str, column: int) -> Lines:
        """A plain or quoted text that goes on, or begins, on the next line."""
        margins = [" " * (column + self.random.randint(1, 6)) for _ in range(3)]
        quote = self.pick("", '"', "'")
        if self.chance(0.4):
            above = [margins[1] + self.comment("within", path)] * self.chance(0.2)
            return ["", *above, f"{margins[0]}{quote}one", "", f"{margins[1]}two{quote}"]
        return [f" {quote}one", f"{margins[0]}two", f"{margins[1]}three{quote}{self.beside('')}"]

    # --- between braces ----------------------------------------------------------------------------------

    def flow(self, kind: str, path: str, column: int) -> str:
        """A mapping or list between braces, on one line or on several."""
        if kind.startswith("list of "):
            bodies = [self.flow_value(kind.removeprefix("list of "), f"{path}/{n}", column) for n in range(3)]
            return self.enclosed("[]", [f"{path}/{n}" for n in range(3)], bodies, column)
        keys = self.keys(kind)
        paths = [f"{path}/{key}" for key in keys]
        values = [self.flow_value(self.kind_below(kind, key), f"{path}/{key}", column) for key in keys]
        bodies = [f"{key}:{value and ' '}{value}" for key, value in zip(keys, values, strict=True)]
        return self.enclosed("{}", paths, bodies, column)

    def flow_value(self, kind: str, path: str, column: int) -> str:
        if kind and self.chance(0.6):
            return self.flow(kind, path, column + 2)
        if self.anchors and self.chance(0.1):
            return f"*{self.pick(*self.anchors)} "
        if self.chance(0.1):
            margin: str = self.pick("", " " * (column + 3))
            return f'"one\n{margin}two"'
        word: str = self.pick(*(word for word in PLAIN if word), *QUOTED)
        return f"{self.anchor().strip()} {word}".strip()

    def enclosed(self, braces: str, paths: list[str], bodies: list[str], column: int) -> str:
        last = self.pick("", "", ",")
        if self.chance(0.5):
            return str(braces[0] + self.pick(", ", ",", " , ").join(bodies) + last + braces[1])
        lines = [braces[0] + self.pick("", " # opened")]
        for place, (path, body) in enumerate(zip(paths, bodies, strict=True)):
            margin = " " * (column + self.pick(1, 2, 4))
            lines += [margin + self.comment("above", path)] * self.chance(0.2)
            comma = last if place == len(bodies) - 1 else ","
            lines.append(margin + body + comma + self.beside(path))
        lines += [" " * (column + 2) + self.comment("within", paths[0])] * self.chance(0.2)
        return "\n".join([*lines, " " * (column + self.pick(0, 1)) + braces[1]])
