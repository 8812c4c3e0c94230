"""Program to Schedule to Sequence, checked against every limit."""
