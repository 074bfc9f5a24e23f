"""How a vault comes to a chain: where each of its contracts will stand, and the steps to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import click
from ape.contracts import ContractInstance

from scripts._authority import ADMIN_ROLE, authority_at, is_administrator
from scripts._deployment import place_proxy
from scripts._executor import DeploymentRefused
from scripts._site import Site
from scripts._steps import Step
from scripts._vault_code import (
    authority_code,
    feed_of,
    fields,
    implementation_code,
    policy_code,
    price_source_at,
    price_source_code,
    proxy_code,
    strategy_code,
    strategy_name,
    vault_at,
)
from steelyard.config.vault_terms import Erc4626Terms, FeedTerms, PoolTerms, VaultTerms
from steelyard.connect.chain import ChainClient
from steelyard.model.vault import VaultRole
from steelyard.units import Address


class VaultBlueprint:
    """A vault with its contracts on one chain, before and after they stand there."""

    def __init__(self, chain: ChainClient, terms: VaultTerms, deployer: Address) -> None:
        """Compute where everything will stand; the deployer is the administration while it is set up."""
        self.chain, self.terms, self.deployer = chain, terms, deployer
        self.site = Site(chain, terms.place)
        at = self.site.address_of
        self._authority_code = authority_code(deployer)
        self.authority_address = at(self._authority_code)
        self._price_source_code = price_source_code(self.authority_address)
        self.price_source_address = at(self._price_source_code)
        self._policy_code = policy_code(terms, self.price_source_address)
        self.policy_address = at(self._policy_code)
        self._implementation_code = implementation_code(terms.forwarder)
        self.implementation_address = at(self._implementation_code)
        self._proxy_code = proxy_code(
            terms, self.implementation_address, self.authority_address, self.policy_address
        )
        self.vault_address = at(self._proxy_code)

    @cached_property
    def vault(self) -> ContractInstance:
        """The vault; it may not stand there yet."""
        return vault_at(self.vault_address)

    @cached_property
    def authority(self) -> ContractInstance:
        """Its AccessManager; it may not stand there yet."""
        return authority_at(self.authority_address)

    @cached_property
    def price_source(self) -> ContractInstance:
        """Where its prices come from; it may not stand there yet."""
        return price_source_at(self.price_source_address)

    def stands(self, address: str) -> bool:
        """Whether an address holds code."""
        return self.site.stands(address)

    def strategy_address(self, pool: PoolTerms) -> Address:
        """Where a pool's strategy will stand."""
        return self._site_of(pool).address_of(self._strategy_code(pool))

    def is_handed_over(self) -> bool:
        """Whether the deployer has nothing to say any more: what was to be set up, was."""
        return self.stands(self.authority_address) and not is_administrator(self.authority, self.deployer)

    def require_code(self) -> None:
        """See that all that the terms name is there. Raises DeploymentRefused."""
        for what, address in self._counterparts().items():
            if not self.stands(address):
                raise DeploymentRefused(
                    f"{what} holds no code at {address}: is this the chain it claims to be?"
                )

    def steps(self) -> list[Step]:
        """All that is to be done, in order, whether or not it has been.

        Raises:
            DeploymentRefused: the vault is its owner's already, and the terms want what does not stand.
        """
        place_proxy(self.chain)
        steps = [
            self.site.create("AccessManager", self._authority_code),
            self.site.create("FeedPriceSource", self._price_source_code),
            *[self._feed_step(feed) for feed in self.terms.feeds],
            self.site.create("AllocationPolicy", self._policy_code),
            self.site.create("the code of AllocationVault", self._implementation_code),
            self.site.create("AllocationVault", self._proxy_code),
            *self._role_steps(),
            *[step for pool in self.terms.pools for step in self._pool_steps(pool)],
            *self._score_steps(),
            *self._handing_over(),
        ]
        return self._left_to_the_deployer(steps) if self.is_handed_over() else steps

    def _left_to_the_deployer(self, steps: list[Step]) -> list[Step]:
        """Nothing: what was done is said, what the chain has otherwise by now is what the owner wants."""
        if not self.stands(self.vault_address):
            raise DeploymentRefused(
                f"the AccessManager at {self.authority_address} is of another vault of this deployer, salt, "
                "asset and symbol, which is its owner's already: take another salt"
            )
        done = [step for step in steps if step.done()]
        for step in steps:
            if step in done:
                continue
            if step.creates is not None:
                raise DeploymentRefused(
                    f"the vault is its owner's, who adds pools by ape run pools add, not: {step.title}"
                )
            click.echo(f"  left to owner  {step.title}")
        return done

    # --- the steps ---------------------------------------------------------------------------------------

    def _feed_step(self, feed: FeedTerms) -> Step:
        wanted = feed_of(feed)
        return self.site.call(
            self.price_source,
            f"read the price of {feed.token} from {feed.feed}",
            lambda: fields(self.price_source.feedOf(feed.token)) == wanted,
            "setFeed",
            feed.token,
            wanted,
        )

    def _role_steps(self) -> list[Step]:
        roles = self.terms.roles
        named = {
            VaultRole.KEEPER: roles.keepers,
            VaultRole.MANAGER: roles.managers,
            VaultRole.GUARDIAN: roles.guardians,
        }
        return [self._role_step(role, account) for role, accounts in named.items() for account in accounts]

    def _role_step(self, role: VaultRole, account: str, *, allowed: bool = True) -> Step:
        return role_step(self._call, self.vault, role, account, allowed=allowed)

    def _pool_steps(self, pool: PoolTerms) -> list[Step]:
        strategy = self.strategy_address(pool)
        return [
            self._site_of(pool).create(f"{strategy_name(pool)} for {pool.name}", self._strategy_code(pool)),
            self._call(f"list {pool.name}", lambda: strategy in self.vault.strategies(), "addPool", strategy),
        ]

    def _score_steps(self) -> list[Step]:
        """Scores are a manager's: the deployer is one for as long as it takes, if it is none anyway."""
        scored = [pool for pool in self.terms.pools if pool.scores]
        steps = [self._score_step(pool) for pool in scored]
        if not steps or self.deployer in self.terms.roles.managers:
            return steps

        def are_scored() -> bool:
            return all(step.done() for step in steps)

        granting = self._role_step(VaultRole.MANAGER, self.deployer)
        revoking = self._role_step(VaultRole.MANAGER, self.deployer, allowed=False)
        is_granted, is_revoked = granting.done, revoking.done
        return [
            replace(granting, done=lambda: is_granted() or are_scored()),
            *steps,
            replace(revoking, done=lambda: are_scored() and is_revoked()),
        ]

    def _score_step(self, pool: PoolTerms) -> Step:
        strategy, scores = self.strategy_address(pool), pool.scores
        default = self.terms.model.default_c_score

        def is_scored() -> bool:
            state, *found = fields(self.vault.pool(strategy))
            # Any other than the first: a manager's later score is not undone.
            return bool(state) and (scores == (default,) or found != [0, 0, 0, default])

        method = "setPoolScores" if len(scores) > 1 else "setPoolCScore"
        shown = " ".join(f"{score:,}" for score in scores)
        return self._call(f"score {pool.name}: {shown}", is_scored, method, strategy, *scores)

    def _handing_over(self) -> list[Step]:
        """The owner's administration, with its delay; then none for the deployer."""
        owner, delay = self.terms.roles.owner, self.terms.roles.admin_delay_seconds
        waits = f", whose every act waits {delay:,} seconds" if delay else ""
        steps = [
            self.site.call(
                self.authority,
                f"give the administration to {owner}{waits}",
                lambda: tuple(self.authority.hasRole(ADMIN_ROLE, owner)) == (True, delay),
                "grantRole",
                ADMIN_ROLE,
                owner,
                delay,
            )
        ]
        if owner != self.deployer:
            steps.append(
                self.site.call(
                    self.authority,
                    f"take the administration from the deployer, {self.deployer}",
                    lambda: not is_administrator(self.authority, self.deployer),
                    "renounceRole",
                    ADMIN_ROLE,
                    self.deployer,
                )
            )
        return steps

    def _call(self, title: str, done: Callable[[], bool], method: str, *arguments: Any) -> Step:
        return self.site.call(self.vault, title, done, method, *arguments)

    # --- pools -------------------------------------------------------------------------------------------

    def _site_of(self, pool: PoolTerms) -> Site:
        # By name: two pools of the same terms are two places.
        return Site(self.chain, f"{self.terms.place}/{pool.name}")

    def _strategy_code(self, pool: PoolTerms) -> bytes:
        return strategy_code(pool, self.vault_address, self.authority_address, self.price_source_address)

    def _counterparts(self) -> dict[str, str]:
        named: dict[str, str | None] = {"the asset": self.terms.asset, "the forwarder": self.terms.forwarder}
        for feed in self.terms.feeds:
            named |= {f"the feed of {feed.token}": feed.feed, f"the second feed of {feed.token}": feed.second}
        for pool in self.terms.pools:
            if isinstance(pool, Erc4626Terms):
                named[pool.name] = pool.target
            else:
                named |= {pool.name: pool.pool, f"the swap pool of {pool.name}": pool.swap_pool}
        return {what: address for what, address in named.items() if address is not None}


def role_step(
    call: Callable[..., Step], vault: ContractInstance, role: VaultRole, account: str, *, allowed: bool
) -> Step:
    """Return the step that gives or takes a role; ``call`` makes steps of calls to the vault."""
    name = role.name.lower()
    return call(
        f"grant the {name} role to {account}" if allowed else f"revoke the {name} role of {account}",
        lambda: bool(vault.hasRole(account, int(role))) is allowed,
        "setRole",
        account,
        int(role),
        allowed,
    )
