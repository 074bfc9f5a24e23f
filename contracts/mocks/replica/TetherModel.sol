// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A model of the USDT token, for the offline replica of mainnet
/// @notice Models what callers of mainnet's USDT (0xdAC1...1ec7) meet: 6 decimals; `transfer`, `transferFrom` and
/// `approve` return nothing; an allowance changes only from zero or to zero; a fee on transfers that the owner can
/// switch on (below 20 bps and 50 USDT, credited to the owner); pause; a blacklist of senders; an allowance of the
/// largest uint256 is never used up.
/// @dev Leaves out: deprecation in favour of an upgraded contract, destroying blacklisted funds, the multisignature
/// owner, the short-address check, and mainnet's byte code. Written from the token's public behaviour, because no
/// package holds the real one.
contract TetherModel {
    string public constant name = "Tether USD";
    string public constant symbol = "USDT";
    uint256 public constant decimals = 6;

    address public owner;
    bool public paused;
    uint256 public totalSupply;
    /// @notice Fee on each transfer, in basis points of the amount.
    uint256 public basisPointsRate;
    /// @notice Largest fee of one transfer, in base units.
    uint256 public maximumFee;

    mapping(address holder => uint256 amount) public balanceOf;
    mapping(address holder => mapping(address spender => uint256 amount)) public allowance;
    mapping(address account => bool isListed) public isBlackListed;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Issue(uint256 amount);
    event Redeem(uint256 amount);
    event Params(uint256 feeBasisPoints, uint256 maxFee);
    event AddedBlackList(address user);
    event RemovedBlackList(address user);
    event Pause();
    event Unpause();

    // Mainnet's contract reverts without a reason, and so does this one.
    modifier onlyOwner() {
        require(msg.sender == owner);
        _;
    }

    modifier whenNotPaused() {
        require(!paused);
        _;
    }

    constructor(address firstOwner) {
        owner = firstOwner;
    }

    function issue(uint256 amount) external onlyOwner {
        balanceOf[owner] += amount;
        totalSupply += amount;
        emit Issue(amount);
    }

    function redeem(uint256 amount) external onlyOwner {
        balanceOf[owner] -= amount;
        totalSupply -= amount;
        emit Redeem(amount);
    }

    function setParams(uint256 newBasisPoints, uint256 newMaxFee) external onlyOwner {
        require(newBasisPoints < 20);
        require(newMaxFee < 50);
        basisPointsRate = newBasisPoints;
        maximumFee = newMaxFee * 10 ** decimals;
        emit Params(basisPointsRate, maximumFee);
    }

    function addBlackList(address user) external onlyOwner {
        isBlackListed[user] = true;
        emit AddedBlackList(user);
    }

    function removeBlackList(address user) external onlyOwner {
        isBlackListed[user] = false;
        emit RemovedBlackList(user);
    }

    function pause() external onlyOwner whenNotPaused {
        paused = true;
        emit Pause();
    }

    function unpause() external onlyOwner {
        require(paused);
        paused = false;
        emit Unpause();
    }

    function transferOwnership(address newOwner) external onlyOwner {
        if (newOwner != address(0)) owner = newOwner;
    }

    /// @dev No return value: a caller that expects one reverts, as on mainnet.
    function transfer(address to, uint256 value) external whenNotPaused {
        _move(msg.sender, to, value);
    }

    /// @dev No return value, as above.
    function transferFrom(address from, address to, uint256 value) external whenNotPaused {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _move(from, to, value);
    }

    /// @dev No return value, and only from zero or to zero.
    function approve(address spender, uint256 value) external {
        require(value == 0 || allowance[msg.sender][spender] == 0);
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function _move(address from, address to, uint256 value) private {
        require(!isBlackListed[from]);
        // Rounds down, in favour of the sender, as on mainnet.
        uint256 fee = value * basisPointsRate / 10_000;
        if (fee > maximumFee) fee = maximumFee;
        balanceOf[from] -= value;
        balanceOf[to] += value - fee;
        if (fee > 0) {
            balanceOf[owner] += fee;
            emit Transfer(from, owner, fee);
        }
        emit Transfer(from, to, value - fee);
    }
}
