// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who may do what by a cheap look-up; everything else that is not for anybody asks the AccessManager.
enum Role {
    Keeper, // rebalances and tends, within limits that hold against a stolen key
    Manager, // scores pools, and has them drained
    Guardian // stops: entries, exits at a price, a pool
}

/// @notice What is stopped. Claims, cancelling and the exit in kind never are.
enum Stop {
    Nothing,
    Entries, // no deposit, no rebalance
    PricedExits // nor withdrawal, redemption or fulfilment
}

/// @notice A pool's state; `None` is not listed.
enum PoolState {
    None,
    Active,
    Paused, // counted and payable from, but neither given to nor taken from by rebalances
    Draining // target zero
}

/// @notice A pool of the vault's: a strategy with its scores, in basis points.
/// @param cScore What weighs: the geometric mean of the three, or set directly.
struct Pool {
    PoolState state;
    uint16 trustScore;
    uint16 liquidityScore;
    uint16 performanceScore;
    uint16 cScore;
}

/// @notice One step of a keeper's plan.
/// @param strategy The pool.
/// @param isDeploy From the buffer to the pool; else back.
/// @param assets At most so much, in base units of the asset: a move ends at its target, whatever is asked.
struct Move {
    address strategy;
    bool isDeploy;
    uint256 assets;
}

/// @notice What the administration decides beside pools and roles.
/// @param policy Where assets are to be, and what holds a keeper.
/// @param feeRecipient Who is given the shares of fees.
/// @param managementFeeBps Of everything, a year; at most 5 %.
/// @param performanceFeeBps Of gains above the high-water mark; at most 30 %.
/// @param depositCap Total assets above which nothing more is taken in.
struct VaultSettings {
    address policy;
    address feeRecipient;
    uint16 managementFeeBps;
    uint16 performanceFeeBps;
    uint128 depositCap;
}

/// @notice Where a vault stands.
/// @param stop What is stopped.
/// @param idle The buffer: uninvested, and not promised to fulfilled requests.
/// @param claimable Put aside for fulfilled requests.
/// @param pendingShares Shares in the queue.
/// @param head First request that may still wait.
/// @param tail Number of the next request.
/// @param lastAccrual When fees were last taken (seconds).
/// @param highWaterMarkWad Assets for a share, both whole, above which gains pay.
/// @param lastRebalance When a plan was last carried out (seconds).
/// @param lossUsed Of the allowance for losses, at `lossUpdatedAt` (seconds); it grows back since.
struct VaultState {
    Stop stop;
    uint256 idle;
    uint256 claimable;
    uint256 pendingShares;
    uint256 head;
    uint256 tail;
    uint256 lastAccrual;
    uint256 highWaterMarkWad;
    uint256 lastRebalance;
    uint256 lossUsed;
    uint256 lossUpdatedAt;
}

/// @title A vault over one asset, spread over pools by their scores.
/// @notice ERC-4626 for shares, with requests in the manner of ERC-7540 for what cannot be paid at once. How it works:
/// docs/vault.md. Unless said otherwise: `assets` are base units of the asset, `shares` of the vault's token.
/// @dev Assumes of the asset: a plain ERC-20 that moves what it is told to (USDC, WETH). Of strategies: our own code,
/// listed by the administration; what they are built on is not trusted beyond the loss limits.
interface IAllocationVault {
    /* EVENTS */

    /// @notice Fees were taken as new shares.
    event FeesAccrued(uint256 managementShares, uint256 performanceShares, uint256 highWaterMarkWad);
    /// @notice Shares wait to be paid (ERC-7540).
    event RedeemRequest(
        address indexed controller,
        address indexed owner,
        uint256 indexed requestId,
        address sender,
        uint256 shares
    );
    /// @notice Part or all of a request became payable, at the price of that moment.
    event RedeemFulfilled(uint256 indexed requestId, uint256 shares, uint256 assets);
    /// @notice A request was taken back.
    event RedeemCancelled(uint256 indexed requestId, uint256 shares);
    /// @notice What a request brought was paid.
    event RedeemClaimed(uint256 indexed requestId, address indexed receiver, uint256 assets);
    /// @notice An operator may, or may no longer, act for a controller (ERC-7540).
    event OperatorSet(address indexed controller, address indexed operator, bool approved);
    /// @notice Shares left with their part of everything, as it was.
    event RedeemedInKind(address indexed owner, address indexed receiver, uint256 shares, uint256 assets);
    /// @notice A pool is in a new state.
    event PoolStateSet(address indexed strategy, PoolState state);
    /// @notice A pool has new scores; the three are zero where its cScore was set directly.
    event PoolScored(address indexed strategy, Pool pool);
    /// @notice A pool left, with what was still counted there: dust, or what was written off.
    event PoolRemoved(address indexed strategy, uint256 value);
    /// @notice One move of a rebalance; `loss` by the oracle.
    event Moved(address indexed strategy, bool isDeploy, uint256 assets, uint256 loss);
    /// @notice A plan was carried out.
    event Rebalanced(address indexed keeper, uint256 totalAssets, uint256 moved, uint256 loss);
    /// @notice A position was looked after.
    event Tended(address indexed strategy, uint256 value, uint256 loss);
    /// @notice What is stopped from now on.
    event StopSet(address indexed caller, Stop stop);
    /// @notice An account has, or has no longer, a role.
    event RoleSet(address indexed account, Role indexed role, bool allowed);
    /// @notice The settings from now on.
    event SettingsChanged(VaultSettings settings);

    /* ANYBODY: REQUESTS */

    /// @notice Puts shares in the queue, out of the owner's hands: they are paid in order, at the price of that moment,
    /// and gain and lose with the vault until then.
    /// @param controller Who may claim or cancel.
    /// @param owner Whose shares; the caller, one who approved the caller, or one whose operator it is.
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        returns (uint256 requestId);

    /// @notice Takes back what has not been fulfilled; the shares go to the controller.
    function cancelRedeemRequest(uint256 requestId) external returns (uint256 shares);

    /// @notice Makes the oldest requests payable, as far as buffer and pools pay at once; anybody may.
    /// @param maxRequests How many at most.
    /// @return assets What became claimable.
    function fulfillRequests(uint256 maxRequests) external returns (uint256 assets);

    /// @notice Pays what a request brought so far.
    function claimRedeem(uint256 requestId, address receiver) external returns (uint256 assets);

    /// @notice Lets an operator request, cancel and claim for the caller, or no longer.
    function setOperator(address operator, bool approved) external returns (bool);

    /* ANYBODY: THE LAST WAY OUT */

    /// @notice Burns shares for their part of everything as it is: of the buffer, and of each pool whatever it holds.
    /// Asks no price and no pause. What waits in the queue must be cancelled first.
    /// @param forfeited Pools whose part the owner gives up, because they cannot pay even in kind.
    /// @return assets What the buffer paid; the pools pay the receiver themselves.
    function redeemInKind(uint256 shares, address receiver, address owner, address[] calldata forfeited)
        external
        returns (uint256 assets);

    /// @notice Takes the fees that are due; anybody may.
    function accrueFees() external returns (uint256 shares);

    /* KEEPER */

    /// @notice Carries out a plan: each move must lead towards its target, and ends there.
    /// @dev Reverts if nothing is the policy's threshold from its target or the last rebalance was less than
    /// its interval ago, unless the plan only takes out and requests or a draining pool wait for it.
    /// @param maxLoss Most that all moves together may lose by the oracle, inside of the vault's own limits.
    /// @param deadline Last second at which the plan is good.
    /// @return loss What they lost.
    function rebalance(Move[] calldata moves, uint256 maxLoss, uint256 deadline)
        external
        returns (uint256 loss);

    /// @notice Has a strategy look after its position: collect, or move its range.
    /// @param params The strategy's own; empty for the routine.
    function tend(address strategy, bytes calldata params) external returns (uint256 loss);

    /* MANAGER */

    /// @notice Scores a pool; its cScore becomes the geometric mean, zero if any is.
    function setPoolScores(address strategy, uint16 trust, uint16 liquidity, uint16 performance) external;

    /// @notice Sets a pool's cScore directly.
    function setPoolCScore(address strategy, uint16 cScore) external;

    /// @notice Puts a pool into another state: a manager drains, a guardian pauses; the administration may do both, and
    /// alone lets a pool take part again.
    function setPoolState(address strategy, PoolState newState) external;

    /* GUARDIAN */

    /// @notice Stops more than is stopped already.
    function stop(Stop level) external;

    /* ADMINISTRATION (AccessManager) */

    /// @notice Lists a pool, with the model's default score.
    function addPool(address strategy) external;
    /// @notice Takes a pool off that holds no more than dust (a millionth of total assets).
    /// @param writeOff Whatever it holds: for one whose value cannot be told any more. It can be listed again.
    function removePool(address strategy, bool writeOff) external;
    /// @notice Allows more than is allowed now.
    function resume(Stop level) external;
    /// @notice Gives or takes a role.
    function setRole(address account, Role role, bool allowed) external;
    /// @notice Sets everything anew, after fees were taken at the rates of until now.
    function changeSettings(VaultSettings calldata newSettings) external;

    /* VIEWS */

    /// @notice What each pool is to hold and what is to stay uninvested; together exactly `totalAssets`.
    function targetAllocations() external view returns (uint256[] memory allocations, uint256 idle);

    /// @notice Weights (WAD, in the order of `strategies`; what they lack to one is kept idle) of what is invested, and
    /// the part of total assets that is not to be.
    function targetAlmWeightsAndLiquidity()
        external
        view
        returns (uint256[] memory weightsWad, uint256 targetLiquidityRatioBp);

    /// @notice Total assets in US dollars (WAD).
    function tvlUsdWad() external view returns (uint256);
    /// @notice What can be paid at a price at once, to everybody together, after those who wait.
    function payableNow() external view returns (uint256);
    /// @notice Whether oracle and market agree everywhere; while not, nobody enters.
    function isSound() external view returns (bool);
    /// @notice The pools' strategies, in order.
    function strategies() external view returns (address[] memory);
    /// @notice A pool; of state `None` if it is not listed.
    function pool(address strategy) external view returns (Pool memory);
    /// @notice Shares of a request that still wait (ERC-7540); 0 for another's.
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256);
    /// @notice What a request can claim now, in assets; 0 for another's.
    function claimableRedeemAssets(uint256 requestId, address controller) external view returns (uint256);
    /// @notice Whether an operator may act for a controller.
    function isOperator(address controller, address operator) external view returns (bool);
    /// @notice Whether an account has a role.
    function hasRole(address account, Role role) external view returns (bool);
    /// @notice What the administration decided.
    function settings() external view returns (VaultSettings memory);
    /// @notice Where the vault stands.
    function state() external view returns (VaultState memory);
}
