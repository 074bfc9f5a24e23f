"""Units and roundings that every other module speaks in.

Amounts are integers in base units (wei for the native coin). A name says its unit: ``_wei``, ``_bps``,
``_pips``, ``_wad``, ``_ray``, ``_seconds``, ``_usd``. Nothing here is a float.
"""

from __future__ import annotations

from typing import Final, NewType

Address = NewType("Address", str)
"""An EIP-55 checksummed account or contract address."""

BPS: Final = 10_000
"""Basis points in one whole."""
PIPS: Final = 1_000_000
"""Uniswap's fee unit: hundredths of a basis point in one whole."""
WAD: Final = 10**18
RAY: Final = 10**27
GWEI: Final = 10**9
ETHER: Final = 10**18
Q96: Final = 1 << 96
UINT256_MAX: Final = (1 << 256) - 1


def mul_div_down(a: int, b: int, denominator: int) -> int:
    """Return ``a * b / denominator`` rounded towards zero, for non-negative operands.

    Used where the result is paid to us, so that an estimate is never above what arrives.

    Raises:
        ZeroDivisionError: ``denominator`` is zero.
    """
    return a * b // denominator


def mul_div_up(a: int, b: int, denominator: int) -> int:
    """Return ``a * b / denominator`` rounded up, for non-negative operands.

    Used where the result is paid by us, so that an estimate is never below what is asked.

    Raises:
        ZeroDivisionError: ``denominator`` is zero.
    """
    return -(-a * b // denominator)


def div_up(a: int, denominator: int) -> int:
    """Return ``a / denominator`` rounded up, for non-negative operands.

    Raises:
        ZeroDivisionError: ``denominator`` is zero.
    """
    return -(-a // denominator)


def mul_div_half_up(a: int, b: int, denominator: int) -> int:
    """Return ``a * b / denominator`` rounded to the nearest integer, halves up.

    This is Aave's ``PercentageMath.percentMul``, the rounding of its flash-loan premium.

    Raises:
        ZeroDivisionError: ``denominator`` is zero.
    """
    return (a * b + denominator // 2) // denominator
