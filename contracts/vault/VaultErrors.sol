// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Every error of the vault, its strategies and its prices: named for the fact, carrying the values.
library VaultErrors {
    /* ROLES AND SETTINGS */

    /// @notice More than the books can hold.
    error AmountTooLarge(uint256 amount);
    /// @notice The caller does not hold the role (as a bit of `IAllocationVault.Role`).
    error MissingRole(address caller, uint256 role);
    /// @notice Only the vault may call its strategy.
    error NotVault(address caller);
    /// @notice A setting is outside of what it can mean.
    error InvalidSetting(bytes32 what);
    /// @notice Not an address that can serve here.
    error InvalidAddress(bytes32 what, address account);
    /// @notice The guardian can only stop more; to allow more takes the administration.
    error StopNotRaised(uint256 current, uint256 wanted);

    /* ENTRIES AND EXITS */

    /// @notice Deposits and rebalances are stopped.
    error EntriesStopped();
    /// @notice Exits at a price are stopped; cancelling, claiming and the exit in kind are not.
    error PricedExitsStopped();
    /// @notice More than can be taken in now.
    error DepositAboveLimit(uint256 assets, uint256 limit);
    /// @notice More than can be paid out now; request the rest, or leave in kind.
    error NotPayableNow(uint256 assets, uint256 available);
    /// @notice Too little to be anything.
    error NothingMoved();
    /// @notice Less is here than the books say: of the asset, or of another vault's shares.
    error NotCovered(uint256 held, uint256 booked);

    /* REQUESTS */

    /// @notice No such request of this controller's, or nothing left of it.
    error RequestNotFound(uint256 requestId);
    /// @notice The caller is neither the controller nor its operator.
    error NotController(address caller, address controller);

    /* POOLS */

    /// @notice The strategy is none of the vault's pools.
    error PoolNotFound(address strategy);
    /// @notice It is one already.
    error PoolExists(address strategy);
    /// @notice The vault can look after no more.
    error TooManyPools(uint256 maximum);
    /// @notice The pool still holds something.
    error PoolNotEmpty(address strategy, uint256 value);
    /// @notice Its value cannot be told now.
    error PoolNotPriced(address strategy);
    /// @notice Market and oracle part by more than the band.
    error PoolNotSound(address strategy);
    /// @notice In this state the pool takes no part in that.
    error WrongPoolState(address strategy, uint256 state);

    /* REBALANCING */

    /// @notice The plan's time is over (seconds).
    error PlanExpired(uint256 deadline, uint256 timestamp);
    /// @notice The last one was too short a time ago.
    error TooEarly(uint256 earliest, uint256 timestamp);
    /// @notice Nothing is far enough from its target.
    error BelowThreshold(uint256 drift, uint256 threshold);
    /// @notice The move leads nowhere, or away from the target, or past what one plan may move.
    error NotTowardsTarget(address strategy, uint256 value, uint256 target);
    /// @notice A move or plan lost more than it may.
    error LossTooHigh(uint256 loss, uint256 allowed);
    /// @notice The losses of this period are used up.
    error LossCapExceeded(uint256 loss, uint256 left);

    /* PRICES */

    /// @notice No feed is listed for the token.
    error NoFeed(address token);
    /// @notice The answer is older than allowed, or from the future.
    error PriceStale(address token, uint256 updatedAt, uint256 maxAgeSeconds);
    /// @notice The answer is outside of the band in which it is believed.
    error PriceOutOfBand(address token, int256 answer);
    /// @notice The feed counts with other decimals than were agreed.
    error WrongFeedDecimals(address token, uint256 decimals, uint256 agreed);
    /// @notice Two sources disagree.
    error PricesDisagree(address token, uint256 firstWad, uint256 secondWad);

    /* STRATEGIES */

    /// @notice A pool called back that was not awaited.
    error UnexpectedMint(address caller);
    /// @notice A swap brought less than the oracle's price less the slippage allowed.
    error SwapBelowOracle(uint256 received, uint256 minimum);
    /// @notice A swap moved the pool's price by more than its fee (hundredths of a basis point): in smaller steps, or elsewhere.
    error SwapTooLarge(uint256 impactPips, uint256 feePips);
    /// @notice The rate is not within what was confirmed.
    error RateNotConfirmed(uint256 rate, uint256 minimum, uint256 maximum);
}
