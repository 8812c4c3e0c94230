"""How processes end, for whoever started them to act upon."""

DAMAGED = 65
"""The store is damaged: starting again would not help."""
TAKEN = 73
"""Another one serves this state folder already."""
DISK_FAULT = 75
"""The disk failed: start again through recovery."""
