"""How much gas, at which price, and whether the account can pay for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steelyard.exceptions import ConfigError, InsufficientGasFunds, SimulationReverted
from steelyard.model.chain import BASE_FEE_MAX_CHANGE_DENOMINATOR
from steelyard.units import BPS, mul_div_up

if TYPE_CHECKING:
    from steelyard.model import Address, BlockRef

TRANSACTION_GAS_CAP: Final = 1 << 24
"""Most gas that one transaction may ask for (EIP-7825)."""
_MOST_HEADROOM_BLOCKS: Final = 64
"""That many full blocks multiply the base fee by 1,900: more is a slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GasSettings:
    """How gas is bought.

    Attributes:
        priority_fee_wei: what the block's proposer gets, per unit of gas.
        headroom_blocks: for how many full blocks in a row the maximum fee stays above the base fee; six of
            them double it.
        margin_bps: added to the estimated gas, because the state may differ when the transaction runs.
        max_gas_units: no plan may ask for more.
        access_lists: sign with an access list where the simulation is cheaper with it.
    """

    priority_fee_wei: int
    headroom_blocks: int = 6
    margin_bps: int = 2_500
    max_gas_units: int = TRANSACTION_GAS_CAP
    access_lists: bool = False

    def __post_init__(self) -> None:
        if self.priority_fee_wei < 0:
            raise ConfigError(f"arbitrage.priority_fee must be 0 wei or more, not {self.priority_fee_wei}")
        if not 1 <= self.headroom_blocks <= _MOST_HEADROOM_BLOCKS:
            raise ConfigError(
                f"headroom_blocks must be in 1..{_MOST_HEADROOM_BLOCKS}, not {self.headroom_blocks}"
            )
        if not 0 <= self.margin_bps <= BPS:
            raise ConfigError(f"margin_bps must be in 0..{BPS}, not {self.margin_bps}")
        if not 0 < self.max_gas_units <= TRANSACTION_GAS_CAP:
            raise ConfigError(f"max_gas_units must be in 1..{TRANSACTION_GAS_CAP}, not {self.max_gas_units}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeBid:
    """What a transaction offers per unit of gas (EIP-1559)."""

    max_fee_per_gas_wei: int
    max_priority_fee_per_gas_wei: int


def bid_fees(head: BlockRef, settings: GasSettings) -> FeeBid:
    """Return a bid that stays valid for ``settings.headroom_blocks`` full blocks after ``head``.

    Each full block raises the base fee by an eighth, rounded up here so that the bid is never below it.
    """
    base_fee_wei = head.base_fee_wei
    for _ in range(settings.headroom_blocks):
        base_fee_wei += -(-base_fee_wei // BASE_FEE_MAX_CHANGE_DENOMINATOR) or 1
    return FeeBid(
        max_fee_per_gas_wei=base_fee_wei + settings.priority_fee_wei,
        max_priority_fee_per_gas_wei=settings.priority_fee_wei,
    )


def limit_gas(estimate: int, head: BlockRef, settings: GasSettings) -> int:
    """Return the gas limit for an estimate: the margin on top, rounded up, inside the bounds.

    Raises:
        SimulationReverted: not even the estimate fits into a transaction.
    """
    most = min(settings.max_gas_units, head.gas_limit)
    if estimate > most:
        raise SimulationReverted(f"needs {estimate} gas, and a transaction may use {most}")
    return min(mul_div_up(estimate, BPS + settings.margin_bps, BPS), most)


def require_funds(
    address: Address, *, balance_wei: int, gas_limit: int, fees: FeeBid, committed_wei: int = 0
) -> None:
    """Check that the account can pay for the transaction at its maximum fee.

    Args:
        committed_wei: what its transactions that are still open may cost at most.

    Raises:
        InsufficientGasFunds: it cannot; the message names the account, what it has and what it needs.
    """
    need_wei = gas_limit * fees.max_fee_per_gas_wei
    if balance_wei < need_wei + committed_wei:
        open_part = f" and {committed_wei} wei for open transactions" if committed_wei else ""
        raise InsufficientGasFunds(
            f"account {address} has {balance_wei} wei and needs {need_wei} wei for gas{open_part}; "
            f"send it at least {need_wei + committed_wei - balance_wei} wei"
        )
