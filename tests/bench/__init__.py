"""Benchmarks: `make bench` prints a table. Nothing here asserts a time."""
