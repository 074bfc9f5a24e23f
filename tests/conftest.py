"""Rules that hold for every test: kinds, sockets, hypothesis profiles, and what fork tests stand on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings

from steelyard.sandbox.anvil import free_port
from tests.support import kinds
from tests.support.upstream import Upstream, find_upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

APE_RUNNER = "ape-test"
IN_PROCESS_NETWORK = "ethereum:local:test"
UPSTREAM = pytest.StashKey[Upstream]()

# A machine under load is no reason to fail; a run of the gate is repeatable, a deep run looks for news.
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=20)
settings.register_profile("deep", settings.get_profile("ci"), max_examples=2_000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse tests without a kind."""
    kinds.check_markers(items)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Find the upstream before Ape connects, which it does for any test.

    Without fork tests, or without upstream, Ape gets its own chain in the process: then the others run, and
    each fork test fails by name with the reason, instead of the whole session with an internal error.
    """
    config = session.config
    if not config.pluginmanager.has_plugin(APE_RUNNER) or config.getoption("network") is not None:
        return
    if any(item.get_closest_marker("fork") for item in session.items):
        upstream = find_upstream()
        config.stash[UPSTREAM] = upstream
        if upstream.trouble is None:
            # Ape would draw a port and not ask whether it is free: taken, its node never answers.
            os.environ.setdefault("APE_FOUNDRY_HOST", f"http://127.0.0.1:{free_port()}")
            return
    config.option.network = IN_PROCESS_NETWORK


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give each test what its kind allows, and no more."""
    if item.get_closest_marker("unit"):
        # Event loops wake themselves up through a pair of unix sockets.
        pytest_socket.disable_socket(allow_unix_socket=True)
    if item.get_closest_marker("fork"):
        _check_upstream(item)


@pytest.fixture(autouse=True)
def _sockets_are_given_back() -> Iterator[None]:
    yield
    pytest_socket.enable_socket()


def _check_upstream(item: pytest.Item) -> None:
    if not item.config.pluginmanager.has_plugin(APE_RUNNER):
        pytest.fail("fork tests run under Ape: ape test tests/fork", pytrace=False)
    upstream = item.config.stash.get(UPSTREAM, None)
    if upstream is None:
        return
    if upstream.trouble is not None:
        pytest.fail(upstream.trouble, pytrace=False)
    if kinds.needs_replica(item) and not upstream.is_replica:
        pytest.skip("needs the replica; this run forks from the node of STEELYARD_MAINNET_RPC_URL")
