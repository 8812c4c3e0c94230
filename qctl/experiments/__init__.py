"""One file per experiment: what to play, and what the answer says."""
