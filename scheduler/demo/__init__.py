"""The demonstration data of the user-engagement project."""

from scheduler.demo.generate import DEFAULT_END, DEFAULT_START, GeneratedCounts, generate

__all__ = ["DEFAULT_END", "DEFAULT_START", "GeneratedCounts", "generate"]
