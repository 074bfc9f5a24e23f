"""The market in motion: what the traders do in each block."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.crowd import Crowd
from steelyard.sandbox.activity.pools import PoolView, view_pools
from steelyard.sandbox.activity.prices import FairPrices
from steelyard.sandbox.activity.traders import (
    FOLLOWERS,
    NOISE_TRADERS,
    prepare,
    swap_transaction,
)
from steelyard.sandbox.mining import Miner
from steelyard.sandbox.replica.manifest import Manifest
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS, TRANSMITTER
from steelyard.sandbox.replica.tokens import USD_E8
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import GWEI, PIPS, Address

_HIGHEST_TIP_WEI: Final = GWEI // 20
"""A keeper that pays more than this goes first in the block."""

_SWAP_GAS: Final = 130_000
"""What a swap uses, about."""
_NOISE_TRADES: Final = (4, 9)
_NOISE_FEES: Final = (40, 180)
"""A noise trade moves the price by this many hundredths of the pool's own fee, at least and at most."""
_LARGE_ONE_IN: Final = 4
_LARGE_FACTOR: Final = 2
_LARGEST_MOVE_PPM: Final = 10_000
_LARGEST_NOISE_USD: Final = 400_000
_FOLLOW_PERCENT: Final = (55, 85)
"""How often a follower acts on a pool that is off: pools with a fee over, and of at most, 0.05 %."""
_FOLLOW_SHARE_PERCENT: Final = (50, 100)
_LARGEST_FOLLOW_PPM: Final = 100_000
_CHEAP_FEE_PIPS: Final = 500
_POST_DEVIATION_PPM: Final = 5_000


class MarketActivity:
    """Seeded traders that swap in every block, at the pools themselves.

    Lock-step: :meth:`submit` puts the market's transactions for the next block in the pool, :meth:`mine`
    mines it. A keeper that saw block N sends before N + 1 is mined; its transaction goes in front of the
    market's if it offers a higher fee, which any tip over 0.05 gwei does. The same seed on the same state
    gives the same blocks, hash for hash, as long as nobody else trades; what somebody else trades, the
    traders answer.

    Args:
        rpc: the replica.
        seed: of prices, trades and base fees.
        manifest: the replica's, for its tokens and pools.
    """

    def __init__(self, rpc: SandboxRpc, seed: int, manifest: Manifest) -> None:
        self._rpc = rpc
        self._random = Random(f"trades {seed}")
        self._pools = manifest.pools
        self._tokens = {token.address: token for token in manifest.tokens}
        self.fair_prices = FairPrices({token.symbol: token.price_usd_e8 for token in manifest.tokens}, seed)
        self.miner = Miner(rpc)
        self._crowd = Crowd(rpc, seed)
        prepare(rpc, manifest.tokens)
        rpc.call("anvil_impersonateAccount", TRANSMITTER)
        rpc.call("anvil_setBalance", TRANSMITTER, hex(10**24))

    def submit(self) -> list[str]:
        """Sends the market's transactions for the next block; returns their hashes in the block's order."""
        self.fair_prices.step()
        # Announced before anything is sent: anvil refuses a fee cap under the base fee that it expects.
        parent = self.miner.announce()
        base_fee_wei = parent.next_base_fee_wei()
        views = [view for view in view_pools(self._rpc, self._pools) if not view.empty]
        transactions = self._noise(views) + self._following(views) + self._feed_posts()
        others_gas = len(transactions) * _SWAP_GAS
        transactions += self._crowd.transactions(base_fee_wei, parent.gas_limit, others_gas)
        nonces: dict[str, int] = {}
        return [
            self._send(index, transaction, base_fee_wei, nonces)
            for index, transaction in enumerate(transactions)
        ]

    def mine(self) -> int:
        """Mines the next block; returns its number."""
        return self.miner.mine()

    def _noise(self, views: list[PoolView]) -> list[dict[str, Any]]:
        trades = []
        for _ in range(self._random.randint(*_NOISE_TRADES)):
            view = self._random.choice(views)
            who = self._random.choice(NOISE_TRADERS)
            move_ppm = view.record.fee_pips * self._random.randint(*_NOISE_FEES) // 100
            if self._random.randrange(_LARGE_ONE_IN) == 0:
                move_ppm *= _LARGE_FACTOR
            direction = self._random.choice((-1, 1))
            swap = view.swap_to_move(direction * min(move_ppm, _LARGEST_MOVE_PPM))
            largest = self._worth(_LARGEST_NOISE_USD, view, swap.zero_in)
            trades.append(swap_transaction(who, view, replace(swap, amount=min(swap.amount, largest))))
        return trades

    def _following(self, views: list[PoolView]) -> list[dict[str, Any]]:
        trades = []
        for view in views:
            fee_pips = view.record.fee_pips
            often = _FOLLOW_PERCENT[fee_pips <= _CHEAP_FEE_PIPS]
            # Drawn for every pool, acted on or not: what is drawn next must not depend on the chain.
            acts = self._random.randrange(100) < often
            who = self._random.choice(FOLLOWERS)
            share_percent = self._random.randint(*_FOLLOW_SHARE_PERCENT)
            gap_ppm = self._gap_ppm(view)
            move_ppm = (abs(gap_ppm) - fee_pips) * share_percent // 100
            if acts and move_ppm > 0:
                direction = 1 if gap_ppm > 0 else -1
                swap = view.swap_to_move(direction * min(move_ppm, _LARGEST_FOLLOW_PPM))
                trades.append(swap_transaction(who, view, swap))
        return trades

    def _gap_ppm(self, view: PoolView) -> int:
        token0, token1 = self._tokens[view.record.token0], self._tokens[view.record.token1]
        return view.gap_ppm(
            self.fair_prices[token0.symbol],
            self.fair_prices[token1.symbol],
            10**token0.decimals,
            10**token1.decimals,
        )

    def _worth(self, usd: int, view: PoolView, zero_in: bool) -> int:
        """Base units worth `usd` of the token that goes in, at the fair price; rounds down."""
        token = self._tokens[view.record.token0 if zero_in else view.record.token1]
        scale: int = 10**token.decimals
        return usd * USD_E8 * scale // self.fair_prices[token.symbol]

    def _feed_posts(self) -> list[dict[str, Any]]:
        answer = "0x" + encode_call("latestAnswer()").hex()
        answers = self._rpc.batch(
            [("eth_call", [{"to": feed, "data": answer}, "latest"]) for _, _, feed in FEEDS]
        )
        posts = []
        for (token, _, feed), raw in zip(FEEDS, answers, strict=True):
            (posted,) = decode_result("(int256)", bytes.fromhex(raw[2:]))
            fair = self.fair_prices[token.symbol]
            if abs(fair - posted) * PIPS > posted * _POST_DEVIATION_PPM:
                posts.append(_post(feed, fair))
        return posts

    def _send(
        self, index: int, transaction: dict[str, Any], base_fee_wei: int, nonces: dict[str, int]
    ) -> str:
        sender = transaction["from"]
        if sender not in nonces:
            nonces[sender] = int(self._rpc.call("eth_getTransactionCount", sender, "pending"), 16)
        # Anvil orders a block by the fee offered. A falling tip fixes the market's own order, and a cap just
        # over the base fee leaves the front to whoever offers more.
        tip_wei = _HIGHEST_TIP_WEI - index
        fees = {
            "nonce": hex(nonces[sender]),
            "maxPriorityFeePerGas": hex(tip_wei),
            "maxFeePerGas": hex(base_fee_wei + tip_wei),
        }
        nonces[sender] += 1
        sent: str = self._rpc.call("eth_sendTransaction", transaction | fees)
        return sent


def _post(feed: Address, answer_usd_e8: int) -> dict[str, Any]:
    data = encode_call("post(int256)", answer_usd_e8)
    return {"from": TRANSMITTER, "to": feed, "data": "0x" + data.hex(), "gas": hex(100_000)}
