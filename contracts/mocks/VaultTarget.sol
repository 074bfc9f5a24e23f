// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MockToken} from "./MockToken.sol";

/// @title A lending vault that earns, loses, runs dry or breaks as a test wants: tests only.
contract VaultTarget is ERC4626 {
    uint256 public liquidity = type(uint256).max;
    bool public broken;
    uint256 public entryFeeBps;

    error Broken();

    constructor(IERC20 asset_) ERC20("target", "T") ERC4626(asset_) {}

    function earn(uint256 assets) external {
        MockToken(asset()).mint(address(this), assets);
    }

    function lose(uint256 assets) external {
        MockToken(asset()).transfer(address(1), assets);
    }

    function setLiquidity(uint256 assets) external {
        liquidity = assets;
    }

    function setBroken(bool isBroken) external {
        broken = isBroken;
    }

    function setEntryFee(uint256 bps) external {
        entryFeeBps = bps;
    }

    function previewRedeem(uint256 shares) public view override returns (uint256) {
        if (broken) revert Broken();
        return super.previewRedeem(shares);
    }

    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return super.previewDeposit(assets - assets * entryFeeBps / 10_000);
    }

    /// @dev The fee leaves: shares stay worth what they were.
    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        super._deposit(caller, receiver, assets, shares);
        if (entryFeeBps != 0) MockToken(asset()).transfer(address(1), assets * entryFeeBps / 10_000);
    }

    function maxWithdraw(address owner) public view override returns (uint256) {
        uint256 most = super.maxWithdraw(owner);
        return most < liquidity ? most : liquidity;
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        if (broken) revert Broken();
        super._withdraw(caller, receiver, owner, assets, shares);
        if (liquidity != type(uint256).max) liquidity -= assets;
    }
}

/// @title The same over a token that calls its holders, as far as anybody outside can tell: in the middle of a deposit, once,
/// somebody is called: tests only.
contract VaultTargetInterrupted is VaultTarget {
    address public callee;
    bytes public payload;

    constructor(IERC20 asset_) VaultTarget(asset_) {}

    function interruptWith(address callee_, bytes calldata payload_) external {
        (callee, payload) = (callee_, payload_);
    }

    function deposit(uint256 assets, address receiver) public override returns (uint256 shares) {
        shares = super.deposit(assets, receiver);
        address called = callee;
        callee = address(0);
        if (called == address(0)) return shares;
        (bool success,) = called.call(payload);
        if (!success) revert Broken();
    }
}

/// @title One that says it gave or took other shares than it did: tests only.
contract VaultTargetLying is VaultTarget {
    uint256 public more;

    constructor(IERC20 asset_) VaultTarget(asset_) {}

    /// @notice So many more given, or fewer taken, than it is.
    function lie(uint256 shares) external {
        more = shares;
    }

    function deposit(uint256 assets, address receiver) public override returns (uint256) {
        return super.deposit(assets, receiver) + more;
    }

    function withdraw(uint256 assets, address receiver, address owner) public override returns (uint256) {
        return super.withdraw(assets, receiver, owner) - more;
    }
}
