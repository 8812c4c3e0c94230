"""The simulated world behind the mock instruments."""
