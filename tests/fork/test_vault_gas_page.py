"""What the vault costs beside MetaMorpho, on real bytecode, in one run.

The figures stand in docs/vault.md, and this holds them there to the unit; `make bench-gas` writes them anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest

from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.funding import fund_ether
from tests.support.fork_chain import ETHER, ForkChain, actor
from tests.support.fork_market import USDC
from tests.support.fork_vault import EVERYTHING, HOUR, deploy_prices, deploy_vault
from tests.support.gas_page import VAULT, hold
from tests.support.metamorpho import IDLE, LLTVS, Market, Morpho, reallocation

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [pytest.mark.fork, pytest.mark.needs("replica")]

UNIT: Final = 10**6
FIRST, SECOND, OUT = 100_000 * UNIT, 50_000 * UNIT, 1_000 * UNIT
NO_CAP: Final = 10**15
BLOCK_SECONDS: Final = 12
MAX_AGE_SECONDS: Final = 90 * 24 * HOUR
USDC_PER_WETH: Final = 2_000 * 10 ** (36 + 6 - 18)
HEAD: Final = """\
| | MetaMorpho, four markets | ours, four MetaMorpho vaults | ours, four plain vaults | one MetaMorpho vault |
|---|---|---|---|---|
"""
ROWS: Final = ("deposit", "withdrawal from the buffer", "buffer to all four")


@dataclass(frozen=True)
class Costs:
    """Gas of whole transactions; no plan where there is nothing to move."""

    deposit: int
    withdrawal: int
    plan: int | None = None


class Stage:
    """Everything that is compared stands here, made by an account that has done nothing else."""

    def __init__(self, chain: ForkChain) -> None:
        """Open four markets."""
        self.chain = chain
        self.holder = actor("holder of vaults whose gas is compared")
        maker = actor("maker of vaults whose gas is compared")
        fund_ether(chain.rpc, maker, 1_000 * ETHER)
        self.maker = ape.accounts.test_accounts.impersonate_account(maker)
        oracle = self.maker.deploy(ape.project.MorphoOracle, USDC_PER_WETH)
        self.morpho = Morpho(chain, oracle.address)
        self.markets = [self.morpho.open_market(lltv) for lltv in LLTVS]
        self.authority = self.maker.deploy(ape.project.VaultAuthority, self.maker)
        self.prices = deploy_prices(chain, self.maker, self.authority, max_age_seconds=MAX_AGE_SECONDS)
        chain.give(USDC, self.holder, 100 * FIRST)

    def vault_over(self, targets: Sequence[str]) -> tuple[Any, list[str]]:
        """Deploy a vault of ours with a pool for each target."""
        vault = deploy_vault(self.maker, USDC, self.authority, self.prices)
        strategies = []
        for target in targets:
            strategy = self.maker.deploy(
                ape.project.Erc4626Strategy, vault, self.authority, target, 100, 5_000
            )
            vault.addPool(strategy, sender=self.maker)
            strategies.append(strategy.address)
        return vault, strategies

    def spend(self, sender: str, to: str, data: bytes, *, after: int = BLOCK_SECONDS) -> int:
        """Gas of a transaction, in a block stamped so long after the last."""
        self.chain.let_pass(after)
        receipt = self.chain.receipt(sender, to, "0x" + data.hex())
        assert int(receipt["status"], 16) == 1, data[:4].hex()
        return int(receipt["gasUsed"], 16)

    def put_in(self, vault: str, assets: int) -> int:
        return self.spend(self.holder, vault, encode_call("deposit(uint256,address)", assets, self.holder))

    def take_out(self, vault: str) -> int:
        to = "withdraw(uint256,address,address)"
        return self.spend(self.holder, vault, encode_call(to, OUT, self.holder, self.holder))

    def borrow_half(self) -> None:
        """From each market, so that interest accrues in every block."""
        for market in self.markets:
            self.morpho.borrow(market, FIRST // 10)

    def approve(self, vault: str) -> None:
        self.spend(self.holder, USDC, encode_call("approve(address,uint256)", vault, EVERYTHING))


def costs_of_ours(stage: Stage, vault: Any, strategies: list[str], *, lent: bool) -> Costs:
    moves = [(strategy, True, EVERYTHING) for strategy in strategies]
    plan = bytes(vault.rebalance.encode_input(moves, EVERYTHING, EVERYTHING))
    stage.approve(vault.address)
    stage.put_in(vault.address, FIRST)
    stage.spend(stage.maker.address, vault.address, plan, after=HOUR)
    if lent:
        stage.borrow_half()
    deposit = stage.put_in(vault.address, SECOND)
    withdrawal = stage.take_out(vault.address)
    return Costs(deposit, withdrawal, stage.spend(stage.maker.address, vault.address, plan, after=HOUR))


def costs_of_metamorpho(stage: Stage) -> Costs:
    """Its buffer is the idle market, first in both queues."""
    caps: list[tuple[Market, int]] = [(IDLE, NO_CAP), *((market, NO_CAP) for market in stage.markets)]
    meta = stage.morpho.open_vault(stage.maker.address, caps)
    stage.approve(meta)
    stage.put_in(meta, FIRST)
    stage.spend(stage.maker.address, meta, to_a_fifth_each(stage, FIRST))
    stage.borrow_half()
    deposit = stage.put_in(meta, SECOND)
    withdrawal = stage.take_out(meta)
    return Costs(
        deposit,
        withdrawal,
        stage.spend(stage.maker.address, meta, to_a_fifth_each(stage, FIRST + SECOND - OUT)),
    )


def to_a_fifth_each(stage: Stage, total: int) -> bytes:
    """The idle market first, which everything comes from; the last one takes what is left."""
    *amounts, _ = [(market, total // 5) for market in (IDLE, *stage.markets)]
    return encode_call(*reallocation([*amounts, (stage.markets[-1], EVERYTHING)]))


def costs_of_one(stage: Stage) -> Costs:
    """A vault of Morpho's over one market alone: what one of the pools below ours takes by itself."""
    meta = stage.morpho.open_vault(stage.maker.address, [(stage.markets[0], NO_CAP)])
    stage.approve(meta)
    stage.put_in(meta, FIRST)
    stage.morpho.borrow(stage.markets[0], FIRST // 10)
    return Costs(stage.put_in(meta, SECOND), stage.take_out(meta))


def test_vault_beside_metamorpho_costs_what_the_page_says(chain: ForkChain) -> None:
    stage = Stage(chain)
    measured: list[Costs] = []
    with ape.chain.isolate():
        measured.append(costs_of_metamorpho(stage))
    with ape.chain.isolate():
        metas = [stage.morpho.open_vault(stage.maker.address, [(market, NO_CAP)]) for market in stage.markets]
        measured.append(costs_of_ours(stage, *stage.vault_over(metas), lent=True))
    with ape.chain.isolate():
        plain = [stage.maker.deploy(ape.project.VaultTarget, USDC).address for _ in stage.markets]
        measured.append(costs_of_ours(stage, *stage.vault_over(plain), lent=False))
    with ape.chain.isolate():
        measured.append(costs_of_one(stage))
    table = HEAD
    for row, name in zip(ROWS, ("deposit", "withdrawal", "plan"), strict=True):
        cells = [getattr(costs, name) for costs in measured]
        table += f"| {row} | {' | '.join('' if cell is None else f'{cell:,}' for cell in cells)} |\n"
    hold("vaults", table, page=VAULT)
