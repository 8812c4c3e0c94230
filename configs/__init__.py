"""Laboratories that come with qctl: one YAML each, and the hidden truths of the simulated ones in twins/."""
