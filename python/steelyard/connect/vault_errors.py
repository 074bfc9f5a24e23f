"""Every error that a vault can revert with, by selector; a test holds the table against the contracts."""

from __future__ import annotations

from typing import Final

from steelyard.connect.reverts import error_table

VAULT_ERRORS: Final = error_table(
    "AmountTooLarge(uint256 amount)",
    "MissingRole(address caller,uint256 role)",
    "NotVault(address caller)",
    "InvalidSetting(bytes32 what)",
    "InvalidAddress(bytes32 what,address account)",
    "StopNotRaised(uint256 current,uint256 wanted)",
    "EntriesStopped()",
    "PricedExitsStopped()",
    "DepositAboveLimit(uint256 assets,uint256 limit)",
    "NotPayableNow(uint256 assets,uint256 available)",
    "NothingMoved()",
    "NotCovered(uint256 held,uint256 booked)",
    "RequestNotFound(uint256 requestId)",
    "NotController(address caller,address controller)",
    "PoolNotFound(address strategy)",
    "PoolExists(address strategy)",
    "TooManyPools(uint256 maximum)",
    "PoolNotEmpty(address strategy,uint256 value)",
    "PoolNotPriced(address strategy)",
    "PoolNotSound(address strategy)",
    "WrongPoolState(address strategy,uint256 state)",
    "PlanExpired(uint256 deadline,uint256 timestamp)",
    "TooEarly(uint256 earliest,uint256 timestamp)",
    "BelowThreshold(uint256 drift,uint256 threshold)",
    "NotTowardsTarget(address strategy,uint256 value,uint256 target)",
    "LossTooHigh(uint256 loss,uint256 allowed)",
    "LossCapExceeded(uint256 loss,uint256 left)",
    "NoFeed(address token)",
    "PriceStale(address token,uint256 updatedAt,uint256 maxAgeSeconds)",
    "PriceOutOfBand(address token,int256 answer)",
    "WrongFeedDecimals(address token,uint256 decimals,uint256 agreed)",
    "PricesDisagree(address token,uint256 firstWad,uint256 secondWad)",
    "UnexpectedMint(address caller)",
    "SwapBelowOracle(uint256 received,uint256 minimum)",
    "SwapTooLarge(uint256 impactPips,uint256 feePips)",
    "RateNotConfirmed(uint256 rate,uint256 minimum,uint256 maximum)",
    # weights
    "ScoreTooHigh(uint256 score,uint256 maximum)",
    # from the libraries that the vault stands on
    "AccessManagedUnauthorized(address caller)",
    "AccessManagedRequiredDelay(address caller,uint32 delay)",
    "ReentrancyGuardReentrantCall()",
    "InsufficientBalance()",
    "InsufficientAllowance()",
    "TransferFailed()",
    "TransferFromFailed()",
    "ApproveFailed()",
    "FullMulDivFailed()",
    "InvalidInitialization()",
    "NotInitializing()",
    "UnauthorizedCallContext()",
    "UpgradeFailed()",
)
