// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who lends. The order is part of the plan's encoding: append only.
enum LenderKind {
    BalancerV2,
    AaveV3,
    MorphoBlue,
    AaveV2,
    Maker,
    UniswapV2,
    UniswapV3,
    UniswapV4,
    Erc3156
}

/// @notice Which mathematics and which call a venue's pools speak. Append only.
enum VenueKind {
    UniswapV2,
    UniswapV3,
    PancakeV3,
    Algebra,
    UniswapV4,
    BalancerV2,
    CurveStable,
    WrappedEther
}

/// @notice Where the lenders stand that a deployment borrows from; zero where the chain has none.
struct Lenders {
    address balancerV2Vault;
    address aaveV3Pool;
    address morphoBlue;
    address aaveV2Pool;
    address makerFlash;
    address uniswapV4PoolManager;
}

/// @notice A family of pools that one factory deployed by CREATE2, or one Curve pool. Uniswap V4, Balancer V2 and wrapped
/// ether are constants of the deployment and not listed.
/// @param kind Mathematics and call of the pools.
/// @param feePips Fee of every pool for Uniswap V2 (3000 is 0.3 %); else 0: the leg or the pool itself says it.
/// @param factory Deployer of the pools (PancakeSwap's and Algebra's have a deployer beside the factory: this is it); for
/// CurveStable the pool itself.
/// @param initCodeHash keccak256 of the pools' creation code; 0 for CurveStable.
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
/// - The owner (two-step) lists venues and lenders, names the treasury, the guardian and the keepers, sweeps, pauses, unpauses.
/// - A keeper executes plans, or signs that they be executed: a call that the trusted forwarder makes for it counts as its
///   own (`execute` and `executeBatch` only; the forwarder is fixed at deployment). A leaked keeper key can waste gas and miss trades; it can move nothing.
/// - The guardian may only pause.
///
/// THE PLAN
/// Packed bytes, big-endian (docs/plan.md draws them): a head, one or more loans, then legs to the end.
/// - Head: chain id (8 bytes), this contract's address (20), deadline in seconds (5), least gain in base units of the
///   first loan's asset, before the builder's tip (16), share of the gain above it that goes to the block's builder, in
///   bps (2; WETH only).
/// - Loan: kind of lender (1; its high bit: another loan follows), asset (20), amount (16), greatest fee accepted (16),
///   length of the lender's own parameters (1), those parameters.
/// - Leg: kind of venue (1; its high bit: the leg names its input), [token sold (20), amount (16), 0 for all there is,]
///   token bought (20), least amount of it (16), length of the venue's own parameters (1), those parameters.
/// Loans stand one inside another in the order given. The first leg sells the first loan's asset, each other leg what the
/// leg before it received, unless it names its input. At the end every loan is covered by what the legs brought back.
///
/// ASSUMPTIONS
/// - The lenders are fixed at deployment and behave as their published code does.
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

    /// @notice A plan was executed whose loans were free, and which paid no builder.
    /// @param planHash keccak256(plan).
    /// @param asset Token of the first loan, in which profit is counted.
    /// @param profit What the treasury received, measured on its balance, in base units of `asset`.
    event ArbitrageExecuted(bytes32 indexed planHash, address indexed asset, uint256 profit);
    /// @notice A plan was executed that paid a fee or a builder; each plan emits one of the two.
    /// @param planHash keccak256(plan).
    /// @param asset Token of the first loan, in which profit is counted.
    /// @param profit What the treasury received, measured on its balance, in base units of `asset`.
    /// @param loanFee Fees paid to lenders of `asset`, in base units.
    /// @param builderTip Wei paid to the block's builder; 0 where no tip was asked or the builder refused it.
    event ArbitrageExecutedWithCosts(
        bytes32 indexed planHash, address indexed asset, uint256 profit, uint256 loanFee, uint256 builderTip
    );
    /// @notice A plan with loans of several assets gained in another than the first; the treasury received it.
    event SurplusPaid(address indexed asset, uint256 amount);
    /// @notice A plan of a batch failed and was undone.
    /// @param index Its place in the batch, from 0.
    /// @param reason What it reverted with, at most 256 bytes of it.
    event PlanSkipped(uint256 indexed index, bytes32 indexed planHash, bytes reason);

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
    /// @notice An ERC-3156 lender was added to the list under `lenderId`.
    event LenderListed(uint16 indexed lenderId, address indexed lender);
    /// @notice A lender was taken off the list; its id is never used again.
    event LenderDelisted(uint16 indexed lenderId);
    /// @notice Stray tokens were sent to the treasury.
    event TokenSwept(address indexed token, address indexed treasury, uint256 amount);
    /// @notice Stray ether was sent to the treasury.
    event EtherSwept(address indexed treasury, uint256 amount);

    /* KEEPER FUNCTIONS */

    /// @notice Borrows, runs the route, repays and sends the profit to the treasury; or reverts and changes nothing.
    /// @dev An empty route is valid and needs no rule of its own: it can only succeed where the lenders ask no fee
    /// and `minProfit` is 0, moves nothing, and is how a lender is probed and the executor's own gas is measured.
    /// @param plan What to do, and its limits; see THE PLAN.
    /// @return profit What the treasury received, in base units of the first loan's asset.
    function execute(bytes calldata plan) external returns (uint256 profit);

    /// @notice Executes several independent plans in order, each on the state that the one before it left.
    /// @param skipFailing Whether a plan that fails is undone and skipped (`PlanSkipped` says why), or reverts all.
    /// @return profits As `execute` returns them; 0 for a skipped plan.
    function executeBatch(bytes[] calldata plans, bool skipFailing)
        external
        returns (uint256[] memory profits);

    /// @notice One plan in a call of its own, so that it can fail alone. Only this contract may call it.
    /// @return profit As `execute` returns it.
    /// @return loanFee Fees paid to lenders of the first loan's asset, in base units.
    /// @return builderTip Wei paid to the block's builder.
    function executeForBatch(bytes calldata plan)
        external
        returns (uint256 profit, uint256 loanFee, uint256 builderTip);

    /* ANYBODY, CHANGING NOTHING */

    /// @notice The exact result of `execute(plan)` on the present state. Everything it does is undone; for `eth_call`.
    /// @dev Neither the keeper role nor a pause stands in its way. A plan that would fail reverts with its reason.
    /// @return profit What the treasury would receive, in base units of the first loan's asset.
    /// @return loanFee Fees that lenders of that asset would take, in base units.
    /// @return builderTip Wei that the builder would take.
    function quote(bytes calldata plan) external returns (uint256 profit, uint256 loanFee, uint256 builderTip);

    /// @notice Runs a plan and reverts with its figures (`Quoted`). Only this contract may call it, from `quote`.
    /// @return reason What the plan failed with. It is returned and not thrown on, so that no pool or token that
    /// reverts in the manner of `Quoted` can pass its figures off as ours.
    function runAndRevert(bytes calldata plan) external returns (bytes memory reason);

    /* GUARDIAN FUNCTIONS */

    /// @notice Stops execution at once. The guardian or the owner may call it, at any time.
    function pause() external;

    /* OWNER FUNCTIONS */

    /// @notice Allows execution again.
    function unpause() external;

    /// @notice Grants or revokes the keeper role. The forwarder cannot hold it.
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

    /// @notice Adds an ERC-3156 lender. It can keep what a plan owes it, and nothing else: no more is ever allowed.
    /// @return lenderId Its place on the list, which is what loans name.
    function listLender(address lender) external returns (uint16 lenderId);

    /// @notice Takes a lender off the list: every plan that names it reverts from now on.
    function delistLender(uint16 lenderId) external;

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

    /// @notice The ERC-3156 lender under `lenderId`; reverts where none is listed.
    function lenderAt(uint16 lenderId) external view returns (address);

    /// @notice Contract that lends under `lender`; zero where this deployment has none, or where a loan's own parameters
    /// say which (pools of Uniswap V2 and V3, the list).
    function lenderAddress(LenderKind lender) external view returns (address);
}
