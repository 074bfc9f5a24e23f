// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The three functions of DAI that the lender calls.
interface IDaiOfWards {
    function mint(address usr, uint256 wad) external;
    function burn(address usr, uint256 wad) external;
    function transferFrom(address src, address dst, uint256 wad) external returns (bool);
}

/// @notice The borrower's side of ERC-3156.
interface IBorrowerOfDai {
    function onFlashLoan(address initiator, address token, uint256 amount, uint256 fee, bytes calldata data)
        external
        returns (bytes32);
}

/// @title A model of Maker's flash mint of DAI (DssFlash), for the offline replica of mainnet
/// @notice Models what borrowers of mainnet's lender (0x6074...4FA) meet: ERC-3156 for DAI alone, at no fee, up to a
/// ceiling (`max`, in wei of DAI). The loan is minted to the receiver, not paid out of holdings, pulled back by
/// `transferFrom` against the receiver's allowance, and burnt. The receiver may be any contract, whoever calls. A lock
/// bars every loan inside a loan, and while it is closed `maxFlashLoan` says zero. The callback must return
/// the hash that ERC-3156 asks for. Wards set the ceiling, to at most 10^45. Revert reasons carry mainnet's words.
/// @dev Leaves out: `vatDaiFlashLoan` (a loan of DAI inside the Vat, which the replica does not have), the Vat's
/// `live` switch, DaiJoin (the model mints and burns as a ward of DAI), and mainnet's byte code. Written from the
/// contract's public behaviour, because no package holds the real one.
contract DssFlashModel {
    /// @notice What `onFlashLoan` must return.
    bytes32 public constant CALLBACK_SUCCESS = keccak256("ERC3156FlashBorrower.onFlashLoan");
    uint256 private constant HIGHEST_CEILING = 10 ** 45;

    IDaiOfWards public immutable dai;

    mapping(address account => uint256 isWard) public wards;
    /// @notice The largest loan, in wei of DAI.
    uint256 public max;
    uint256 private _locked;

    event Rely(address indexed usr);
    event Deny(address indexed usr);
    event File(bytes32 indexed what, uint256 data);
    event FlashLoan(address indexed receiver, address token, uint256 amount, uint256 fee);

    modifier auth() {
        require(wards[msg.sender] == 1, "DssFlash/not-authorized");
        _;
    }

    modifier lock() {
        require(_locked == 0, "DssFlash/reentrancy-guard");
        _locked = 1;
        _;
        _locked = 0;
    }

    constructor(IDaiOfWards dai_) {
        dai = dai_;
        wards[msg.sender] = 1;
        emit Rely(msg.sender);
    }

    function rely(address usr) external auth {
        wards[usr] = 1;
        emit Rely(usr);
    }

    function deny(address usr) external auth {
        wards[usr] = 0;
        emit Deny(usr);
    }

    /// @notice Sets the ceiling: `what` must be "max".
    function file(bytes32 what, uint256 data) external auth {
        require(what == "max", "DssFlash/file-unrecognized-param");
        require(data <= HIGHEST_CEILING, "DssFlash/ceiling-too-high");
        max = data;
        emit File(what, data);
    }

    function flashLoan(IBorrowerOfDai receiver, address token, uint256 amount, bytes calldata data)
        external
        lock
        returns (bool)
    {
        require(token == address(dai), "DssFlash/token-unsupported");
        require(amount <= max, "DssFlash/ceiling-exceeded");
        dai.mint(address(receiver), amount);
        emit FlashLoan(address(receiver), token, amount, 0);
        require(
            receiver.onFlashLoan(msg.sender, token, amount, 0, data) == CALLBACK_SUCCESS,
            "DssFlash/callback-failed"
        );
        // DAI reverts where it cannot move, and returns nothing but true.
        dai.transferFrom(address(receiver), address(this), amount);
        dai.burn(address(this), amount);
        return true;
    }

    function maxFlashLoan(address token) external view returns (uint256) {
        return token == address(dai) && _locked == 0 ? max : 0;
    }

    function flashFee(address token, uint256) external view returns (uint256) {
        require(token == address(dai), "DssFlash/token-unsupported");
        return 0;
    }
}
