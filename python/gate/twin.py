"""The twins: each is our own source with one guard taken out, by exact text.

A patch names its text in the source as it stands. A text that is not found exactly once is an error, so no
twin can drift from the contract that it is the twin of.
"""

from __future__ import annotations

from dataclasses import dataclass

EXECUTOR = "flashloan/FlashLoanArbitrage.sol"


@dataclass(frozen=True)
class Patch:
    """`old` becomes `new` in `path`, which is below `contracts/`."""

    path: str
    old: str
    new: str = ""


@dataclass(frozen=True)
class Twin:
    """One guard less.

    Attributes:
        name: what the attack tests call it: `test_<name>_...` in `tests/forge/incidents/`.
        lacks: the guard, in words.
        patches: how it is taken out.
        contract: the file, below `contracts/`, of the contract that is deployed in its place; it bears the
            contract's name.
    """

    name: str
    lacks: str
    patches: tuple[Patch, ...]
    contract: str = EXECUTOR
