"""`python -m scheduler.cli` is the command `metricast`."""

from scheduler.cli import main

main()
