"""``EnhancedFlashLoanManager``: which lender is the cheapest, and a plan brought to the chain through one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from steelyard.app.desk import risk_limits
from steelyard.app.stages import KeeperStages
from steelyard.app.threads import ChainThread
from steelyard.app.wiring import arbitrage_settings, open_deployment, open_follower, open_stages
from steelyard.config import Config
from steelyard.connect.chain import ChainClient
from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.lending import NoLender, choose_lender
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.valuation import Valuer
from steelyard.decide.limits import check_size
from steelyard.exceptions import NoLoanProvider, RpcInconsistent, UnsupportedProtocol
from steelyard.model import (
    Address,
    ArbitragePlan,
    Decision,
    LenderKind,
    MarketSnapshot,
    RouteLeg,
    Verdict,
    VerdictCode,
)
from steelyard.observe.follower import MarketFollower

SUPPORTED_PROTOCOLS: Final[Mapping[str, Mapping[str, LenderKind]]] = {
    "aave": {"v3": LenderKind.AAVE_V3, "v2": LenderKind.AAVE_V2},
    "balancer": {"v2": LenderKind.BALANCER_V2},
    "morpho": {"blue": LenderKind.MORPHO_BLUE},
    "maker": {"v1": LenderKind.MAKER},
    "uniswap": {"v4": LenderKind.UNISWAP_V4, "v3": LenderKind.UNISWAP_V3, "v2": LenderKind.UNISWAP_V2},
    "erc3156": {"listed": LenderKind.ERC3156},
}
"""Protocols and their versions, in the order that decides among equals; a new lender is one line."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanMarket:
    """What loans cost at one block: the lenders' terms, the price of gas, and what tokens are worth."""

    snapshot: MarketSnapshot
    settings: ArbitrageSettings
    valuer: Valuer


class EnhancedFlashLoanManager:
    """Flash loans by the protocol's name, over the keeper's own lenders, prices, journal and limits.

    Use it as ``async with EnhancedFlashLoanManager(chain, config) as manager``. Work on the chain runs in one
    thread of its own, which ``web3_manager`` belongs to meanwhile.
    """

    def __init__(self, web3_manager: ChainClient, config: Config, *, live: bool = False) -> None:
        """Bind to a node; nothing is read before the first question.

        Args:
            web3_manager: a client of the configured node; whoever made it closes it.
            live: send what is executed; also needs ``keeper.mode = "live"``. Otherwise it is simulated.
        """
        self.supported_protocols = SUPPORTED_PROTOCOLS
        self._chain = web3_manager
        self._config = config
        self._live = live
        self._thread = ChainThread()
        self._follower: MarketFollower | None = None
        self._market: LoanMarket | None = None
        self._stages: KeeperStages | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Write what is queued, and let go of journal, locks and thread."""
        if self._stages is not None:
            await self._stages.close()
        else:
            self._thread.close()

    async def find_optimal_flash_loan(self, amount: int, token: Address) -> tuple[str, int]:
        """Return the cheapest protocol, and what its loan costs at the newest block: fee and gas, in wei.

        An estimate that fails is logged and left out. Among equals the protocol declared first wins.

        Args:
            amount: base units of ``token``.

        Raises:
            NoLoanProvider: no protocol lends that much, or what they ask cannot be told in wei.
            RetryError, StopError: the node is in trouble, or the configuration does not fit it.
        """
        market = await self._thread.run(self._newest_market)
        costs: list[tuple[str, int]] = []
        for protocol, versions in self.supported_protocols.items():
            for version in versions:
                try:
                    cost = await self._estimate_flash_loan_cost(protocol, version, amount, token, market)
                except Exception as error:  # noqa: BLE001 - one protocol's trouble must not hide the others
                    _log.error("error estimating %s %s cost: %s", protocol, version, error)
                else:
                    costs.append((protocol, cost))
        if not costs:
            raise NoLoanProvider(f"no provider lends {amount} base units of {token}")
        return min(costs, key=lambda found: found[1])

    async def execute_flash_loan(
        self, protocol: str, version: str, params: Mapping[str, ArbitragePlan]
    ) -> Verdict:
        """Bring ``params["plan"]`` to the chain through this lender, and return what became of it.

        It goes the keeper's way: journalled, simulated and, where the manager is live, signed and sent; a
        limit, the kill file or the executor may stand against it. ``accepted`` is sent, or simulated.

        Raises:
            UnsupportedProtocol: there is no such protocol or version, or the plan borrows elsewhere.
            RetryError, StopError: as a keeper's turn.
        """
        plan = self._plan_for(protocol, version, params)
        if self._stages is None:
            self._stages = await self._thread.run(self._open_stages)
        stopped = await self._stages.standing()
        if stopped is not None:
            return _verdict(plan, VerdictCode.STOPPED, f"new risk is stopped: {stopped}", None)
        too_large = self._too_large(plan, await self._thread.run(self._newest_market))
        if too_large is not None:
            return too_large
        block = await self._thread.run(self._chain.block)
        wanted = _verdict(plan, VerdictCode.ACCEPTED, plan.reason, plan)
        decision, _ = await self._stages.act(Decision(block=block, verdicts=(wanted,)))
        return decision.verdicts[0]

    async def _estimate_flash_loan_cost(
        self, protocol: str, version: str, amount: int, token: Address, market: LoanMarket
    ) -> int:
        """Return what the loan costs in wei, fee (rounded up) and gas. Raises NoLoanProvider."""
        kind, valuer, snapshot = self.supported_protocols[protocol][version], market.valuer, market.snapshot
        offers = [terms for terms in snapshot.lenders if terms.kind is kind]
        found = choose_lender(
            offers,
            token,
            amount,
            gas_wei=lambda lender: market.settings.gas.units(lender, ()) * snapshot.gas.price_wei,
            value_wei=lambda units: valuer.at_most_wei(token, units),
        )
        if isinstance(found, NoLender):
            raise NoLoanProvider(found.reason)
        if found.fee and valuer.at_most_wei(token, found.fee) is None:
            raise NoLoanProvider(f"its fee of {found.fee} base units of {token} has no price in wei")
        return found.total_wei

    def _plan_for(self, protocol: str, version: str, params: Mapping[str, ArbitragePlan]) -> ArbitragePlan:
        versions = self.supported_protocols.get(protocol)
        if versions is None:
            raise UnsupportedProtocol(f"Unsupported protocol: {protocol}")
        if version not in versions:
            raise UnsupportedProtocol(
                f"Unsupported version of {protocol}: {version}; supported: {', '.join(versions)}"
            )
        plan = params.get("plan")
        if plan is None or plan.lender is not versions[version]:
            borrows = "there is none" if plan is None else f"it borrows from {plan.lender.name.lower()}"
            raise UnsupportedProtocol(f"params need a plan for {protocol} {version}, but {borrows}")
        return plan

    def _too_large(self, plan: ArbitragePlan, market: LoanMarket) -> Verdict | None:
        """Return the refusal of a loan above ``limits.max_trade``, or of one that nobody can value."""
        worth_wei = market.valuer.wei_at_spot(plan.asset, plan.amount)
        if worth_wei is None:
            reason = f"{plan.asset} has no pool against the native coin to value the loan by"
            return _verdict(plan, VerdictCode.NO_PRICE, reason, None)
        over = check_size(risk_limits(self._config), worth_wei)
        return None if over is None else _verdict(plan, VerdictCode.OVER_LIMIT, over, None)

    def _newest_market(self) -> LoanMarket:
        deployment = open_deployment(self._config, self._chain)
        if self._follower is None:
            self._follower = open_follower(self._config, self._chain, deployment)
        snapshot = self._follower.poll()
        if snapshot is not None:
            settings = arbitrage_settings(self._config, deployment.executor)
            graph = ArbitrageCache().graph(snapshot, [venue.name for venue in deployment.followed_venues])
            valuer = Valuer(graph, settings.wrapped_native)
            self._market = LoanMarket(snapshot=snapshot, settings=settings, valuer=valuer)
        if self._market is None:
            raise RpcInconsistent(f"RPC {self._chain.rpc.name} names no newest block; try again")
        return self._market

    def _open_stages(self) -> KeeperStages:
        return open_stages(self._config, self._thread, live=self._live, chain=self._chain)


def _verdict(plan: ArbitragePlan, code: VerdictCode, reason: str, sent: ArbitragePlan | None) -> Verdict:
    return Verdict(
        route=tuple(
            RouteLeg(pool=leg.pool, token_in=leg.token_in, token_out=leg.token_out) for leg in plan.legs
        ),
        asset=plan.asset,
        amount=plan.amount,
        profit=plan.expected_profit,
        net_wei=plan.expected_net_wei,
        code=code,
        words=reason,
        plan=sent,
    )
