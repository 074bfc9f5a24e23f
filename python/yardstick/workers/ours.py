"""Steelyard itself, asked like any peer: in a process of its own."""

from __future__ import annotations

from yardstick.workers import our_blocks, our_paths, our_pools
from yardstick.workers.serving import serve

if __name__ == "__main__":
    serve(our_pools.TASKS | our_paths.TASKS | our_blocks.TASKS)
