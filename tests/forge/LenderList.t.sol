// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20FlashMint} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20FlashMint.sol";
import {IFlashLoanArbitrage, LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {Lane, LendersFixture} from "./support/LendersFixture.sol";
import {LoanSpec, PlanSpec} from "./support/PlanCodec.sol";

/// @title A token that lends itself by minting, as OpenZeppelin writes it: an ERC-3156 lender that is nobody's mock.
contract FlashMintToken is ERC20, ERC20FlashMint {
    uint256 private immutable _FEE;

    constructor(uint256 fee) ERC20("Flash", "FLS") {
        _FEE = fee;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _flashFee(address, uint256) internal view override returns (uint256) {
        return _FEE;
    }
}

/// @title The owner's list of ERC-3156 lenders.
contract LenderListTest is LendersFixture {
    event LenderListed(uint16 indexed lenderId, address indexed lender);
    event LenderDelisted(uint16 indexed lenderId);

    function test_listLender_byOwner_givesTheNextIdAndSaysSo() public {
        vm.expectEmit(address(executor));
        emit LenderListed(1, address(maker));
        vm.prank(owner);
        assertEq(executor.listLender(address(maker)), 1);
        assertEq(executor.lenderAt(0), address(listed));
        assertEq(executor.lenderAt(1), address(maker));
    }

    function test_lenderList_byAnybodyElse_reverts() public {
        address[3] memory others = [attacker, keeper, guardian];
        for (uint256 i; i < others.length; ++i) {
            bytes memory expected =
                abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[i]);
            vm.startPrank(others[i]);
            vm.expectRevert(expected);
            executor.listLender(address(maker));
            vm.expectRevert(expected);
            executor.delistLender(LISTED_LENDER);
            vm.stopPrank();
        }
    }

    function test_listLender_withoutCode_reverts() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidLender.selector, attacker));
        executor.listLender(attacker);
    }

    function test_delistedLender_isGoneForGood() public {
        vm.startPrank(owner);
        vm.expectEmit(address(executor));
        emit LenderDelisted(LISTED_LENDER);
        executor.delistLender(LISTED_LENDER);
        bytes memory gone = abi.encodeWithSelector(ErrorsLib.LenderNotListed.selector, LISTED_LENDER);
        vm.expectRevert(gone);
        executor.delistLender(LISTED_LENDER);
        vm.expectRevert(gone);
        executor.lenderAt(LISTED_LENDER);
        assertEq(executor.listLender(address(listed)), LISTED_LENDER + 1);
        vm.stopPrank();
        _assertReverts(_planOf(_lane(6, address(usd))), gone);
    }

    function test_loan_ofLenderNeverListed_reverts() public {
        Lane memory lane = _lane(6, address(usd));
        lane.params = hex"ffff";
        _assertReverts(
            _planOf(lane), abi.encodeWithSelector(ErrorsLib.LenderNotListed.selector, type(uint16).max)
        );
    }

    /// @dev Lender and token are one contract, and what is repaid is burnt.
    function test_loan_ofTokenThatLendsItself_isRepaidWithItsFee() public {
        FlashMintToken token = new FlashMintToken(FLAT_FEE);
        _opportunity(address(token), address(btc));
        vm.prank(owner);
        uint16 lenderId = executor.listLender(address(token));
        PlanSpec memory plan = _plan(LenderKind.Erc3156, address(token), address(btc), V2_A, V2_B);
        plan.loans[0] =
            LoanSpec(LenderKind.Erc3156, address(token), LOAN, FLAT_FEE, abi.encodePacked(lenderId));
        uint256 supply = token.totalSupply();
        uint256 profit = _execute(plan);
        assertEq(token.balanceOf(treasury), profit);
        assertEq(token.totalSupply(), supply - FLAT_FEE);
        assertEq(token.allowance(address(executor), address(token)), 0);
        _assertNothingLeft(address(token));
    }
}
