"""What another code would make of a vault: tried on the chain's state, and compared read by read.

Nothing is sent for it: the vault is asked twice at one block, as it is, and with the new code behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from eth_abi.abi import decode, encode

from scripts._executor import DeploymentRefused
from scripts._site import runtime_code_at
from scripts._vault_record import ROLE_KEYS, DeployedVault
from scripts._vault_verification import IMPLEMENTATION_SLOT
from steelyard.connect.abi import address_word, selector, topic
from steelyard.connect.chain import CallReverted, ChainClient
from steelyard.connect.hexes import address_of_word, to_hex
from steelyard.units import Address

MOST_REQUESTS: Final = 100
"""Of those that wait or can be claimed, so many are compared: the newest."""

_REDEEM_REQUEST: Final = topic("RedeemRequest(address,address,uint256,address,uint256)")
_LEAVE_GIVEN: Final = "0x6001600052600060205260406000f3"
"""Code that answers (true, 0), whatever it is asked: an AccessManager that lets everybody do everything."""

_STATE: Final = f"({','.join(('uint8', *('uint256',) * 10))})"
_SETTINGS: Final = "(address,address,uint16,uint16,uint128)"
_POOL: Final = "(uint8,uint16,uint16,uint16,uint16)"


class Read(NamedTuple):
    """One thing that a vault is asked."""

    what: str
    signature: str
    returns: str
    arguments: tuple[Any, ...] = ()

    @property
    def data(self) -> bytes:
        """Its calldata."""
        inside = self.signature[self.signature.index("(") + 1 : -1]
        return selector(self.signature) + encode(inside.split(",") if inside else [], self.arguments)


def require_same_answers(chain: ChainClient, deployed: DeployedVault, at: Address, code: bytes) -> int:
    """See that the vault takes the new code and says the same with it; return how much was compared.

    Args:
        at: where ``code``, creation code, will stand or stands.

    Raises:
        DeploymentRefused: the vault refuses it, or an answer would be another; all of them are named.
    """
    vault = Address(deployed.vault.address)
    try:
        runtime = to_hex(runtime_code_at(chain, at, code))
        permitted = {deployed.authority.address: {"code": _LEAVE_GIVEN}, at: {"code": runtime}}
        call = bytes(deployed.vault.upgradeToAndCall.encode_input(at, b""))
        chain.eth_call(vault, call, overrides=permitted)
    except CallReverted as error:
        raise DeploymentRefused(f"the vault would not take this code: {error.reason}") from None
    upgraded: dict[str, Any] = {
        vault: {"stateDiff": {IMPLEMENTATION_SLOT: to_hex(address_word(at))}},
        at: {"code": runtime},
    }
    block = chain.block().number
    reads = list(_reads(chain, deployed))
    differing = []
    for read in reads:
        now, then = (_answer(chain, vault, read, block, overrides) for overrides in ({}, upgraded))
        if now != then:
            differing.append(f"  {read.what} is {now}, and would be {then}")
    if differing:
        raise DeploymentRefused("the upgrade would change what the vault says:\n" + "\n".join(differing))
    return len(reads)


def _answer(chain: ChainClient, vault: Address, read: Read, block: int, overrides: Mapping[str, Any]) -> str:
    try:
        answer = chain.eth_call(vault, read.data, block=block, overrides=overrides)
    except CallReverted as error:
        return f"refused ({error.reason})"
    try:
        return str(decode([read.returns], answer)[0])
    except ValueError:
        return f"no {read.returns}: 0x{answer.hex()}"


def _reads(chain: ChainClient, deployed: DeployedVault) -> Iterator[Read]:
    """Everything that holders, keepers and the administration see."""
    vault = deployed.vault
    share = 10 ** int(vault.decimals())
    for name, returns in (
        ("asset", "address"),
        ("name", "string"),
        ("symbol", "string"),
        ("decimals", "uint8"),
        ("authority", "address"),
        ("totalAssets", "uint256"),
        ("totalSupply", "uint256"),
        ("payableNow", "uint256"),
        ("isSound", "bool"),
        ("tvlUsdWad", "uint256"),
        ("strategies", "address[]"),
        ("settings", _SETTINGS),
        ("state", _STATE),
    ):
        yield Read(name, f"{name}()", returns)
    for name in ("convertToAssets", "convertToShares", "previewDeposit", "previewRedeem"):
        yield Read(f"{name} of a whole share", f"{name}(uint256)", "uint256", (share,))
    yield Read("targets", "targetAllocations()", "uint256[]")
    yield Read("weights", "targetAlmWeightsAndLiquidity()", "uint256[]")
    for strategy in vault.strategies():
        yield Read(f"pool {deployed.name_of(strategy)}", "pool(address)", _POOL, (strategy,))
    yield from _role_reads(deployed)
    yield from _request_reads(chain, deployed)


def _role_reads(deployed: DeployedVault) -> Iterator[Read]:
    record = deployed.record
    named = {account for key in ROLE_KEYS.values() for account in record[key]}
    # Who has no role must not be given one.
    for account in sorted({*named, deployed.vault.address}):
        for role in ROLE_KEYS:
            what = f"whether {account} is {role.name.lower()}"
            yield Read(what, "hasRole(address,uint8)", "bool", (account, int(role)))


def _request_reads(chain: ChainClient, deployed: DeployedVault) -> Iterator[Read]:
    """What waits and what can be claimed, of each request, and the shares of whoever asked for it."""
    events = chain.raw_logs(
        from_block=deployed.since_block,
        addresses=[Address(deployed.vault.address)],
        topics=[_REDEEM_REQUEST],
    )
    for event in events[-MOST_REQUESTS:]:
        controller = str(address_of_word(bytes.fromhex(event["topics"][1][2:])))
        number = int(event["topics"][3], 16)
        for name in ("pendingRedeemRequest", "claimableRedeemAssets"):
            what = f"{name} of request {number}"
            yield Read(what, f"{name}(uint256,address)", "uint256", (number, controller))
        yield Read(f"shares of {controller}", "balanceOf(address)", "uint256", (controller,))
