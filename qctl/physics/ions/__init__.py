"""A simulated chain of trapped ions: volts, switches and carriers in, photons out."""
