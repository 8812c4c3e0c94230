"""The processes that run a laboratory for many users: supervisor, guardian, agent, and the daemon with its API."""
