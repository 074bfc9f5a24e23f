"""Frozen values that travel from stage to stage, and the shapes of what is injected."""

from steelyard.model.chain import BlockRef, GasTerms, Token
from steelyard.model.decision import Decision, RouteLeg, Verdict, VerdictCode, Words
from steelyard.model.evidence import AttemptRecord, Attempts, OraclePrice, TokenSafety
from steelyard.model.execution import Door, IntentStatus, Mode, Outcome, SignedTransaction
from steelyard.model.lending import LenderKind, LenderTerms, LoanSource
from steelyard.model.plan import ArbitragePlan, PlanLeg, Venue, VenueKind
from steelyard.model.ports import Journal, OpenIntent, Signer
from steelyard.model.snapshot import MarketSnapshot
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
    "OpenIntent",
    "OraclePrice",
    "Outcome",
    "PlanLeg",
    "RouteLeg",
    "SignedTransaction",
    "Signer",
    "Token",
    "TokenSafety",
    "Venue",
    "VenueKind",
    "Verdict",
    "VerdictCode",
    "Words",
]
