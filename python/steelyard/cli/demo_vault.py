"""The demo's vault: deployed by the Ape script, and the people who give its keeper something to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.funding import allow, fund
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import Address

HOLDER: Final = Address("0x90F79bf6EB2c4f870365E785982E1f101E93b906")
"""Ape's test account 3."""
USDC: Final = Address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
STAKE: Final = 300_000 * 10**6
WORSE_SCORE: Final = 1_500
MOST_REQUESTS: Final = 10
ENOUGH_GAS: Final = 1_500_000
ENOUGH_FEE_WEI: Final = 500 * 10**9

TERMS: Final = """\
chain_id = 1
asset = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
name = "Steelyard demo USDC"
symbol = "syUSDC"

[roles]
owner = "{owner}"
admin_delay_seconds = 0
keepers = ["{keeper}"]
managers = ["{owner}"]
guardians = ["{owner}"]

[settings]
fee_recipient = "{treasury}"
management_fee_bps = 50
performance_fee_bps = 1_000

[model]
default_c_score = 5_000
score_amplifier_bps = 15_000
min_max_bps = 2_500
max_bps = 10_000
diversification_factor_bps = 3_000

[curve]
min_bps = 500
max_bps = 2_000
pivot_usd = 1_000_000

[limits]
threshold_bps = 100
max_step_bps = 2_500
max_move_loss_bps = 100
max_loss_bps = 200
min_interval_seconds = 36
loss_period_seconds = 86_400

[[feeds]]
token = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
feed = "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6"
decimals = 8
max_age_seconds = 90_000
min_price_usd = "0.95"
max_price_usd = "1.05"

[[feeds]]
token = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
feed = "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419"
decimals = 8
max_age_seconds = 90_000
min_price_usd = "500"
max_price_usd = "20000"

[[pools]]
name = "usdc_weth_3000"
kind = "uniswap_v3"
pool = "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8"
band_bps = 500
slippage_bps = 200
lower_tick = 193_380
upper_tick = 202_500
c_score = 6_000

[[pools]]
name = "usdc_weth_500"
kind = "uniswap_v3"
pool = "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"
band_bps = 500
slippage_bps = 200
lower_tick = 193_380
upper_tick = 202_500
c_score = 7_000
"""
SETTINGS: Final = """
[vault]
address = "{vault}"
every_seconds = 12
urgent_interval_seconds = 36
max_loss_bps = 100
yields_bps_per_year = {{ {yields} }}
"""
YIELD_BPS: Final = 2_000
"""What the demo's operator expects of a range around the price, in fees."""


def write_terms(folder: Path, *, owner: str, keeper: str, treasury: str) -> Path:
    """Write what the vault is to be, for ``ape run deploy vault``."""
    path = folder / "vault.toml"
    path.write_text(TERMS.format(owner=owner, keeper=keeper, treasury=treasury), encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class DemoVault:
    """The vault, its manager who scores, and its holder who enters and leaves."""

    rpc: SandboxRpc
    address: Address
    pools: tuple[Address, ...]
    manager: Address

    @classmethod
    def from_file(cls, rpc: SandboxRpc, deployment: Path, manager: Address) -> DemoVault:
        """Read what the script wrote down."""
        record = json.loads(deployment.read_text(encoding="utf-8"))
        pools = tuple(Address(pool["strategy"]) for pool in record["pools"])
        return cls(rpc, Address(record["vault"]), pools, manager)

    def settings(self) -> str:
        """Return the keeper's ``[vault]``."""
        yields = ", ".join(f'"{pool}" = {YIELD_BPS}' for pool in self.pools)
        return SETTINGS.format(vault=self.address, yields=yields)

    def enter(self) -> None:
        """The holder deposits; mined with the next block."""
        fund(self.rpc, HOLDER, USDC, STAKE)
        allow(self.rpc, HOLDER, self.address, USDC, STAKE)
        self._send(HOLDER, "deposit(uint256,address)", STAKE, HOLDER)

    def play(self, block: int, blocks: int) -> None:
        """Halfway the manager thinks less of a pool; later the holder asks for half back, and is paid."""
        if block == blocks // 2:
            self._send(self.manager, "setPoolCScore(address,uint16)", self.pools[0], WORSE_SCORE)
        if block == blocks * 3 // 4:
            shares = int(self._read("balanceOf(address)", HOLDER), 16) // 2
            self._send(HOLDER, "requestRedeem(uint256,address,address)", shares, HOLDER, HOLDER)
        if block == blocks - 2:
            self._send(HOLDER, "fulfillRequests(uint256)", MOST_REQUESTS)

    def _read(self, signature: str, *arguments: object) -> str:
        data = "0x" + encode_call(signature, *arguments).hex()
        answer: str = self.rpc.call("eth_call", {"to": self.address, "data": data}, "latest")
        return answer

    def _send(self, sender: Address, signature: str, *arguments: object) -> None:
        call = {
            "from": sender,
            "to": self.address,
            "data": "0x" + encode_call(signature, *arguments).hex(),
            "gas": hex(ENOUGH_GAS),
            "maxFeePerGas": hex(ENOUGH_FEE_WEI),
            "maxPriorityFeePerGas": "0x0",
        }
        self.rpc.call("eth_sendTransaction", call)
