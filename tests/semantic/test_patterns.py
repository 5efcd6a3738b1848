r"""Patterns that DuckDB and Spark read alike: what is refused, and where; what they match, by Python's own engine.

On Spark they are run by tests/spark/vocabulary.yml.
"""

from __future__ import annotations

import duckdb
import pytest

from semantic.expressions import ExpressionError
from semantic.parse import parse
from semantic.patterns import PatternError, java_pattern
from tests.reference.patterns import regexp_matches

TEXTS = (
    *("", "a", "A", "b", "ab", "aab", "abb", "a.b", "a-b", "a b", "a_b", "1", "12", "a1", "٣", "é", "ß", "日本", "💥"),
    *("a💥b", "&", "a&&b", "\\", "a\\b", "^a", "a$"),
    *("a\nb", "a\n", "\na", "\n", "a\r", "a\r\nb", "a\u2028b", "a\u0085", "\u00a0", "\t", "\x0b", "\f"),
    *("[a]", "(a)", "{2}", "x|y", "#~", "-", "]", '"', "it's", "ababab", "2025-01-31", "one@example.com", "${a}"),
)  # fmt: skip
READ = {  # as it is written → as Java has it
    "": "",
    "a.b": r"a[^\n]b",
    r"^a|b$": r"^a|b\z",
    r"^(a|A)?(?:b|bb)$": r"^(?:a|A)?(?:b|bb)\z",
    r"(^|\W)b(\W|$)": r"(?:^|\W)b(?:\W|\z)",
    r"\s": r"[\t\n\f\r ]",
    r"^\S*$": r"^[^\t\n\f\r ]*\z",
    r"[\s\d]": r"[\t\n\f\r \d]",
    r"[^\w\s]": r"[^\w\t\n\f\r ]",
    r"[a&&b]": r"[a\&\&b]",
    r"[-a]|[b-]": r"[\-a]|[b\-]",
    r"[!-/]": r"[\!-\/]",
    r"[^\n-\r]": r"[^\n-\r]",
    r"^[^💥a]$": r"^[^💥a]\z",
    r"[#|~.$^*+?(){}]": r"[\#\|\~\.\$\^\*\+\?\(\)\{\}]",
    r"\$\{a\}": r"\$\{a\}",
    r"it's \"": r"it\'s \"",
    r"^(ab){2,}$": r"^(?:ab){2,}\z",
    r"(?:a[bc]{2})+?$": r"(?:a[bc]{2})+?\z",
    r"^\d{4}-\d\d-\d\d$": r"^\d{4}\-\d\d\-\d\d\z",
    r"@.+\.(com|org)$": r"\@[^\n]+\.(?:com|org)\z",
    "a\nb|\t": r"a\nb|\t",
    "(|a)b": "(?:|a)b",
    "a{0}b{1000}": "a{0}b{1000}",
}
REFUSED = (  # the pattern, what of it is marked, a word of the hint
    (r"(?i)a", "(?i)", "lower(x)"),
    (r"x(?=a)", "(?=a)", "lower(x)"),
    (r"(?P<n>a)", "(?P<n>a)", "lower(x)"),
    (r"(?", "(?", "lower(x)"),
    (r"(a)\1", r"\1", "escapes are"),
    (r"a\b", r"\b", r"(\W|$)"),
    (r"[\b]", r"\b", r"(\W|$)"),
    (r"\p{L}", r"\p", "between brackets"),
    (r"a\z", r"\z", "at the end"),
    (r"\x41", r"\x", "escapes are"),
    ("\\", "\\", "escapes are"),
    (r"\é", r"\é", "escapes are"),
    (r"[\S]", r"\S", r"[^…\s]"),
    (r"a^b", "^", r"\^"),
    (r"^^a", "^", r"\^"),
    (r"b(a|^b)", "^", r"\^"),
    (r"a$b", "$", r"\$"),
    (r"(a$|c)b", "$", r"\$"),
    (r"(^a)*", "(^a)*", None),
    (r"*a", "*", r"\*"),
    (r"a**", "a**", "repeat a character"),
    (r"a*+", "a*+", "repeat a character"),
    (r"(a*)*", "(a*)*", "repeat a character"),
    (r"(a|b)*c", "(a|b)*", "repeat a character"),
    (r"(a|b){2}", "(a|b){2}", "repeat a character"),
    (r"()+", "()+", "repeat a character"),
    (r"a{,2}", "{", r"\{"),
    (r"a{2,1}", "{2,1}", "1000 times"),
    (r"a{1001}", "{1001}", "1000 times"),
    (r"(a{500}){3}", "{3}", "1000 times"),
    (r"a}", "}", r"\}"),
    (r"a]", "]", r"\]"),
    (r"[]a]", "[]", r"\]"),
    (r"[[:alpha:]]", "[", r"\["),
    (r"[a", "[", r"\["),
    (r"[z-a]", "[z-a", "a-z"),
    (r"[a-\d]", r"[a-\d", "a-z"),
    (r"[a-c-e]", "-", r"\-"),
    (r"(a", "(", r"\("),
    (r"a)b", ")", r"\)"),
    ("a\x00", "\x00", "escapes are"),
    ("(" * 21 + ")" * 21, "(" * 1, None),
    ("a" * 501, "a", None),
)


@pytest.mark.parametrize("pattern", READ)
def test_duckdb_reads_it_as_the_page_says(pattern: str) -> None:
    rows = duckdb.execute(
        f"SELECT t, regexp_matches(t, '{pattern.replace(chr(39), chr(39) * 2)}') FROM unnest(?) s(t)", [TEXTS]
    )
    assert [(text, found) for text, found in rows.fetchall() if found != regexp_matches(text, pattern)] == []


@pytest.mark.parametrize("pattern", READ)
def test_java_gets_what_means_the_same(pattern: str) -> None:
    assert java_pattern(pattern) == READ[pattern]


@pytest.mark.parametrize(("pattern", "marked", "hint"), REFUSED)
def test_the_rest_is_refused_at_its_place(pattern: str, marked: str, hint: str | None) -> None:
    with pytest.raises(PatternError) as refused:
        java_pattern(pattern)
    error = refused.value
    assert pattern[error.start : error.end] == marked
    assert (error.hint is None) if hint is None else hint in str(error.hint)


def test_a_place_in_the_pattern_is_one_in_the_expression() -> None:
    text = r"regexp_matches(name, 'it''s a\b') or b"
    with pytest.raises(ExpressionError, match="'regexp_matches'") as refused:
        parse(text)
    assert text[refused.value.start : refused.value.end] == r"\b"


@pytest.mark.parametrize("argument", ["other", "lower('a')", "null", "'a' || 'b'", "5"])
def test_a_pattern_is_written_out(argument: str) -> None:
    with pytest.raises(ExpressionError, match="written out") as refused:
        parse(f"regexp_matches(name, {argument})")
    assert "contains(x, y)" in str(refused.value.hint)
