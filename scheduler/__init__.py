"""When exports run, and what became of each run."""
