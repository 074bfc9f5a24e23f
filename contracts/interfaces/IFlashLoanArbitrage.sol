// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who lends. The order is part of the plan's encoding: append only.
enum LenderKind {
    BalancerV2,
    AaveV3,
    MorphoBlue
}

/// @notice Which mathematics and which call a venue's pools speak. Append only.
enum VenueKind {
    UniswapV2,
    UniswapV3
}

/// @notice One swap of a route. Its input is everything the leg before it received (the first: the loan).
/// @param venueId Index of a venue on the owner's list; the pool is derived from it, never named.
/// @param feePips Fee tier in hundredths of a basis point for Uniswap V3; 0 for Uniswap V2.
/// @param tokenOut Token received; the last leg's must be the plan's asset.
/// @param minAmountOut Least amount of `tokenOut` that may arrive, in base units.
struct Leg {
    uint16 venueId;
    uint24 feePips;
    address tokenOut;
    uint256 minAmountOut;
}

/// @notice Everything one execution may do, and its limits.
/// @param chainId Chain the plan was made for.
/// @param executor This contract's address: a plan for one deployment is void at another.
/// @param deadline Last block timestamp at which the plan may run, in seconds.
/// @param lender Who lends.
/// @param asset Token borrowed, repaid and kept as profit.
/// @param amount Loan, in base units of `asset`.
/// @param maxLoanFee Greatest fee the lender may ask, in base units of `asset`.
/// @param minProfit Least gain after repayment, before the builder's tip; the treasury gets at least this.
/// @param builderShareBps Share of the gain above `minProfit` that goes to the block's builder; WETH only.
/// @param legs Swaps in order. No legs at all is a loan taken and given back: see `execute`.
struct Plan {
    uint256 chainId;
    address executor;
    uint256 deadline;
    LenderKind lender;
    address asset;
    uint256 amount;
    uint256 maxLoanFee;
    uint256 minProfit;
    uint16 builderShareBps;
    Leg[] legs;
}

/// @notice A family of pools that one factory deployed by CREATE2.
/// @param kind Mathematics and call of the pools.
/// @param feePips Fee of every pool for Uniswap V2 (3000 is 0.3 %); 0 for Uniswap V3, where the leg says it.
/// @param factory Deployer of the pools.
/// @param initCodeHash keccak256 of the pools' creation code.
struct Venue {
    VenueKind kind;
    uint24 feePips;
    address factory;
    bytes32 initCodeHash;
}

/// @title FlashLoanArbitrage: borrow, swap along a route, repay, send the profit to the treasury, or revert.
/// @notice Holds nothing between transactions and is replaced, not upgraded.
///
/// ROLES
/// - The owner (two-step) lists venues, names the treasury, the guardian and the keepers, sweeps, pauses, unpauses.
/// - A keeper executes plans. A leaked keeper key can waste gas and miss trades; it can move nothing.
/// - The guardian may only pause.
///
/// ASSUMPTIONS
/// - The three lenders are fixed at deployment and behave as their published code does.
/// - A listed venue's factory deploys only pools of the listed creation code, so a derived address is a real pool.
/// - Tokens are not trusted: a token that keeps a fee, calls back, or lies about a transfer makes the plan revert,
///   or harms only those who hold it.
/// - The treasury keeps what it receives within the transfer (a treasury that forwards at once makes plans revert).
interface IFlashLoanArbitrage {
    /* ERRORS: ours stand in ErrorsLib; these come from the token library, named here so that tools can read them */

    /// @notice A token refused a transfer, answered false, or holds no code.
    error TransferFailed();
    /// @notice A token refused an approval, even after a reset to zero.
    error ApproveFailed();
    /// @notice The treasury refused ether.
    error ETHTransferFailed();

    /* EVENTS */

    /// @notice A plan was executed.
    /// @param planHash keccak256(abi.encode(plan)).
    /// @param asset Token borrowed and gained.
    /// @param lender Who lent.
    /// @param caller Keeper that executed.
    /// @param amount Loan, in base units of `asset`.
    /// @param loanFee Fee paid to the lender, in base units of `asset`.
    /// @param profit What the treasury received, measured on its balance, in base units of `asset`.
    /// @param builderTip Wei paid to the block's builder; 0 where no tip was asked or the builder refused it.
    event ArbitrageExecuted(
        bytes32 indexed planHash,
        address indexed asset,
        LenderKind indexed lender,
        address caller,
        uint256 amount,
        uint256 loanFee,
        uint256 profit,
        uint256 builderTip
    );

    /// @notice A keeper was granted or revoked.
    event KeeperSet(address indexed keeper, bool allowed);
    /// @notice The guardian was replaced.
    event GuardianSet(address indexed previousGuardian, address indexed newGuardian);
    /// @notice The treasury was replaced.
    event TreasurySet(address indexed previousTreasury, address indexed newTreasury);
    /// @notice Execution was stopped.
    event Paused(address indexed account);
    /// @notice Execution was allowed again.
    event Unpaused(address indexed account);
    /// @notice A venue was added to the list under `venueId`.
    event VenueListed(
        uint16 indexed venueId,
        VenueKind indexed kind,
        address indexed factory,
        bytes32 initCodeHash,
        uint24 feePips
    );
    /// @notice A venue was taken off the list; its id is never used again.
    event VenueDelisted(uint16 indexed venueId);
    /// @notice Stray tokens were sent to the treasury.
    event TokenSwept(address indexed token, address indexed treasury, uint256 amount);
    /// @notice Stray ether was sent to the treasury.
    event EtherSwept(address indexed treasury, uint256 amount);

    /* KEEPER FUNCTIONS */

    /// @notice Borrows, runs the route, repays and sends the profit to the treasury; or reverts and changes nothing.
    /// @dev An empty route is valid and needs no rule of its own: it can only succeed where the lender asks no fee
    /// and `minProfit` is 0, moves nothing, and is how a lender is probed and the executor's own gas is measured.
    /// @param plan What to do, and its limits.
    /// @return profit What the treasury received, in base units of `plan.asset`.
    function execute(Plan calldata plan) external returns (uint256 profit);

    /* GUARDIAN FUNCTIONS */

    /// @notice Stops execution at once. The guardian or the owner may call it, at any time.
    function pause() external;

    /* OWNER FUNCTIONS */

    /// @notice Allows execution again.
    function unpause() external;

    /// @notice Grants or revokes the keeper role.
    /// @dev The first keeper shares a storage slot with the pause flag and is the cheapest to check; the others
    /// cost one cold storage read (2,100 gas) more.
    function setKeeper(address keeper, bool allowed) external;

    /// @notice Names who may pause; the zero address names nobody.
    function setGuardian(address newGuardian) external;

    /// @notice Names who receives profit and sweeps; neither the zero address nor this contract.
    function setTreasury(address newTreasury) external;

    /// @notice Adds a venue. There is no way to change one: what an id means to a plan already signed never moves.
    /// @return venueId Its place on the list, which is what legs name.
    function listVenue(Venue calldata newVenue) external returns (uint16 venueId);

    /// @notice Takes a venue off the list: every plan that names it reverts from now on.
    function delistVenue(uint16 venueId) external;

    /// @notice Sends stray tokens (donations, refunds) to the treasury.
    function sweep(address token, uint256 amount) external;

    /// @notice Sends stray ether (forced in) to the treasury.
    function sweepEther(uint256 amount) external;

    /* VIEWS */

    /// @notice Whether `account` may execute plans while not paused.
    function isKeeper(address account) external view returns (bool);

    /// @notice Whether execution is stopped.
    function paused() external view returns (bool);

    /// @notice Who may pause besides the owner.
    function guardian() external view returns (address);

    /// @notice Who receives profit and sweeps.
    function treasury() external view returns (address);

    /// @notice Number of ids given out so far, delisted ones included.
    function venueCount() external view returns (uint256);

    /// @notice The venue under `venueId`; reverts where none is listed.
    function venueAt(uint16 venueId) external view returns (Venue memory);

    /// @notice Pool that a leg over `venueId` between the two tokens would use (order does not matter).
    /// @dev The address is derived, not looked up: it may hold no code.
    function poolFor(uint16 venueId, address tokenA, address tokenB, uint24 feePips)
        external
        view
        returns (address);

    /// @notice Contract that lends under `lender`; zero where this deployment has none.
    function lenderAddress(LenderKind lender) external view returns (address);

    /// @notice keccak256(abi.encode(plan)), as in the event.
    function planHash(Plan calldata plan) external pure returns (bytes32);
}
