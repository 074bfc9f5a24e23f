"""Frozen values that travel from stage to stage, and the shapes of what is injected."""

from steelyard.model.chain import BlockRef, GasTerms, Token
from steelyard.model.decision import Decision, RouteLeg, Verdict, VerdictCode, Words
from steelyard.model.evidence import AttemptRecord, Attempts, OraclePrice, TokenSafety
from steelyard.model.execution import Door, IntentStatus, Mode, Outcome, SignedTransaction
from steelyard.model.lending import LenderKind, LenderTerms, LoanSource
from steelyard.model.plan import ArbitragePlan, PlanLeg, Venue, VenueKind
from steelyard.model.ports import Journal, OpenIntent, Plan, Signer
from steelyard.model.snapshot import MarketSnapshot
from steelyard.model.vault import (
    Move,
    PoolScores,
    PoolState,
    RebalanceCode,
    RebalanceLimits,
    RebalancePlan,
    RebalanceTrial,
    RebalanceVerdict,
    VaultCall,
    VaultPool,
    VaultRole,
    VaultSnapshot,
    VaultStop,
)
from steelyard.units import Address

__all__ = [
    "Address",
    "ArbitragePlan",
    "AttemptRecord",
    "Attempts",
    "BlockRef",
    "Decision",
    "Door",
    "GasTerms",
    "IntentStatus",
    "Journal",
    "LenderKind",
    "LenderTerms",
    "LoanSource",
    "MarketSnapshot",
    "Mode",
    "Move",
    "OpenIntent",
    "OraclePrice",
    "Outcome",
    "Plan",
    "PlanLeg",
    "PoolScores",
    "PoolState",
    "RebalanceCode",
    "RebalanceLimits",
    "RebalancePlan",
    "RebalanceTrial",
    "RebalanceVerdict",
    "RouteLeg",
    "SignedTransaction",
    "Signer",
    "Token",
    "TokenSafety",
    "VaultCall",
    "VaultPool",
    "VaultRole",
    "VaultSnapshot",
    "VaultStop",
    "Venue",
    "VenueKind",
    "Verdict",
    "VerdictCode",
    "Words",
]
