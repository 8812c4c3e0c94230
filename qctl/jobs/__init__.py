"""Many programs on one machine: durable jobs, what they claim, which of them run together, and when."""
