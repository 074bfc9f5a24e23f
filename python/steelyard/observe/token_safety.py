"""Which tokens move as they say: each is sent out of a pool and back by ``eth_call``, every so many blocks.

A token that keeps a fee, refuses the executor, lies about success or rebases is found before a plan is built
on it. A trial is of one amount at one pool and one block: it proves a fault, and makes its absence likely.
What a plan does is simulated as a whole before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from steelyard.amm.pool import Pool
from steelyard.connect.abi import BALANCE_OF, address_word
from steelyard.connect.chain import ChainClient, block_parameter
from steelyard.connect.hexes import blob
from steelyard.connect.multicall import Multicall, StaticCall
from steelyard.connect.reverts import describe_revert
from steelyard.connect.transfer_trial import Step, Trial, TrialResult, read_trial, trial_request
from steelyard.exceptions import RpcInconsistent, RpcRejected
from steelyard.model.chain import BlockRef
from steelyard.model.evidence import TokenSafety
from steelyard.units import Address

POOLS_LOOKED_AT: Final = 4
"""Of a token's pools, those not visited for the longest time; it is tried at the one that holds most."""
_SHARE: Final = 10
"""A tenth of what the pool holds is sent: as much as a large trade, so that a limit on transfers shows."""


class TokenTrials:
    """Tries tokens in turn and keeps what was found."""

    def __init__(
        self,
        chain: ChainClient,
        *,
        receiver: Address,
        origin: Address,
        every_blocks: int = 50,
        at_once: int = 16,
    ) -> None:
        """Bind to a node.

        Args:
            receiver: who gets the tokens in a trial: the executor.
            origin: the account that its transactions come from.
            every_blocks: a token is tried again after so many blocks.
            at_once: tokens of one ``refresh`` at most.
        """
        self._chain = chain
        self._receiver = receiver
        self._origin = origin
        self._every_blocks = every_blocks
        self._at_once = at_once
        self._turn_of: dict[Address, int] = {}
        self._visited: dict[tuple[Address, Address], int] = {}
        self._problems: dict[tuple[Address, Address], str] = {}
        self._refreshed_at: int | None = None
        self.safety: Mapping[Address, TokenSafety] = {}
        """By token, what its last trials showed; replaced, never changed."""
        self.warning: str | None = None
        """Why the node lets nothing be tried, where that is so."""

    def refresh(
        self,
        multicall: Multicall,
        block: BlockRef,
        tokens: Sequence[Address],
        pools: Mapping[Address, Pool],
        *,
        idle: bool,
    ) -> None:
        """Try the tokens whose turn it is, ``at_once`` at most, with two round trips to the node.

        While a block waits to be decided on (``idle`` is false), only where nothing was tried for
        ``every_blocks``: a node that is never idle must not make the evidence old.

        Raises:
            RetryError: the node does not answer; nothing has changed.
        """
        due = self._due(block, tokens)
        if not due or not (idle or self._is_late(block)):
            return
        trials = self._trials(multicall, block, due, pools)
        requests = [trial_request(trial, block_parameter(block.number)) for trial in trials]
        outcomes = self._chain.rpc.batch_outcomes(requests)
        self._refreshed_at = block.number
        self._turn_of.update((token, block.number) for token in due)
        self._take(trials, outcomes, block)

    def _is_late(self, block: BlockRef) -> bool:
        return self._refreshed_at is None or abs(block.number - self._refreshed_at) >= self._every_blocks

    def _due(self, block: BlockRef, tokens: Sequence[Address]) -> list[Address]:
        """Return the tokens whose last turn is long enough ago, those never tried first."""
        turns = self._turn_of
        waiting = [
            token
            for token in tokens
            if token not in turns or abs(block.number - turns[token]) >= self._every_blocks
        ]
        return sorted(waiting, key=lambda token: turns.get(token, -1))[: self._at_once]

    def _trials(
        self, multicall: Multicall, block: BlockRef, due: Sequence[Address], pools: Mapping[Address, Pool]
    ) -> list[Trial]:
        """Choose a pool and an amount for each token; a token that no pool holds is not tried."""
        homes: dict[Address, list[Address]] = {token: [] for token in due}
        for at, pool in pools.items():
            for token in (pool.token0, pool.token1):
                if token in homes:
                    homes[token].append(at)
        looked_at = [(token, at) for token in due for at in self._longest_ago(token, homes[token])]
        calls = [StaticCall(token, BALANCE_OF + address_word(at)) for token, at in looked_at]
        balances = multicall.read(calls, block)
        richest: dict[Address, tuple[bool, int, Address]] = {}
        for (token, at), answer in zip(looked_at, balances, strict=True):
            self._visited[token, at] = block.number
            held = answer.word() if answer.answered else 0
            # A pool at which something was wrong comes first: nothing else can show that it is mended.
            rank = ((token, at) in self._problems, held, at)
            if held:
                richest[token] = max(richest.get(token, rank), rank)
        return [
            Trial(
                token=token,
                pool=at,
                receiver=self._receiver,
                origin=self._origin,
                amount=max(held // _SHARE, 1),  # down: a pool with less than ten units is tried with one
            )
            for token, (_, held, at) in richest.items()
        ]

    def _longest_ago(self, token: Address, homes: Sequence[Address]) -> list[Address]:
        """Return the pools to look at; forget what was wrong at pools that are gone."""
        for known in [at for at in self._problems if at[0] == token and at[1] not in homes]:
            del self._problems[known]
        order = sorted(
            homes, key=lambda at: ((token, at) not in self._problems, self._visited.get((token, at), -1), at)
        )
        return order[:POOLS_LOOKED_AT]

    def _take(self, trials: Sequence[Trial], outcomes: Sequence[Any], block: BlockRef) -> None:
        safety = dict(self.safety)
        refusals: list[Exception] = []
        for trial, outcome in zip(trials, outcomes, strict=True):
            try:
                problem = problem_of(trial, _result(outcome))
            except (RpcRejected, RpcInconsistent) as error:
                refusals.append(error)
                continue
            self._note(trial, problem)
            known = next((said for at, said in self._problems.items() if at[0] == trial.token), None)
            safety[trial.token] = TokenSafety(token=trial.token, problem=known, block_number=block.number)
        self.safety = safety
        if trials:
            self.warning = f"tokens are not tried: {refusals[0]}" if len(refusals) == len(trials) else None

    def _note(self, trial: Trial, problem: str | None) -> None:
        if problem is None:
            self._problems.pop((trial.token, trial.pool), None)
        else:
            self._problems[trial.token, trial.pool] = problem


def problem_of(trial: Trial, result: TrialResult) -> str | None:
    """Return what is wrong with the token, or None where all that was sent arrived both ways.

    Raises:
        RpcInconsistent: the pool no longer holds what was to be sent, so that nothing was tried.
    """
    balances = [_balances(steps) for steps in (result.before, result.between, result.after)]
    before, between, after = balances
    if before is None or between is None or after is None:
        return "it does not state a balance"
    if before[0] < trial.amount:
        raise RpcInconsistent(f"pool {trial.pool} holds {before[0]} by now, so {trial.amount} was not tried")
    way = f"out of pool {trial.pool}"
    wrong = _refusal(result.out) or _misfit(trial.amount, before, between)
    if wrong is None:
        way = f"into pool {trial.pool}"
        wrong = _refusal(result.back) or _misfit(trial.amount, between[::-1], after[::-1])
    return None if wrong is None else f"a transfer {way} {wrong}"


def _result(outcome: Any) -> TrialResult:
    if isinstance(outcome, RpcRejected):
        raise outcome
    return read_trial(blob(outcome, "answer to a trial of transfers"))


def _balances(steps: tuple[Step, Step]) -> tuple[int, int] | None:
    held, received = steps[0].number, steps[1].number
    return None if held is None or received is None else (held, received)


def _refusal(transfer: Step) -> str | None:
    """Return how the token refused; no answer at all is as good as true, as with USDT."""
    if not transfer.success:
        return f"is refused: {describe_revert(transfer.data)}"
    if transfer.returned and transfer.number != 1:
        return "is answered with something else than true"
    return None


def _misfit(amount: int, before: tuple[int, int], after: tuple[int, int]) -> str | None:
    """Return how the balances of (sender, receiver) moved otherwise than by ``amount``."""
    sent, arrived = before[0] - after[0], after[1] - before[1]
    if arrived != amount:
        return f"of {amount} units brings {arrived}"
    if sent != amount:
        return f"of {amount} units takes {sent}"
    return None
