"""YAML to frozen descriptions; every mistake with file, line and column."""
