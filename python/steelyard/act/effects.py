"""What a plan does to the books, as a simulation or a receipt tells it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a plan did, or would do; amounts in base units of its asset.

    Attributes:
        profit: what the treasury is paid.
        moved, loss: of a rebalance: what its moves come to, and what they lose by the oracle; a simulation
            tells no ``moved``.
        builder_tip_wei: paid to the block's builder.
        words: the same for people, in the past tense.
    """

    profit: int = 0
    moved: int = 0
    loss: int = 0
    builder_tip_wei: int = 0
    words: str = field(compare=False)
