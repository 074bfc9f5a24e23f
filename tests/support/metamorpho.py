"""Morpho's vaults on the fork: MetaMorpho over markets of Morpho Blue's, from the pinned package's byte code.

A market lends USDC on WETH at the rate of Morpho's own model; a borrower takes as much of it as a test wants.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.abi import encode_arguments
from tests.support.fork_chain import actor
from tests.support.fork_market import MORPHO, USDC, WETH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.fork_chain import ForkChain

WAD: Final = 10**18
LLTVS: Final = (860_000_000_000_000_000, 770_000_000_000_000_000, 625_000_000_000_000_000, 915 * 10**15)
_PLENTY: Final = 10**13
_TIMELOCK_SECONDS: Final = 24 * 3_600
_NOBODY: Final = "0x" + "0" * 40
_OWNER: Final = "0xcBa28b38103307Ec8dA98377ffF9816C164f9AFa"
_PARAMS: Final = "(address,address,address,address,uint256)"
_PACKAGE: Final = Path("node_modules/@morpho-org/morpho-blue-bundlers/types/factories/lib")
_ROOT: Final = Path(__file__).resolve().parents[2]
_BEGIN: Final = 'const _bytecode = "0x'
_META_MORPHO: Final = (
    "metamorpho/src/MetaMorpho__factory.js",
    "53a33f1910d5639d08997b041044caac143278651c4260e10f277ad7d542b3e2",
)
_CURVE_MODEL: Final = (
    "morpho-blue-irm/src/adaptive-curve-irm/AdaptiveCurveIrm__factory.js",
    "ba020248806154f2d3e762a87fb3af2020f4a54184783a4d358bac526309ea72",
)


@dataclass(frozen=True)
class Market:
    """A market of Morpho Blue's: what is lent, on what, at which price and rate, up to what part of it."""

    loan: str
    collateral: str
    oracle: str
    model: str
    lltv_wad: int

    @property
    def params(self) -> tuple[str, str, str, str, int]:
        return (self.loan, self.collateral, self.oracle, self.model, self.lltv_wad)

    @property
    def id(self) -> bytes:
        return bytes(keccak(encode([_PARAMS], [self.params])))


IDLE: Final = Market(USDC, _NOBODY, _NOBODY, _NOBODY, 0)
"""Where nobody can borrow. The replica has it, and mainnet."""


class Morpho:
    """Markets and vaults, and a borrower."""

    def __init__(self, chain: ForkChain, oracle: str) -> None:
        """Enable Morpho's rate model, and every loan to value that a market here may have."""
        self.chain, self.oracle = chain, oracle
        self.borrower = actor("who borrows from Morpho")
        self.model = self._create(_CURVE_MODEL, encode_arguments("(address)", MORPHO))
        chain.send(_OWNER, MORPHO, "enableIrm(address)", self.model)
        for lltv in LLTVS:
            chain.send(_OWNER, MORPHO, "enableLltv(uint256)", lltv)

    def open_market(self, lltv_wad: int) -> Market:
        """Create a market of USDC on WETH."""
        market = Market(USDC, WETH, self.oracle, self.model, lltv_wad)
        self.chain.send(self.borrower, MORPHO, f"createMarket({_PARAMS})", market.params)
        return market

    def open_vault(self, owner: str, caps: Sequence[tuple[Market, int]]) -> str:
        """Create a MetaMorpho vault over USDC that fills and empties the markets in this order.

        Takes a day: no vault of theirs raises a cap at once.
        """
        arguments = (owner, MORPHO, _TIMELOCK_SECONDS, USDC, "Morpho USDC", "mUSDC")
        code = encode_arguments("(address,address,uint256,address,string,string)", *arguments)
        vault = self._create(_META_MORPHO, code)
        for market, cap in caps:
            self.chain.send(owner, vault, f"submitCap({_PARAMS},uint256)", market.params, cap)
        self.chain.let_pass(_TIMELOCK_SECONDS)
        for market, _ in caps:
            self.chain.send(owner, vault, f"acceptCap({_PARAMS})", market.params)
        queue = [market.id for market, _ in caps]
        self.chain.send(owner, vault, "setSupplyQueue(bytes32[])", queue)
        return vault

    def rate_wad(self, market: Market) -> int:
        """Interest a second where nine tenths of a market are lent out, by the model at the last loan."""
        return int(self.chain.read(self.model, "rateAtTarget(bytes32)", "(int256)", market.id)[0])

    def borrow(self, market: Market, amount: int) -> None:
        """Borrow, on twice as much collateral as is asked for."""
        price = self.chain.read(self.oracle, "price()", "(uint256)")[0]
        collateral = 2 * amount * 10**36 * WAD // (price * market.lltv_wad)
        self.chain.give(WETH, self.borrower, collateral)
        self._approve(WETH, collateral)
        to = f"supplyCollateral({_PARAMS},uint256,address,bytes)"
        self.chain.send(self.borrower, MORPHO, to, market.params, collateral, self.borrower, b"")
        to = f"borrow({_PARAMS},uint256,uint256,address,address)"
        who = self.borrower
        self.chain.send(who, MORPHO, to, market.params, amount, 0, who, who)

    def repay(self, market: Market) -> None:
        """Pay everything back, interest included."""
        position = "(uint256,uint128,uint128)"
        shares = self.chain.read(MORPHO, "position(bytes32,address)", position, market.id, self.borrower)[1]
        self.chain.give(USDC, self.borrower, _PLENTY)
        self._approve(USDC, _PLENTY)
        to = f"repay({_PARAMS},uint256,uint256,address,bytes)"
        self.chain.send(self.borrower, MORPHO, to, market.params, 0, shares, self.borrower, b"")

    def liquidate(self, market: Market, *, price: int) -> None:
        """Let the collateral's price fall, and sell all of it for what it is worth then."""
        self.chain.send(self.borrower, self.oracle, "setPrice(uint256)", price)
        position = "(uint256,uint128,uint128)"
        held = self.chain.read(MORPHO, "position(bytes32,address)", position, market.id, self.borrower)[2]
        self.chain.give(USDC, self.borrower, _PLENTY)
        self._approve(USDC, _PLENTY)
        to = f"liquidate({_PARAMS},address,uint256,uint256,bytes)"
        self.chain.send(self.borrower, MORPHO, to, market.params, self.borrower, held, 0, b"")

    def _approve(self, token: str, amount: int) -> None:
        self.chain.send(self.borrower, token, "approve(address,uint256)", MORPHO, amount)

    def _create(self, origin: tuple[str, str], arguments: bytes) -> str:
        """Create a contract of Morpho's."""
        receipt = self.chain.receipt(self.borrower, None, "0x" + (_creation_code(*origin) + arguments).hex())
        assert int(receipt["status"], 16) == 1, origin
        return str(to_checksum_address(receipt["contractAddress"]))


def reallocation(vault_markets: Sequence[tuple[Market, int]]) -> tuple[str, list[Any]]:
    """MetaMorpho's ``reallocate``: each market to that amount, in this order."""
    return f"reallocate(({_PARAMS},uint256)[])", [(market.params, assets) for market, assets in vault_markets]


def _creation_code(file: str, digest: str) -> bytes:
    content = (_ROOT / _PACKAGE / file).read_bytes()
    assert sha256(content).hexdigest() == digest, f"{file} is not the pinned one"
    return bytes.fromhex(content.decode().split(_BEGIN)[1].split('"')[0])
