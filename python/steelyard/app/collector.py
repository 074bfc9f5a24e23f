"""Keeps Python's collector of cyclic garbage out of a decision.

It looks at every object that it knows, and a keeper knows hundreds of thousands that live for days: one pass
in the middle of a decision costs more than the decision. So it waits, and what is there after the first
decision is no longer looked at.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect nothing inside; afterwards things are as they were before."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def settle_in() -> None:
    """Collect once, and take what is left for what stays: pools, tables, indexes, modules."""
    gc.collect()
    gc.freeze()
