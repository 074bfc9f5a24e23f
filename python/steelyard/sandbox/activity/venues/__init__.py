"""Where the traders trade: one file for each kind of pool, one entry each in ``registry.py``."""
