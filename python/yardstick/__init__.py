"""Our figures beside the peers': ``make bench-engine``. Read ``__main__.py`` first.

One driver, under our interpreter, draws the work and starts a worker for each side: ours in this environment,
every peer in one of its own. They are asked in turns, so that a busy moment of the machine strikes all alike.
Nothing here is part of the product, and none of the peers is ever among its dependencies.
"""
