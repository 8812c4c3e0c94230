"""What a calibration did, as one page that needs nothing but a browser."""
