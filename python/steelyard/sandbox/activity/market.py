"""The market in motion: what the traders do in each block."""

from __future__ import annotations

from typing import Any, Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.crowd import Crowd
from steelyard.sandbox.activity.prices import FairPrices
from steelyard.sandbox.activity.traders import prepare
from steelyard.sandbox.activity.trading import Trading, Worths, worths_of
from steelyard.sandbox.activity.venues.registry import VENUES, view_pools
from steelyard.sandbox.mining import Miner
from steelyard.sandbox.replica.manifest import Manifest, PoolKind
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS, TRANSMITTER
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import GWEI, PIPS, Address

_HIGHEST_TIP_WEI: Final = GWEI // 20
"""A keeper that pays more than this goes first in the block."""

_SWAP_GAS: Final = 130_000
"""What a swap uses, about."""
_FIRST_KINDS: Final = (PoolKind.UNISWAP_V2, PoolKind.SUSHISWAP_V2, PoolKind.UNISWAP_V3)
"""They share one random stream; every other kind has its own."""
_FIRST_NOISE_TRADES: Final = (4, 9)
_OTHER_NOISE_TRADES: Final = (0, 2)
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
        self._pools = manifest.pools
        self.fair_prices = FairPrices({token.symbol: token.price_usd_e8 for token in manifest.tokens}, seed)
        self._groups = _groups(seed, worths_of(manifest, self.fair_prices))
        self.miner = Miner(rpc)
        self._crowd = Crowd(rpc, seed)
        prepare(rpc, manifest)
        rpc.call("anvil_impersonateAccount", TRANSMITTER)
        rpc.call("anvil_setBalance", TRANSMITTER, hex(10**24))

    def submit(self) -> list[str]:
        """Sends the market's transactions for the next block; returns their hashes in the block's order."""
        self.fair_prices.step()
        # Announced before anything is sent: anvil refuses a fee cap under the base fee that it expects.
        parent = self.miner.announce()
        base_fee_wei = parent.next_base_fee_wei()
        transactions = self._trades()
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

    def _trades(self) -> list[dict[str, Any]]:
        views = [view for view in view_pools(self._rpc, self._pools) if not view.empty]
        first, *others = [
            trading.trades([view for view in views if view.record.kind in kinds])
            for kinds, trading in self._groups
        ]
        # Price feeds come after the first group, as they did when it was the only one.
        return first + self._feed_posts() + [trade for group in others for trade in group]

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


def _groups(seed: int, worths: Worths) -> list[tuple[tuple[PoolKind, ...], Trading]]:
    others = [kind for kind in VENUES if kind not in _FIRST_KINDS]
    return [
        (_FIRST_KINDS, Trading(f"trades {seed}", _FIRST_NOISE_TRADES, worths)),
        *(((kind,), Trading(f"trades {seed}, {kind}", _OTHER_NOISE_TRADES, worths)) for kind in others),
    ]
