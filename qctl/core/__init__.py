"""The words that every layer shares: plain, frozen data, and the protocols of what is plugged in."""
