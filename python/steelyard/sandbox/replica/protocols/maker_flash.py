"""Maker's flash mint of DAI, as a model: no package holds DssFlash.

What the model does and leaves out stands in its NatSpec (``contracts/mocks/replica/DssFlashModel.sol``).
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import DAI
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

DSS_FLASH: Final = Address("0x60744434d6339a6B27d73d9Eda62b6F66a0a04FA")
CEILING_WEI: Final = 500_000_000 * 10**DAI.decimals
"""The largest loan, as governance had set it on mainnet."""


def build(bench: Workbench) -> None:
    """Places the model, lets it mint and burn DAI, and sets its ceiling."""
    bench.place_model(
        DSS_FLASH,
        "DssFlashModel",
        encode_arguments("(address)", DAI.address),
        name="DssFlash",
        check="stands in for DssFlash: ERC-3156 for DAI, no fee, ceiling, lock; no Vat behind it",
    )
    bench.send(DAI.address, "rely(address)", DSS_FLASH)
    bench.send(DSS_FLASH, "file(bytes32,uint256)", b"max".ljust(32, b"\0"), CEILING_WEI)
    bench.settle()


PROTOCOL: Final = Protocol(name="Maker flash mint", build=build)
