"""Asks a chain whether its address book tells the truth: code, and what only the right contract answers.

A probe is a few reads. A factory is asked for a pool that must exist; its address must be the one that
follows from the listed init-code hash, which is what the executor trusts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from eth_hash.auto import keccak

from steelyard.config.address_book import AddressBook, Entry, ListedLenderEntry, VenueEntry
from steelyard.connect import abi
from steelyard.connect.abi import address_word, selector, word
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.create2 import pool_address
from steelyard.connect.hexes import address_of_word
from steelyard.exceptions import RetryError, RpcRejected
from steelyard.model.plan import VenueKind
from steelyard.units import BPS, Address

NO_ADDRESS: Final = Address("0x" + "00" * 20)
_WORD: Final = 32
_MOST_AMPLIFICATION: Final = 10**6
_PROBED_LOAN: Final = 10**18
_REGISTRY_CALLS: Final = {
    VenueKind.UNISWAP_V2: abi.GET_PAIR,
    VenueKind.UNISWAP_V3: abi.GET_POOL,
    VenueKind.PANCAKE_V3: abi.GET_POOL,
    VenueKind.ALGEBRA: selector("poolByPair(address,address)"),
}
_WITH_DEPLOYER: Final = frozenset({VenueKind.PANCAKE_V3, VenueKind.ALGEBRA})


class Outcome(StrEnum):
    """What became of an entry. Not reached: the chain could not be asked, or could not tell."""

    OK = "ok"
    WRONG = "wrong"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One entry, asked.

    Attributes:
        code_hash: of the code there, as 0x-hex; None where it could not be read.
        said: what was asked and answered.
    """

    name: str
    entry: Entry
    outcome: Outcome
    said: str
    code_hash: str | None = None


class _Wrong(Exception):
    """The chain contradicts the book."""


class _Undecided(Exception):
    """The chain answers, but this proves nothing."""


def check_book(book: AddressBook, chain: ChainClient) -> Iterator[Finding]:
    """Ask the chain about each entry, one after the other.

    Raises:
        WrongChain: the node serves another chain than the book's.
        RpcUnavailable: the node does not even say which chain it serves.
    """
    chain.require_chain(book.chain_id)
    for name, entry in book.entries.items():
        yield _finding(book, chain, name, entry)


def _finding(book: AddressBook, chain: ChainClient, name: str, entry: Entry) -> Finding:
    code_hash = None
    try:
        code = chain.code(Address(entry.address))
        code_hash = "0x" + keccak(code).hex()
        if not code:
            raise _Wrong("holds no code")
        said = _probe(book, name, entry)(_Asked(chain, Address(entry.address)))
    except (_Wrong, CallReverted) as error:
        return Finding(name=name, entry=entry, outcome=Outcome.WRONG, said=str(error), code_hash=code_hash)
    except (_Undecided, RetryError, RpcRejected) as error:
        outcome = Outcome.NOT_REACHED
        return Finding(name=name, entry=entry, outcome=outcome, said=str(error), code_hash=code_hash)
    return Finding(name=name, entry=entry, outcome=Outcome.OK, said=said, code_hash=code_hash)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One contract that is asked; an answer shorter than a word is as wrong as a revert."""

    chain: ChainClient
    address: Address

    def word(self, call: bytes, what: str) -> bytes:
        """The first word of the answer."""
        answer = self.chain.eth_call(self.address, call)
        if len(answer) < _WORD:
            raise _Wrong(f"{what} has no answer")
        return answer[:_WORD]

    def number(self, signature: str) -> int:
        """The answer of a function without arguments, as a number."""
        return int.from_bytes(self.word(selector(signature), signature))

    def other(self, signature: str) -> _Asked:
        """The contract that such a function names."""
        named = address_of_word(self.word(selector(signature), signature))
        return _Asked(self.chain, named)

    def has_code(self) -> bool:
        return bool(self.chain.code(self.address))

    def require_named(self, by: _Asked, signature: str) -> None:
        """Raise unless ``by`` names this contract."""
        named = by.other(signature).address
        if named != self.address:
            raise _Wrong(f"{signature} of {by.address} names {named}")


_Probe = Callable[[_Asked], str]


def _probe(book: AddressBook, name: str, entry: Entry) -> _Probe:
    if isinstance(entry, VenueEntry):
        if entry.kind == "curve_stable":
            return _curve_pool
        return lambda asked: _factory(asked, book, entry)
    if isinstance(entry, ListedLenderEntry):
        return lambda asked: _listed_lender(asked, Address(entry.asset))
    if name == "morpho_blue":
        return lambda asked: _morpho_blue(asked, book.chain_id)
    if name == "balancer_v2":
        return lambda asked: _balancer_v2(asked, Address(book.wrapped_native.address))
    return {
        "aave_v3": _aave_v3,
        "aave_v2": _aave_v2,
        "maker": _maker,
        "uniswap_v4": _uniswap_v4,
        "wrapped_native": _token,
        "dollar": _token,
    }[name]


# --- lenders and tokens ----------------------------------------------------------------------------------


def _balancer_v2(vault: _Asked, wrapped_native: Address) -> str:
    if not vault.other("getProtocolFeesCollector()").has_code():
        raise _Wrong("its fee collector holds no code")
    wrapped = vault.other("WETH()").address
    if wrapped != wrapped_native:
        raise _Wrong(f"WETH() is {wrapped}, not the book's {wrapped_native}")
    return "has a fee collector, and wraps the book's coin"


def _aave_v3(pool: _Asked) -> str:
    pool.require_named(pool.other("ADDRESSES_PROVIDER()"), "getPool()")
    return _premium(pool)


def _aave_v2(pool: _Asked) -> str:
    pool.require_named(pool.other("getAddressesProvider()"), "getLendingPool()")
    return _premium(pool)


def _premium(pool: _Asked) -> str:
    premium_bps = pool.number("FLASHLOAN_PREMIUM_TOTAL()")
    if premium_bps >= BPS:
        raise _Wrong(f"asks {premium_bps} bps for a flash loan")
    return f"its provider names it; a flash loan costs {premium_bps} bps"


def _morpho_blue(morpho: _Asked, chain_id: int) -> str:
    kind = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
    domain = keccak(kind + word(chain_id) + address_word(morpho.address))
    if morpho.word(selector("DOMAIN_SEPARATOR()"), "DOMAIN_SEPARATOR()") != domain:
        raise _Wrong("DOMAIN_SEPARATOR() is not that of Morpho at this address on this chain")
    return "its signing domain is that of this address and chain"


def _maker(flash: _Asked) -> str:
    dai = flash.other("dai()")
    limit = flash.word(abi.MAX_FLASH_LOAN + address_word(dai.address), "maxFlashLoan(dai)")
    other = flash.word(abi.MAX_FLASH_LOAN + address_word(flash.address), "maxFlashLoan(another)")
    if int.from_bytes(other):
        raise _Wrong("lends what is not DAI")
    return f"lends {dai.address}, up to {int.from_bytes(limit):,} base units, and nothing else"


def _listed_lender(lender: _Asked, asset: Address) -> str:
    limit = int.from_bytes(lender.word(abi.MAX_FLASH_LOAN + address_word(asset), "maxFlashLoan(its asset)"))
    amount = min(limit, _PROBED_LOAN)
    question = abi.FLASH_FEE + address_word(asset) + word(amount)
    fee = int.from_bytes(lender.word(question, "flashFee(its asset)"))
    if fee > amount:
        raise _Wrong(f"asks {fee:,} for a loan of {amount:,}")
    if not limit:
        raise _Undecided(f"lends nothing of {asset} at present")
    return f"lends up to {limit:,} base units of {asset}, {fee:,} for {amount:,}"


def _uniswap_v4(manager: _Asked) -> str:
    # Its first slot is its owner: what reads slots and the owner are one contract.
    first = manager.word(selector("extsload(bytes32)") + word(0), "extsload(0)")
    owner = manager.other("owner()").address
    if address_of_word(first) != owner:
        raise _Wrong(f"its first slot does not hold its owner {owner}")
    return f"its first slot holds its owner {owner}"


def _token(token: _Asked) -> str:
    decimals = int.from_bytes(token.word(abi.DECIMALS, "decimals()"))
    if decimals not in (6, 18):
        raise _Wrong(f"has {decimals} decimals; those of the books have 6 or 18")
    token.word(abi.BALANCE_OF + address_word(token.address), "balanceOf")
    return f"has {decimals} decimals and balances"


# --- venues ----------------------------------------------------------------------------------------------


def _curve_pool(pool: _Asked) -> str:
    amplification = pool.number("A()")
    if not 0 < amplification <= _MOST_AMPLIFICATION:
        raise _Wrong(f"A() is {amplification:,}")
    coins = [
        address_of_word(pool.word(selector("coins(uint256)") + word(place), f"coins({place})"))
        for place in (0, 1)
    ]
    quote = selector("get_dy(int128,int128,uint256)") + word(0) + word(1)
    unit = int.from_bytes(_Asked(pool.chain, coins[0]).word(abi.DECIMALS, "decimals() of its first coin"))
    if not int.from_bytes(pool.word(quote + word(10**unit), "get_dy(0, 1, one)")):
        raise _Wrong("quotes nothing for one of its first coin")
    return f"quotes {coins[0]} for {coins[1]}, amplified {amplification:,}"


def _factory(deployer: _Asked, book: AddressBook, venue: VenueEntry) -> str:
    kind = VenueKind[venue.kind.upper()]
    pair = (Address(book.wrapped_native.address), Address(book.dollar.address))
    init_code_hash = bytes.fromhex((venue.init_code_hash or "")[2:])
    derived = pool_address(kind, deployer.address, init_code_hash, pair, venue.asked_tier_pips)
    named = _named_pool(deployer, venue, kind, pair)
    if named is not None and named != derived:
        raise _Wrong(f"its pool is {named}; the listed init-code hash derives {derived}")
    pool = _Asked(deployer.chain, derived)
    if not pool.has_code():
        raise _Undecided(f"{derived}, which the init-code hash derives, holds no code; no registry is listed")
    first = pool.other("token0()").address
    if first != min(pair, key=lambda token: int(token, 16)):
        raise _Wrong(f"{derived} is no pool of the pair: its token0() is {first}")
    return f"its pool {derived} stands where the init-code hash derives it"


def _named_pool(
    deployer: _Asked, venue: VenueEntry, kind: VenueKind, pair: tuple[Address, Address]
) -> Address | None:
    """Return the pool that the factory names; None where the book knows no factory beside the deployer."""
    registry = deployer
    if venue.registry is not None:
        registry = _Asked(deployer.chain, Address(venue.registry))
        deployer.require_named(registry, "poolDeployer()")
    elif kind in _WITH_DEPLOYER:
        return None
    call = _REGISTRY_CALLS[kind] + address_word(pair[0]) + address_word(pair[1])
    if kind.has_tiers:
        call += word(venue.asked_tier_pips)
    named = address_of_word(registry.word(call, "the pair's pool"))
    if named == NO_ADDRESS:
        raise _Undecided("has no pool of the wrapped coin and the dollar to compare with")
    return named
