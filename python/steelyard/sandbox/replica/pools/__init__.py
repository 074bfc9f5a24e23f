"""The pools of the market: one file for each kind, one entry each in ``registry.py``.

A file says which pools of its kind there are, how one is created at its first price, how it is filled and
what the manifest records of it. Depths are of mainnet's order in December 2023. Every pool starts at the fair
price, off by less than a third of its own fee, so that the market begins without an arbitrage.
"""
