"""Paths and titles: what the words give, what is refused, and that nothing leaves the project folder."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.naming import Days, FilePath, OptionalTitle, Title, Words, check_templates, render, words_at
from semantic.errors import Diagnostic, ExportError
from semantic.source import Shape
from tests.exporters.making import no_node

PERIOD = Days(date(2025, 1, 1), date(2025, 3, 30))
WORDS = words_at(datetime(2025, 3, 31, 0, 0, tzinfo=UTC), "Asia/Bangkok", PERIOD, "weekly")

KNOWN = ("run.date", "run.time", "period.start", "period.end", "export.name")


class Inner(Shape):
    title: OptionalTitle = None


class Outer(Shape):
    path: FilePath = "x.xlsx"
    title: Title = ""
    note: str = ""
    inner: tuple[Inner, ...] = ()


def titled(template: str, words: Words = WORDS) -> str:
    return render(Outer(title=template), no_node(), words).title


def path_of(template: str, words: Words = WORDS) -> str:
    return render(Outer(path=template), no_node(), words).path


def mistake(options: Outer, words: Words = WORDS) -> Diagnostic:
    found: list[Diagnostic] = []
    check_templates(options, no_node(), words, found.append)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("template", "title", "path"),
    [
        ("{{ run.date }}", "2025-03-31", "2025-03-31"),
        ("{{ run.time }}", "07:00", "07-00"),
        ("{{ period.start }} to {{ period.end }}", "2025-01-01 to 2025-03-30", "2025-01-01 to 2025-03-30"),
        ("{{ export.name }}", "weekly", "weekly"),
        ("{{ run.date.strftime('%Y/%m') }}", "2025/03", "2025/03"),
        ("{{ period.end.year }}{% if run.date.day == 31 %} end{% endif %}", "2025 end", "2025 end"),
        ("{{ export.name | upper }}", "WEEKLY", "WEEKLY"),
        ("{{ export.name | replace('ee', '-') }}", "w-kly", "w-kly"),
        ("{{ run.date.year - 1 }} {{ run.date.year ~ '' }}", "2024 2025", "2024 2025"),
    ],
)
def test_the_words_give(template: str, title: str, path: str) -> None:
    assert titled(template) == title
    assert path_of(template) == path


def test_only_templates_are_rendered_and_at_every_depth() -> None:
    options = Outer(note="{{ run.date }}", inner=(Inner(title="{{ export.name }}"), Inner()))
    rendered = render(options, no_node(), WORDS)
    assert rendered.note == "{{ run.date }}"
    assert [inner.title for inner in rendered.inner] == ["weekly", None]


@pytest.mark.parametrize(
    ("template", "message", "hint"),
    [
        ("{{ run.dat }}", "unknown word 'run.dat'", "did you mean 'run.date'?"),
        (
            "{{ rn.date }}",
            "unknown word 'rn'",
            "known words: run.date, run.time, period.start, period.end, export.name",
        ),
        ("{{ date }}", "unknown word 'date'", None),
        ("{{ run.date", "this template cannot be written out", None),
        ("{{ run }}", "a word is missing after the dot: one of date, time", None),
        ("{{ 1 / 0 }}", "'/' is refused in a path or title", None),
        ("{{ run.date.__class__.__mro__ }}", "unsafe", None),
        ("{{ ().__class__.__base__.__subclasses__() }}", "a call is refused", None),
        ("{{ export.name.missing }}", "this template cannot be written out", None),
        ("{% include 'x' %}", "'include' is refused", None),
        ("{% for n in range(9) %}{{ n }}{% endfor %}", "a loop is refused", None),
        ("{{ run.date.strftime(1) }}", "a call is refused", None),
        ("{{ run.date.year + 'a' }}", "this template cannot be written out: unsupported operand", None),
    ],
)
def test_what_a_template_cannot_say(template: str, message: str, hint: str | None) -> None:
    found = mistake(Outer(title=template))
    assert found.code == "E511"
    assert message in found.message
    assert hint is None or found.hint == hint


@pytest.mark.parametrize(
    "expression",
    [
        "9999999**9999999", "-(9 ** 9) ** 9", "'x' * 999999999", "('a' ~ 'b' * 9) | upper", "'%999999999d' % 1",
        "'x' | center(999999999)", "'%999999999d' | format(1)", "'a' | replace('a', 'aa') | replace('a', 'aa')",
        "'ab' | replace('', 'x')", "'{:999999999}'.format(1)", "'x'.ljust(999999999)", "[1] * 999999999",
        "('a' if 9 ** 9 ** 9 else 'b')", "9 ** 9 ** 9 > 1", "export.name[9 ** 9 ** 9]", "'a'.join('b')",
        "run.date.strftime('%Y' * 9)", "'a' | batch(9) | list", "'a' is sameas('a' * 9)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("whole", ["a{{{{ {} }}}}", "{{% if {} %}}a{{% endif %}}", "{{% set a = {} %}}"])
def test_what_takes_unbounded_time_or_room_is_refused_unread(expression: str, whole: str) -> None:
    found = mistake(Outer(title=whole.format(expression)))
    assert found.code == "E511"
    assert "is refused" in found.message
    assert "a template has words" in (found.hint or "")


def test_a_text_that_doubles_with_every_assignment_is_refused() -> None:
    doubled = "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 60
    assert "'set' is refused" in mistake(Outer(title=doubled)).message


def test_without_a_period_there_is_no_word_for_it() -> None:
    words = words_at(datetime(2025, 3, 31, tzinfo=UTC), "UTC", None, "weekly")
    assert "there is no period" in mistake(Outer(title="{{ period.start }}"), words).message


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("../x.xlsx", "climbs out"),
        ("drops/../../x.xlsx", "climbs out"),
        ("/srv/{{ export.name }}/../x.xlsx", "climbs out"),
        ("{{ '/etc/passwd' }}", "leaves the project folder"),
        ("{{ 'C:/x.xlsx' }}", "leaves the project folder"),
        ("", "names no file"),
        ("drops/", "names no file"),
        ("{{ '' }}", "names no file"),
        ("a\\b.xlsx", "backslash"),
        ("~/x.xlsx", "nothing stands for ~"),
        ("a\nb.xlsx", "control character"),
        ("a{{ '\\x00' }}.xlsx", "control character"),
    ],
)
def test_what_a_path_cannot_be(template: str, message: str) -> None:
    found = mistake(Outer(path=template))
    assert found.code == "E512"
    assert message in found.message


def test_an_absolute_path_has_to_be_written_as_one() -> None:
    assert path_of("/srv/drops/{{ export.name }}.xlsx") == "/srv/drops/weekly.xlsx"


@given(st.text(max_size=20))
def test_a_word_never_leads_out_of_the_project(name: str) -> None:
    words = words_at(datetime(2025, 3, 31, tzinfo=UTC), "UTC", None, name)
    try:
        path = path_of("drops/{{ export.name }}", words)
    except ExportError:
        return
    assert path.startswith("drops/")
    assert ".." not in path.split("/")


def test_all_mistakes_are_reported_together() -> None:
    with pytest.raises(ExportError) as caught:
        render(Outer(path="..", title="{{ x }}", inner=(Inner(title="{{ y }}"),)), no_node(), WORDS)
    assert [each.code for each in caught.value.diagnostics] == ["E512", "E511", "E511"]
