"""Calibration beside users' jobs: the upkeep of `qctl.calibrate`, played in windows that the packer fills."""
