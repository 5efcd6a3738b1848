"""Random models, rows and queries, most of them valid, that reach every part of the language."""

from hypothesis import strategies as st

from tests.strategies.example import Example, example, example_at

# A real source of randomness, seeded by hypothesis: an example is far larger than what hypothesis can shrink;
# tests/shrink.py knows how to make one smaller.
examples = st.randoms(use_true_random=True).map(example)

__all__ = ["Example", "example", "example_at", "examples"]
