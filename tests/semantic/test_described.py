"""What people are told of names: synonyms, folders, tags, hidden and deprecated ones, hierarchies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from semantic import Layer, QueryError
from semantic.load import load_texts
from tests.cli_project import ROWS, make_project, run

MODEL = """
datasets:
  users:
    table: users
    primary_key: user_id
    hierarchies: {who: [gender, user_id]}
    dimensions:
      gender: {label: Gender, synonyms: [sex, Geschlecht], folder: Nutzer/Über uns, tags: [ключ]}
      old_gender: {expr: gender, deprecated: gender}
      secret: {expr: gender, hidden: true, synonyms: hush}
  events:
    table: events
    primary_key: event_id
    time: at_utc
    joins: {users: {on: user_id}, who: {dataset: users, on: user_id}}
    hierarchies: {when: [at_utc.year, at_utc.month, at_utc], where_to: [users.gender, who.user_id, kind]}
    dimensions: {kind: {description: What happened., deprecated: {use: users.gender, note: bis März}}}
  notes: {table: notes, primary_key: note_id, dimensions: {colour: {}}}
segments:
  logged_in: {filter: kind = 'login', deprecated: signed_in}
  signed_in: {filter: events.kind = 'login', synonyms: [angemeldet], folder: Wer, hidden: true}
  women: {filter: users.gender = 'f', folder: Wer, label: Frauen}
metrics:
  events: {dataset: events, agg: count, label: Events, synonyms: [Vorgänge, 事件, hits], tags: [traffic], folder: A/B}
  deep: {dataset: events, agg: count, hidden: true, synonyms: within}
  visits: {dataset: events, agg: count, deprecated: {use: events, note: "until 2027 – soon"}}
  double: {type: derived, expr: deep * 2 + visits, synonyms: hits, thresholds: {good: 10, bad: 2.50}}
  share: {type: ratio, numerator: deep, denominator: events, format: percent, description: Größe der Straße}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("described"), MODEL, ROWS)


@pytest.fixture(scope="module")
def layer(shop: Path) -> Iterator[Layer]:
    with Layer(shop) as layer:
        yield layer


def listed(shop: Path, *arguments: str) -> list[str]:
    """The names that `metricast list` shows."""
    done = run("list", *arguments, "--project", shop)
    assert done.exit_code == 0, done.stderr
    return [line.split("  ")[0] for line in done.stdout.splitlines()[2:]]


def asked(shop: Path, *arguments: str) -> tuple[str, str]:
    done = run("query", *arguments, "--format", "csv", "--project", shop)
    return done.stdout, done.stderr.replace("querying …\n", "")  # which a slow machine says


# --- lists ------------------------------------------------------------


def test_lists_leave_out_what_is_hidden(shop: Path) -> None:
    assert listed(shop, "metrics") == ["double", "events", "share", "visits"]
    assert listed(shop, "segments") == ["logged_in", "women"]
    found = listed(shop, "dimensions")
    assert "users.gender" in found
    assert "users.secret" not in found


@pytest.mark.parametrize(
    ("what", "word", "names"),
    [
        ("metrics", "HITS", ["double", "events"]),
        ("metrics", "vorgänge", ["events"]),
        ("metrics", "VORGÄNGE", ["events"]),
        ("metrics", "事", ["events"]),
        ("metrics", "Traffic", ["events"]),
        ("metrics", "a/b", ["events"]),
        ("metrics", "STRASSE", ["share"]),
        ("metrics", "within", []),
        ("metrics", "ents", ["events"]),
        ("metrics", "zzz", []),
        ("dimensions", "Ключ", ["users.gender"]),
        ("dimensions", "geschlecht", ["users.gender"]),
        ("dimensions", "ÜBER", ["users.gender"]),
        ("dimensions", "users.", ["users.gender", "users.old_gender", "users.user_id"]),
        ("dimensions", "hush", []),
        ("segments", "frau", ["women"]),
        ("segments", "wer", ["women"]),
    ],
)
def test_a_search_finds_names_synonyms_tags_folders_and_words(
    shop: Path, what: str, word: str, names: list[str]
) -> None:
    assert listed(shop, what, "--search", word) == names


def test_folders_are_shown_of_all_three(shop: Path) -> None:
    shown = run("list", "--project", shop).stdout
    assert [text in shown for text in ("A/B", "Nutzer/Über uns", "Wer")] == [True] * 3


# --- by name they all answer ------------------------------------------------------------


def test_what_is_hidden_answers_and_may_be_built_upon(shop: Path) -> None:
    assert asked(shop, "deep") == ("deep\n3\n", "")
    assert asked(shop, "double", "share") == ("double,share\n9,1.0\n", "")
    assert asked(shop, "deep", "--by", "users.secret")[0].splitlines() == ["users.secret,deep", "f,1", "m,1", ",1"]
    assert asked(shop, "events", "--where", "signed_in") == ("events\n2\n", "")
    assert "hidden: not listed and not published" in run("explain", "deep", "--project", shop).stdout


def test_what_is_deprecated_answers_and_names_what_to_use(shop: Path) -> None:
    rows, notes = asked(shop, "visits", "--by", "users.old_gender", "--where", "logged_in or kind = 'x'")
    assert rows.splitlines() == ["users.old_gender,visits", "m,1", ",1"]
    assert notes.splitlines() == [
        "'visits' is deprecated: use 'events' instead (until 2027 – soon)",
        "'users.old_gender' is deprecated: use 'gender' instead",
        "'logged_in' is deprecated: use 'signed_in' instead",
        "'kind' is deprecated: use 'users.gender' instead (bis März)",
    ]
    assert "deprecated: use events instead (until 2027 – soon)" in run("explain", "visits", "--project", shop).stdout


def test_a_note_is_made_once(layer: Layer) -> None:
    assert len(layer.query("visits", by="events.kind", where="events.kind = 'x' or events.kind = 'y'").notes) == 2


def test_rows_are_not_mixed_with_notes(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.json"
    done = run("query", "visits", "--format", "json", "--output", out, "--project", shop)
    assert (done.stdout, out.read_text()) == ("", '{"columns": ["visits"], "rows": [\n[3]\n]}\n')
    assert "deprecated" in done.stderr


def test_thresholds_stand_in_the_explanation(shop: Path) -> None:
    assert "good: >= 10, bad <= 2.5" in run("explain", "double", "--project", shop).stdout


# --- what was meant ------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"metrics": "Vorgänge"}, "'events' is what is known as 'Vorgänge'"),
        ({"metrics": "VORGÄNGE"}, "'events' is what is known as 'VORGÄNGE'"),
        ({"metrics": "事件"}, "'events' is what is known as '事件'"),
        ({"metrics": "hits"}, "'events' or 'double' is what is known as 'hits'"),
        ({"metrics": "within"}, "'deep' is what is known as 'within'"),
        ({"metrics": "evnts"}, "did you mean 'events'?"),
        ({"metrics": "dee"}, "metricast list metrics shows them"),
        ({"metrics": "events", "by": "sex"}, "'gender' is what is known as 'sex'"),
        ({"metrics": "events", "by": "users.sex"}, "'gender' is what is known as 'sex'"),
        ({"metrics": "events", "by": "who.Geschlecht"}, "'gender' is what is known as 'Geschlecht'"),
        ({"metrics": "events", "by": "users.secre"}, "dimensions of users: gender, old_gender, user_id"),
        ({"metrics": "events", "where": "sex = 'f'"}, "'gender' is what is known as 'sex'"),
        ({"metrics": "events", "where": "angemeldet"}, "'signed_in' is what is known as 'angemeldet'"),
        ({"metrics": "events", "where": "wome"}, "did you mean 'women'?"),
    ],
)
def test_a_query_by_a_synonym_is_told_the_name(layer: Layer, asked: dict[str, str], hint: str) -> None:
    with pytest.raises(QueryError) as refused:
        layer.query(**asked)  # type: ignore[arg-type]
    assert hint in str(refused.value)
    assert "secret" not in str(refused.value)


# --- what is refused ------------------------------------------------------------


BASE = """
datasets:
  a: {table: a, primary_key: id, joins: {b: {on: b_id}}, dimensions: {x: {%s}, y: , z: {hidden: true}}%s}
  b: {table: b, primary_key: id, dimensions: {x: , w: {type: date}}}
  c: {table: c, primary_key: id, joins: {a: {on: a_id}}, dimensions: {v: }}
segments: {s: {filter: a.x = 1, %s}, t: {filter: a.x = 2}}
metrics:
  m: {dataset: a, agg: count%s}
  n: {dataset: a, agg: count, deprecated: o}
  o: {dataset: a, agg: count, hidden: true}
"""


def mistakes(dimension: str = "", dataset: str = "", segment: str = "", metric: str = "") -> list[tuple[str, str, str]]:
    """Code, the words under the caret, the hint."""
    text = BASE % (dimension, f", {dataset}" if dataset else "", segment, f", {metric}" if metric else "")
    found = load_texts({"m.yml": text}).diagnostics
    spans: list[Any] = [each.span for each in found]
    marked = [span.text[span.column - 1 :][: span.length] for span in spans]
    return [(each.code, words, each.hint or "") for each, words in zip(found, marked, strict=True)]


def test_the_base_is_right() -> None:
    assert mistakes() == []


@pytest.mark.parametrize("metric", ["synonyms: M", "synonyms: [m]", "synonyms: [Zeit, Zeit]", "synonyms: [x, a, s, v]"])
def test_a_synonym_may_be_what_nothing_of_its_kind_is_called(metric: str) -> None:
    assert mistakes(metric=metric) == []


@pytest.mark.parametrize(
    ("kind", "written", "marked"),
    [
        ("metric", "synonyms: [fine, o]", "o"),
        ("metric", "synonyms: o", "o"),
        ("metric", "synonyms: O", "O"),
        ("segment", "synonyms: [T]", "T"),
        ("dimension", "synonyms: [Y]", "Y"),
        ("dimension", "synonyms: id", "id"),
        ("dimension", "synonyms: z", "z"),
    ],
)
def test_a_synonym_is_not_the_name_of_another(kind: str, written: str, marked: str) -> None:
    assert mistakes(**{kind: written}) == [("E222", marked, "")]


@pytest.mark.parametrize(
    ("kind", "written", "marked", "hint"),
    [
        ("metric", "deprecated: n", "n", "name the last one: o"),
        ("metric", "deprecated: m", "m", "name what is to be used instead"),
        ("metric", "deprecated: oo", "oo", "did you mean 'o'?"),
        ("metric", "deprecated: s", "s", "name what is to be used instead"),
        ("metric", "deprecated: {use: n, note: x}", "{use: n, note: x}", "name the last one: o"),
        ("segment", "deprecated: m", "m", "name what is to be used instead"),
        ("segment", "deprecated: s", "s", "name what is to be used instead"),
        ("dimension", "deprecated: v", "v", "name what is to be used instead"),
        ("dimension", "deprecated: x", "x", "name what is to be used instead"),
        ("dimension", "deprecated: a.x", "a.x", "name what is to be used instead"),
    ],
)
def test_a_successor_exists_and_stays(kind: str, written: str, marked: str, hint: str) -> None:
    assert mistakes(**{kind: written}) == [("E221", marked, hint)]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("metric", "deprecated: o"),
        ("segment", "deprecated: {use: t, note: über 'x'}"),
        ("dimension", "deprecated: y"),
        ("dimension", "deprecated: b.x"),
        ("dimension", "deprecated: c.v"),
    ],
)
def test_a_successor_may_be_hidden_or_of_another_dataset(kind: str, written: str) -> None:
    assert mistakes(**{kind: written}) == []


def test_a_chain_of_successors_is_followed_to_its_end() -> None:
    text = "datasets: {d: {table: t}}\nmetrics:\n"
    for name, use in (("a", "b"), ("b", "c"), ("c", "d")):
        text += f"  {name}: {{dataset: d, agg: count, deprecated: {use}}}\n"
    chain, ring = (text + f"  d: {{dataset: d, agg: count{more}}}\n" for more in ("", ", deprecated: a"))
    found = [load_texts({"m.yml": each}).diagnostics for each in (chain, ring)]
    assert [[each.hint for each in mistakes] for mistakes in found] == [
        ["name the last one: d"] * 2, ["one of them must stay"] * 4,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "steps", ["[x, y]", "[b.w, x]", "[b.w.year, b.w.month, y]", "[z, y]", "[a.x, a.y]", "[x, b.x]", "[x, id, b_id]"]
)
def test_a_hierarchy_steps_through_dimensions_that_can_be_looked_up(steps: str) -> None:
    assert mistakes(dataset=f"hierarchies: {{größe: {steps}}}") == []


@pytest.mark.parametrize(
    ("steps", "hint"),
    [
        ("[x, q]", "dimensions: x, y, z, id, b_id"),
        ("[x]", "write them from coarse to fine"),
        ("x", "write them from coarse to fine"),
        ("[x, y, x]", "write them from coarse to fine"),
        ("[]", "write them from coarse to fine"),
        ("[x, month]", "dimensions: x, y, z, id, b_id"),
        ("[x, b.q]", "dimensions of b: x, w, id"),
        ("[x, bb.w]", "did you mean 'b'?"),
        ("[x, c.v]", "steps are dimensions of its own, or of what its joins lead to"),
        ("[x, b.w.yer]", "did you mean 'year'?"),
    ],
)
def test_other_steps_are_refused(steps: str, hint: str) -> None:
    found = mistakes(dataset=f"hierarchies: {{h: {steps}}}")
    assert [(code, words) for code, words, _ in found] == [("E220", steps)]
    assert hint in found[0][2]


def test_hierarchies_are_read(layer: Layer) -> None:
    assert layer.model.datasets["events"].hierarchies == {
        "when": ("at_utc.year", "at_utc.month", "at_utc"),
        "where_to": ("users.gender", "who.user_id", "kind"),
    }
