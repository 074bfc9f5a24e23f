"""Ape accounts that sign for the keeper. The key stays inside Ape; nothing here prints, logs or stores it."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from steelyard.exceptions import KeyUnavailable
from steelyard.units import Address

if TYPE_CHECKING:
    from collections.abc import Callable

_DEVELOPMENT_CLIENTS: Final = ("anvil/",)
_OTHERS_RIGHTS: Final = stat.S_IRWXG | stat.S_IRWXO


class ApeSigner:
    """``model.ports.Signer`` over an unlocked Ape account."""

    def __init__(self, account: Any) -> None:
        """Wrap an account that signs without asking; see ``load_signer`` and ``load_test_signer``."""
        self._account = account
        self._address = Address(str(account.address))

    def __repr__(self) -> str:
        return f"ApeSigner({self._address})"

    @property
    def address(self) -> Address:
        """The account's address."""
        return self._address

    def sign(self, fields: dict[str, object]) -> bytes:
        """Return the raw signed EIP-1559 transaction; nothing is sent.

        Args:
            fields: as in JSON-RPC, with integers and bytes: chainId, to, nonce, gas, maxFeePerGas,
                maxPriorityFeePerGas, value, data, and accessList where there is one.

        Raises:
            KeyUnavailable: the account refuses to sign.
        """
        from ape.logging import logger
        from ape_ethereum.transactions import DynamicFeeTransaction

        try:
            with logger.at_level("ERROR"):  # Ape warns at each signature that the key is unlocked
                transaction = DynamicFeeTransaction.model_validate(fields | {"from": self._address})
                signed = self._account.sign_transaction(transaction)
                raw = None if signed is None else bytes(signed.serialize_transaction())
        except Exception as error:  # noqa: BLE001 - Ape and its plugins raise anything; none may show a key
            raise KeyUnavailable(f"account {self._address} could not sign ({type(error).__name__})") from None
        if raw is None:
            raise KeyUnavailable(f"account {self._address} refused to sign")
        return raw


class ApeIdentity:
    """``connect.private_relay.Identity`` over an unlocked Ape account."""

    def __init__(self, account: Any) -> None:
        """Wrap an account that signs messages without asking; see ``load_identity``."""
        self._account = account
        self._address = Address(str(account.address))

    def __repr__(self) -> str:
        return f"ApeIdentity({self._address})"

    @property
    def address(self) -> Address:
        """The identity's address, which relays know it by."""
        return self._address

    def sign_text(self, text: str) -> bytes:
        """Return the 65 bytes of an EIP-191 signature of ``text``. Raises KeyUnavailable."""
        from ape.logging import logger
        from eth_account.messages import encode_defunct

        try:
            with logger.at_level("ERROR"):
                signed = self._account.sign_message(encode_defunct(text=text))
                signature = None if signed is None else bytes(signed.encode_rsv())
        except Exception as error:  # noqa: BLE001 - Ape and its plugins raise anything; none may show a key
            raise KeyUnavailable(
                f"identity {self._address} could not sign ({type(error).__name__})"
            ) from None
        if signature is None:
            raise KeyUnavailable(f"identity {self._address} refused to sign")
        return signature


def load_identity(
    alias: str,
    *,
    passphrase_file: Path | None = None,
    ask: Callable[[str], str] | None = None,
) -> ApeIdentity:
    """Unlock the Ape account ``alias`` as what signs requests to relays; arguments as for ``load_signer``.

    Raises:
        KeyUnavailable: there is no such account, no passphrase can be had, or it is wrong.
    """
    return ApeIdentity(_unlocked(alias, passphrase_file, ask, key="private.identity_passphrase_file"))


def load_signer(
    alias: str,
    *,
    passphrase_file: Path | None = None,
    ask: Callable[[str], str] | None = None,
) -> ApeSigner:
    """Unlock the Ape account ``alias`` (about a second, once) and return its signer.

    Args:
        passphrase_file: readable by its owner only; without one the passphrase is asked for.
        ask: asks for the passphrase; by default a hidden prompt on the terminal.

    Raises:
        KeyUnavailable: there is no such account, no passphrase can be had, or it is wrong.
    """
    return ApeSigner(_unlocked(alias, passphrase_file, ask, key="keeper.passphrase_file"))


def load_request_signer(
    alias: str,
    *,
    passphrase_file: Path | None = None,
    key: str = "--account",
    ask: Callable[[str], str] | None = None,
) -> tuple[Address, Callable[[Any], bytes]]:
    """Unlock the Ape account ``alias``; return its address and what signs EIP-712 messages with its key.

    Args:
        passphrase_file: as for ``load_signer``.
        key: the setting that makes asking for a passphrase needless.

    Raises:
        KeyUnavailable: as for ``load_signer``; from what signs, where the account refuses to.
    """
    return _request_signer(_unlocked(alias, passphrase_file, ask, key=key), alias)


def load_test_request_signer(index: int, *, client_version: str) -> tuple[Address, Callable[[Any], bytes]]:
    """Return the address of Ape's test account ``index`` and what signs with it; as ``load_test_signer``."""
    return _request_signer(_test_account(index, client_version), f"TEST::{index}")


def account_address(name: str, *, client_version: str) -> Address:
    """Return the address of an Ape account, which stays locked; ``TEST::0`` is Ape's first test account.

    Raises:
        KeyUnavailable: there is no such account, or it is a test account and the node no development node.
    """
    index = name.removeprefix("TEST::")
    if index != name and index.isdecimal():
        return Address(str(_test_account(int(index), client_version).address))
    return Address(str(_account(name).address))


def _request_signer(account: Any, name: str) -> tuple[Address, Callable[[Any], bytes]]:
    def sign(message: Any) -> bytes:
        from ape.logging import logger

        try:
            with logger.at_level("ERROR"):
                signature = account.sign_message(message)
        except Exception as error:  # noqa: BLE001 - Ape and its plugins raise anything; none may show a key
            raise KeyUnavailable(f"account {name!r} could not sign ({type(error).__name__})") from None
        if signature is None:
            raise KeyUnavailable(f"account {name!r} refused to sign")
        return bytes(signature.encode_rsv())

    return Address(str(account.address)), sign


def _account(alias: str) -> Any:
    import ape

    if alias not in ape.accounts.aliases:
        raise KeyUnavailable(
            f"there is no Ape account {alias!r}; `ape accounts list` shows them, "
            f"`ape accounts import {alias}` brings one in"
        )
    return ape.accounts.load(alias)


def _unlocked(alias: str, passphrase_file: Path | None, ask: Callable[[str], str] | None, *, key: str) -> Any:
    from ape.logging import logger

    account = _account(alias)
    passphrase = read_passphrase(passphrase_file) if passphrase_file else (ask or _asker(key))(alias)
    if not passphrase:  # Ape would then look into the environment, where others can read it
        raise KeyUnavailable(f"the passphrase of {alias!r} is empty")
    try:
        with logger.at_level("ERROR"):
            account.set_autosign(True, passphrase=passphrase)
    except Exception as error:  # noqa: BLE001 - the cause's text could hold what must not be shown
        raise KeyUnavailable(
            f"Ape account {alias!r} cannot be unlocked: wrong passphrase or damaged keyfile "
            f"({type(error).__name__})"
        ) from None
    return account


def load_test_signer(index: int, *, client_version: str) -> ApeSigner:
    """Return the signer of Ape's test account ``index``, whose key the whole world knows.

    Args:
        client_version: the node's ``web3_clientVersion``.

    Raises:
        KeyUnavailable: the node is not a development node, or there is no such account.
    """
    return ApeSigner(_test_account(index, client_version))


def _test_account(index: int, client_version: str) -> Any:
    if not client_version.lower().startswith(_DEVELOPMENT_CLIENTS):
        raise KeyUnavailable(
            "test accounts have public keys and sign only on a development node (anvil); "
            f"this node says {client_version!r}: name an account of your own in keeper.account"
        )
    import ape

    try:
        return ape.accounts.test_accounts[index]
    except IndexError:
        raise KeyUnavailable(f"there is no test account {index}") from None


def keyring_folder() -> Path:
    """Return the folder in which Ape keeps its accounts: every process that can sign with one has it."""
    import ape

    return Path(ape.config.DATA_FOLDER)


def read_passphrase(path: Path) -> str:
    """Return the passphrase in a file, without the line's end.

    Raises:
        KeyUnavailable: it is missing, empty, or others may read it.
    """
    try:
        mode = path.stat().st_mode
        if mode & _OTHERS_RIGHTS:
            raise KeyUnavailable(
                f"passphrase file {path} can be read by others (mode {stat.S_IMODE(mode):o}): "
                f"chmod 600 {path}"
            )
        passphrase = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnavailable(f"passphrase file {path} cannot be read ({type(error).__name__})") from None
    if not passphrase:
        raise KeyUnavailable(f"passphrase file {path} is empty")
    return passphrase


def _asker(key: str) -> Callable[[str], str]:
    """Return what asks for a passphrase; ``key`` is the setting that makes asking needless."""

    def ask(alias: str) -> str:
        if not sys.stdin.isatty():
            raise KeyUnavailable(
                f"the passphrase of {alias!r} cannot be asked for without a terminal: "
                f"put it into a file of mode 600 and name it in {key}"
            )
        answer: str = click.prompt(f"Passphrase of {alias}", hide_input=True)
        return answer

    return ask
