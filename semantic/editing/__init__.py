"""For those who write the YAML: its JSON Schema, and its one house style."""
