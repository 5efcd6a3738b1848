"""What a template may say: only what takes no time and no room to write out, whatever the numbers in it.

Words, attributes, texts and numbers, `~`, `+` and `-`, comparisons and `if`, `.strftime('...')`, and a few filters.
Everything else is refused before the template is compiled, as Jinja computes constants while it compiles.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

HINT = "a template has words, texts, ~, + and -, if, .strftime('…') and the filters {}"
_FILTERS = ("capitalize", "lower", "replace", "title", "trim", "upper")
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Concat,
    nodes.Add, nodes.Sub, nodes.Neg, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.If,
    nodes.CondExpr,
)  # fmt: skip
_NAMES: dict[type[nodes.Node], str] = {
    nodes.Pow: "'**'", nodes.Mul: "'*'", nodes.Div: "'/'", nodes.FloorDiv: "'//'", nodes.Mod: "'%'",
    nodes.For: "a loop", nodes.Call: "a call", nodes.Getitem: "an index", nodes.Test: "'is'", nodes.Assign: "'set'",
    nodes.AssignBlock: "'set'", nodes.Include: "'include'", nodes.List: "a list", nodes.Tuple: "a tuple",
}  # fmt: skip


def unbounded(tree: nodes.Template) -> Iterator[tuple[str, str | None]]:
    """What is refused in a template, each once, with a hint."""
    found = dict.fromkeys(_refused(tree))
    for name in found:
        yield f"{name} is refused in a path or title", HINT.format(", ".join(_FILTERS))


def _refused(node: nodes.Node) -> Iterator[str]:
    name = _refusal(node)
    if name is not None:
        yield name
        return
    for child in node.iter_child_nodes():
        yield from _refused(child)


def _refusal(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Filter):
        return None if _is_small_filter(node) else f"the filter '{node.name}', as it is written,"
    if isinstance(node, _ALLOWED) or (isinstance(node, nodes.Call) and _is_strftime(node)):
        return None
    return _NAMES.get(type(node), f"'{type(node).__name__.lower()}'")


def _is_strftime(node: nodes.Call) -> bool:
    named = isinstance(node.node, nodes.Getattr) and node.node.attr == "strftime"
    return named and _has_texts(node, 1)


def _is_small_filter(node: nodes.Filter) -> bool:
    """One of those above, which never make a text longer; `replace` with no more characters than it takes away."""
    if node.node is None or node.name not in _FILTERS:
        return False
    if node.name != "replace":
        return _has_texts(node, 0)
    return _has_texts(node, 2) and len(node.args[1].as_const()) <= len(node.args[0].as_const())


def _has_texts(node: nodes.Call | nodes.Filter, count: int) -> bool:
    """Whether the arguments are so many written texts."""
    texts = all(isinstance(given, nodes.Const) and isinstance(given.value, str) for given in node.args)
    return texts and len(node.args) == count and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
