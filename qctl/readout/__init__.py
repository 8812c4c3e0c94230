"""Record to Result: demodulate, classify, count, mitigate."""
