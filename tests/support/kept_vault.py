"""A vault on the fork with who looks after it: what a keeper reads, sends and settles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from eth_utils.crypto import keccak

from steelyard.act.gas import GasSettings
from steelyard.act.submitter import Submitter
from steelyard.act.tracker import Tracker
from steelyard.app.vault_sending import DirectCarrier
from steelyard.app.vault_watch import VaultParts, VaultTurn, VaultWatch
from steelyard.decide.allocation.rebalance import RebalanceSettings
from steelyard.model import Address, Mode
from steelyard.observe.vault import VaultReader
from steelyard.record.vaults import VaultLog
from steelyard.sandbox.funding import allow, fund
from tests.support.fork_market import USDC, WETH

if TYPE_CHECKING:
    from steelyard.connect.chain import ChainClient
    from tests.support.dev_chain import KeySigner
    from tests.support.fork_chain import ForkChain
    from tests.support.records import Store

HOUR: Final = 3_600
KEY: Final = "0x" + keccak(text="steelyard test actor: vault keeper").hex()
TIP_WEI: Final = 10**9
EAGER: Final = RebalanceSettings(misplaced_bps_per_year=10_000)
"""A high price on doing nothing: any drift of a vault of the tests is worth its gas."""


@dataclass
class Stand:
    """A vault over USDC with two pools over other vaults, who owns and holds it, and what watches it."""

    chain: ForkChain
    client: ChainClient
    store: Store
    vault: Any
    pools: tuple[Any, Any]
    targets: tuple[Any, Any]
    owner: Any
    holder: Any
    signer: KeySigner

    @property
    def address(self) -> Address:
        return Address(self.vault.address)

    def reader(self) -> VaultReader:
        return VaultReader(self.client, self.address, wrapped_native=Address(WETH))

    def watch(self, **changes: Any) -> VaultWatch:
        gas = GasSettings(priority_fee_wei=TIP_WEI)
        parts = VaultParts(
            mode=Mode.LIVE,
            vault=self.address,
            every_seconds=1,
            settings=EAGER,
            priority_fee_wei=TIP_WEI,
            chain=self.client,
            reader=self.reader(),
            carrier=DirectCarrier(self.signer.address),
            submitter=Submitter(self.client, self.store.journal, self.signer, gas),
            journal=self.store.journal,
            log=VaultLog(self.store.writer),
        )
        return VaultWatch(replace(parts, **changes))

    def look(self, watch: VaultWatch, stopped: str | None = None) -> VaultTurn:
        turn = watch.look(self.client.block(), stopped)
        assert turn is not None
        return turn

    def deposit(self, amount: int) -> None:
        fund(self.chain.rpc, Address(self.holder.address), Address(USDC), amount)
        allow(self.chain.rpc, Address(self.holder.address), self.address, Address(USDC), amount)
        self.vault.deposit(amount, self.holder, sender=self.holder)

    def request_everything(self) -> None:
        """The holder wants all of his shares paid out."""
        shares = self.vault.balanceOf(self.holder)
        self.vault.requestRedeem(shares, self.holder, self.holder, sender=self.holder)

    def settle(self) -> list[Any]:
        """What the block after it brings."""
        self.chain.let_pass(12)
        self.chain.rpc.call("evm_mine")
        return Tracker(self.client, self.store.journal).settle_open(self.client.block())

    def later(self, seconds: int = HOUR) -> None:
        self.chain.let_pass(seconds)
        self.chain.rpc.call("evm_mine")
