"""The provider ``steelyard`` of ``ethereum:mainnet``: the upstream that forks are made from."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING, cast

from ape.api.providers import UpstreamProvider
from ape.exceptions import ConfigError, ProviderError
from ape_ethereum.provider import Web3Provider
from web3 import HTTPProvider, Web3

from ape_steelyard.config import SteelyardConfig

if TYPE_CHECKING:
    from steelyard.sandbox.replica import Replica

MAINNET_CHAIN_ID = 1
REQUEST_TIMEOUT_SECONDS = 30


class _ReplicaOfThisProcess:
    """The one replica that this process started or joined; stopped at exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replica: Replica | None = None

    def rpc_url(self) -> str:
        """Address of the running replica; the first call starts it.

        Raises:
            ProviderError: the replica cannot be had; names it and the remedy.
        """
        with self._lock:
            if self._replica is None:
                self._replica = self._start()
                atexit.register(self._stop)
            return self._replica.rpc_url

    @staticmethod
    def _start() -> Replica:
        # Importing the replica costs time that `ape compile` or a real node need not pay.
        from steelyard.exceptions import SteelyardError

        try:
            from steelyard.sandbox.replica import ensure_replica

            return ensure_replica()
        except (SteelyardError, ImportError, OSError) as error:
            raise ProviderError(
                f"The mainnet replica, upstream of ethereum:mainnet-fork, did not start: {error}\n"
                "`steelyard replica build` builds its state anew; `steelyard replica status` shows it. "
                "To fork from a real node instead, set STEELYARD_MAINNET_RPC_URL."
            ) from error

    def _stop(self) -> None:
        with self._lock:
            if self._replica is not None:
                self._replica.stop()
                self._replica = None


_replica = _ReplicaOfThisProcess()


class MainnetProvider(Web3Provider, UpstreamProvider):
    """Mainnet, real where a node is configured and the replica where not.

    Ape makes a provider whenever it looks at a network, mostly without using it: nothing starts before
    somebody asks for the address.
    """

    name: str = "steelyard"

    @property
    def is_replica(self) -> bool:
        """True unless a real node is configured."""
        return not self._configured_url

    @property
    def _configured_url(self) -> str | None:
        config = cast(SteelyardConfig, self.config_manager.get_config("steelyard"))
        return config.mainnet_rpc_url or None

    @property
    def uri(self) -> str:
        """Address of the node; asking for it starts the replica where that is what is meant."""
        url = self._configured_url
        if url is None:
            return _replica.rpc_url()
        if not url.startswith(("http://", "https://")):
            raise ConfigError(f"STEELYARD_MAINNET_RPC_URL must be an http(s) address, not {url!r}.")
        return url

    @property
    def http_uri(self) -> str:
        """Same as :attr:`uri`."""
        return self.uri

    @property
    def ws_uri(self) -> str | None:
        """None: forks are made over http."""
        return None

    @property
    def connection_str(self) -> str:
        """What the fork is made from."""
        return self.uri

    @property
    def connection_id(self) -> str | None:
        """Key under which Ape keeps the connected provider."""
        return f"{self.network_choice}:{'replica' if self.is_replica else self._configured_url}"

    def connect(self) -> None:
        """Connect, and see that it is mainnet's chain id that answers.

        Raises:
            ProviderError: nobody answers, or another chain does; names the replica or the configured node.
        """
        web3 = Web3(HTTPProvider(self.uri, request_kwargs={"timeout": REQUEST_TIMEOUT_SECONDS}))
        who = "the mainnet replica" if self.is_replica else "the node of STEELYARD_MAINNET_RPC_URL"
        try:
            chain_id = web3.eth.chain_id
        except Exception as error:  # whatever the transport raises, the user needs to know who was silent
            raise ProviderError(f"{who} does not answer: {error}") from error
        if chain_id != MAINNET_CHAIN_ID:
            raise ProviderError(f"{who} serves chain {chain_id}, expected {MAINNET_CHAIN_ID}.")
        self._web3 = web3

    def disconnect(self) -> None:
        """Forget the connection; a replica lives on for the next one until the process ends."""
        self._web3 = None
