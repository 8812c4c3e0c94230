"""NumPy twins of the compiled kernels in ext/, same names and arguments."""
