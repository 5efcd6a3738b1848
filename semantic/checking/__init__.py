"""`checks:` of a project: what must hold of the values of its metrics, in YAML, in queries, and row by row."""
