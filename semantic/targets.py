"""What differs from target to target: the names of tables, by Jinja2, and settings that come from the environment.

Jinja2 is imported only where a template is. It stands in table names and in the settings of targets, nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from semantic.errors import Diagnostic, EngineError, ModelError, Span, listing, suggest
from semantic.model import Dataset, Model, Target
from semantic.places import key_place, value_place, within
from semantic.scan_select import is_table_name, is_template

Environment = Mapping[str, str]
_PLACES = ("database", "host", "http_path")
_SETTINGS = (*_PLACES, "schema", "catalog")
_HINT = "fill in names only: {{ target.schema }} in a table, {{ env.NAME }} in a target"


class TemplateError(Exception):
    """A template that cannot be filled; `word` is what is wrong in its text."""

    def __init__(self, code: str, message: str, word: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.word, self.hint = code, message, word, hint


def with_tables(model: Model, target: str, environment: Environment) -> Model:
    """The model with the names of its tables as they are on a target. Raises ModelError."""
    templated = [dataset for dataset in model.datasets.values() if is_template(dataset.table)]
    if not templated:
        return model
    unnamed = tuple(key for key in _PLACES if not any(key in str(each.table) for each in templated))
    settled = settled_target(model, target, environment, without=unnamed)
    words = _target_words(target, settled)
    found = {dataset.name: _with_table(model, dataset, words) for dataset in templated}
    return replace(model, datasets={**model.datasets, **found})


def with_usual_tables(model: Model) -> Model:
    """The model with the names of its tables on the default target; what the environment says stands for itself."""
    name = model.project.default_target or next(iter(model.project.targets), "")
    if name not in model.project.targets:
        return model
    words = _target_words(name, _sample(model.project.targets[name]))
    templated = [dataset for dataset in model.datasets.values() if is_template(dataset.table)]
    found = {dataset.name: _with_table(model, dataset, words) for dataset in templated}
    return replace(model, datasets={**model.datasets, **found}) if found else model


def settled_target(model: Model, name: str, environment: Environment, without: tuple[str, ...] = ()) -> Target:
    """A target with the values of the environment in it, but for some settings. Raises ModelError for a missing one."""
    target = model.project.targets[name]
    problems: list[Diagnostic] = []
    filled: dict[tuple[str, ...], str] = {}
    for path, text in _texts(target):
        try:
            filled[path] = text if path[0] in without else _fill(text, {"env": dict(environment)})
        except TemplateError as error:
            problems.append(_diagnostic(model, error, text, ("project.0", "targets", name, *path)))
    if problems:
        raise ModelError(*problems)
    return _with_texts(target, filled)


def as_written(error: EngineError, target: Target, settled: Target) -> EngineError:
    """An error without what the environment holds: a target's own texts stand in the place of their values."""
    written = dict(_texts(target))
    held = {value: written[path] for path, value in _texts(settled) if is_template(written[path])}
    return EngineError(*(_as_written(each, held) for each in error.diagnostics))


def _as_written(found: Diagnostic, held: Mapping[str, str]) -> Diagnostic:
    message, hint = found.message, found.hint or ""
    for value, template in held.items():
        apart = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
        message, hint = (template.join(apart.split(text)) for text in (message, hint))
    return replace(found, message=message, hint=hint or None)


def check_templates(model: Model) -> Iterator[Diagnostic]:
    """Every table has a name on every target, whatever the environment says; Jinja2 stands nowhere else."""
    targets = {name: _sample(target) for name, target in model.project.targets.items()}
    for name, target in model.project.targets.items():
        for path, text in _texts(target):
            yield from _check_setting(model, text, ("project.0", "targets", name, *path))
        for variable in set(target.variables) & {"name", "engine", *_SETTINGS}:
            message = f"the variable '{variable}' of target '{name}' has the name of a setting"
            span = key_place(model, "project.0", "targets", name, "variables", variable)
            yield Diagnostic("E116", message, span, f"give it another name: {{{{ target.{variable} }}}} is the setting")
    for dataset in model.datasets.values():
        if is_template(dataset.sql):
            span = value_place(model, f"datasets.{dataset.name}", "sql")
            hint = 'only the name of a table may differ per target: write table: "{{ target.schema }}.name"'
            yield Diagnostic("E113", f"the SQL of dataset '{dataset.name}' holds Jinja2", span, hint)
        if is_template(dataset.table):
            for name, target in targets.items():
                yield from _check_table(model, dataset, _target_words(name, target))


def _check_setting(model: Model, text: str, place: tuple[str, ...]) -> Iterator[Diagnostic]:
    if is_template(text):
        try:
            _fill(text, {"env": _AnyVariable()})
        except TemplateError as error:
            yield _diagnostic(model, error, text, place)


def _check_table(model: Model, dataset: Dataset, words: Mapping[str, Any]) -> Iterator[Diagnostic]:
    place, text = (f"datasets.{dataset.name}", "table"), dataset.table or ""
    try:
        table = _filled_table(text, words)
    except TemplateError as error:
        yield _diagnostic(model, error, text, place)
        return
    if not is_table_name(table):
        message = f"on target '{words['target']['name']}' the table of '{dataset.name}' is '{table}', which is no name"
        yield Diagnostic("E212", message, value_place(model, *place), "write table, schema.table or data/*.parquet")


class _AnyVariable(dict[str, str]):
    """An environment in which every variable is set: what a check can know of one."""

    def __missing__(self, key: str) -> str:
        return "env"


def _sample(target: Target) -> Target:
    """A target as it could be: text from the environment stands for itself."""
    return _with_texts(target, {path: "env" if is_template(text) else text for path, text in _texts(target)})


def _with_texts(target: Target, texts: Mapping[tuple[str, ...], str]) -> Target:
    settings = {"schema_" if path[0] == "schema" else path[0]: text for path, text in texts.items() if len(path) == 1}
    variables = {path[1]: text for path, text in texts.items() if len(path) > 1}
    return target.model_copy(update={**settings, "variables": variables})


def _texts(target: Target) -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts of a target, each with its path in the YAML."""
    values = (target.database, target.host, target.http_path, target.schema_, target.catalog)
    yield from (((key,), value) for key, value in zip(_SETTINGS, values, strict=True) if value is not None)
    yield from ((("variables", key), value) for key, value in target.variables.items())


def _target_words(name: str, target: Target) -> dict[str, Any]:
    known = {path[-1]: text for path, text in _texts(target)}
    return {"target": {**known, "name": name, "engine": target.engine}}


def _with_table(model: Model, dataset: Dataset, words: Mapping[str, Any]) -> Dataset:
    place, text = (f"datasets.{dataset.name}", "table"), dataset.table or ""
    try:
        table = _filled_table(text, words)
    except TemplateError as error:
        raise ModelError(_diagnostic(model, error, text, place)) from None
    if not is_table_name(table):  # by what the environment holds: any other text was checked before
        target = words["target"]["name"]
        message = f"on target '{target}' the environment makes no name of the table of '{dataset.name}'"
        hint = "set what the target takes from the environment to names of letters, digits and _"
        raise ModelError(Diagnostic("E212", message, value_place(model, *place), hint))
    return dataset.model_copy(update={"table": table})


def _filled_table(text: str, words: Mapping[str, Any]) -> str:
    """A table's name; a part with a hyphen, such as the catalog `my-shop`, stands between quotes in it."""
    plain = _fill(text, words)
    if is_table_name(plain):
        return plain
    quoted = _fill(
        text, {word: {name: _quoted(str(each)) for name, each in known.items()} for word, known in words.items()}
    )
    return quoted if is_table_name(quoted) else plain


def _quoted(name: str) -> str:
    return f'"{name}"' if re.fullmatch(r"\w[\w-]*", name) else name


def _diagnostic(model: Model, error: TemplateError, text: str, place: tuple[str, ...]) -> Diagnostic:
    at, *path = place
    start = text.find(error.word) if error.word else -1
    whole: Span = value_place(model, at, *path)
    span = within(model, start, start + len(error.word), at, *path) if start >= 0 else whole
    return Diagnostic(error.code, error.message, span, error.hint)


def _fill(text: str, words: Mapping[str, Any]) -> str:
    """The text with its names filled in. Raises TemplateError for anything but `{{ word.name }}`."""
    from jinja2 import Environment, TemplateSyntaxError, nodes

    try:
        tree = Environment(autoescape=False, keep_trailing_newline=True).parse(text)  # noqa: S701 - no HTML
    except TemplateSyntaxError as error:
        raise TemplateError(
            "E113", f"this is not Jinja2: {error.message}", "{{" if "{{" in text else "{%", _HINT
        ) from None
    outputs = [part for node in tree.body for part in (node.nodes if isinstance(node, nodes.Output) else [node])]
    return "".join(_part(node, words) for node in outputs)


def _part(node: Any, words: Mapping[str, Any]) -> str:
    match type(node).__name__:
        case "TemplateData":
            return str(node.data)
        case "Getattr" if type(node.node).__name__ == "Name":
            return _value(str(node.node.name), str(node.attr), words)
        case "Name":
            raise TemplateError("E113", f"'{node.name}' cannot be filled in", str(node.name), _HINT)
        case kind:
            raise TemplateError("E113", f"'{kind.lower()}' of Jinja2 is not allowed here", "", _HINT)


def _value(word: str, name: str, words: Mapping[str, Any]) -> str:
    """What `word.name` stands for."""
    if word not in words:
        message = f"unknown word '{word}': here it is {listing(words)}"
        raise TemplateError("E113", message, word, suggest(word, words) or _HINT)
    known = words[word]
    found = known[name] if isinstance(known, _AnyVariable) else known.get(name)
    if found or (found is not None and word != "env"):
        return str(found)
    if word == "env":
        message = f"the environment variable '{name}' is " + ("not set" if found is None else "empty")
        raise TemplateError("E114", message, name, "set it before metricast is started, or write the value here")
    hint = suggest(name, known) or f"say it in project.yml: targets: {{{known['name']}: {{{name}: …}}}}"
    raise TemplateError("E115", f"the target '{known['name']}' has no '{name}'", name, hint)
