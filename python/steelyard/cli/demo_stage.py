"""What the demo plays on: a replica with a market on it, and the executor deployed as a user would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from steelyard.cli.demo_vault import DemoVault, write_terms
from steelyard.cli.replica import build_progress
from steelyard.config import Config, load_config
from steelyard.exceptions import PrerequisiteMissing
from steelyard.sandbox.activity import HOME_WEI, MarketActivity
from steelyard.sandbox.mining import MineOnDemand
from steelyard.sandbox.replica import Replica, ensure_replica, project_root
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import Address

OWNER_ACCOUNT, KEEPER_ACCOUNT = "TEST::0", "TEST::1"
"""Ape's test accounts, which everybody has the keys of; the keeper takes them on development nodes only."""
OWNER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
KEEPER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TREASURY = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
DEPLOYMENT_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStage:
    """The running replica, its market, and a keeper's configuration for it."""

    config: Config
    rpc: SandboxRpc
    market: MarketActivity
    vault: DemoVault | None = None

    def next_block(self) -> None:
        """Let the market trade, and mine the block; the keeper's better-paying transactions go first."""
        self.market.submit()
        self.market.mine()


@contextmanager
def open_stage(folder: Path, seed: int, console: Console, *, with_vault: bool = False) -> Iterator[DemoStage]:
    """Start the replica, deploy with the Ape scripts, write the keeper's configuration into ``folder``.

    Args:
        with_vault: deploy a vault too, which the keeper looks after, and let somebody enter it.

    Raises:
        ReplicaError: the replica cannot be built or started.
        PrerequisiteMissing: the deployment failed; the message carries its words.
    """
    with build_progress() as advance:
        replica = ensure_replica(progress=advance)
    with replica, replica.connect() as rpc:
        height = replica.manifest.block_number
        console.print(f"The replica of mainnet runs at {replica.rpc_url}, block {height:,}.")
        deployment = deploy_executor(replica, folder)
        console.print("FlashLoanArbitrage is deployed by `ape run deploy executor`; the keeper starts.")
        vault = _deploy_vault(replica, rpc, folder, console) if with_vault else None
        yield begin(replica, rpc, folder, seed, deployment, vault)


def deploy_executor(replica: Replica, folder: Path) -> Path:
    """Run ``ape run deploy executor`` on the replica; return the file that tells what stands where.

    Raises:
        PrerequisiteMissing: it failed; the message carries its words.
    """
    deployment = folder / "deployment.json"
    terms = ["--treasury", TREASURY, "--keeper", KEEPER]
    _deploy(replica, ["executor", *terms, "--output", str(deployment)], folder / "deploy.log")
    return deployment


def begin(
    replica: Replica,
    rpc: SandboxRpc,
    folder: Path,
    seed: int,
    deployment: Path,
    vault: DemoVault | None = None,
) -> DemoStage:
    """Write the keeper's configuration into ``folder``, and let the market have its first block."""
    market = MarketActivity(rpc, seed, replica.manifest)
    config = _configure(replica, folder, deployment, vault)
    stage = DemoStage(config=config, rpc=rpc, market=market, vault=vault)
    if vault is not None:
        vault.enter()
    stage.next_block()
    return stage


def _deploy_vault(replica: Replica, rpc: SandboxRpc, folder: Path, console: Console) -> DemoVault:
    terms = write_terms(folder, owner=OWNER, keeper=KEEPER, treasury=TREASURY)
    output = folder / "vault.json"
    _deploy(replica, ["vault", str(terms), "--output", str(output)], folder / "deploy-vault.log")
    vault = DemoVault.from_file(rpc, output, Address(OWNER))
    console.print(f"AllocationVault is deployed by `ape run deploy vault` at {vault.address}.")
    return vault


def _deploy(replica: Replica, what: Sequence[str], log: Path) -> None:
    """Run the deployment script; each of its transactions gets its own block, so blocks follow the seed.

    Ape keeps what it learns of mainnet's contracts, and takes the replica for mainnet: it gets a data folder
    of its own, so that a user's knows nothing of ours, and two stages that open at once share none.
    """
    ape = shutil.which("ape", path=str(Path(sys.executable).parent)) or "ape"
    command = [ape, "run", "deploy", *what, "--network", f"ethereum:mainnet:{replica.rpc_url}"]
    command += ["--account", OWNER_ACCOUNT, "--confirmations", "0"]
    with MineOnDemand(replica.rpc_url, HOME_WEI), log.open("w", encoding="utf-8") as sink:
        try:
            subprocess.run(
                command,
                cwd=project_root(),
                env=os.environ | {"APE_DATA_FOLDER": str(log.with_name("ape"))},
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                timeout=DEPLOYMENT_TIMEOUT_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = log.read_text(encoding="utf-8")[-2000:]
            raise PrerequisiteMissing(f"the deployment script failed ({error}); it said:\n{said}") from None


def _configure(replica: Replica, folder: Path, deployment: Path, vault: DemoVault | None) -> Config:
    tokens = ", ".join(f'"{token.address}"' for token in replica.manifest.tokens)
    file = folder / "steelyard.toml"
    file.write_text(
        f"""[chain]
chain_id = 1
rpc_url = "{replica.rpc_url}"

[market]
tokens = [{tokens}]

[keeper]
mode = "live"
deployment = "{deployment}"
account = "{KEEPER_ACCOUNT}"
database_url = "sqlite:///{folder / "keeper.sqlite"}"
kill_file = "{folder / "STOP"}"
{vault.settings() if vault else ""}""",
        encoding="utf-8",
    )
    return load_config(file, environment={})
