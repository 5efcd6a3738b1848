"""The command line. Importing it stays cheap: what a command needs is imported when it runs."""

from scheduler.cli.app import cli, main

__all__ = ["cli", "main"]
