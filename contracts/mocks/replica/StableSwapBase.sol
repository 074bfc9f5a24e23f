// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title What the models of Curve-type stable pools share, for the offline replica of mainnet
/// @notice Models the StableSwap invariant (Egorov, "StableSwap - efficient mechanism for Stablecoin liquidity",
/// 2019) of two to four coins, `A` * n * S + D = `A` * n * D + D^(n+1) / (n^n * P) with S the sum and P the product of
/// the balances in 18 decimals. `A` is what mainnet's contracts call so: the paper's times n^(n-1). Both the invariant
/// and a balance under it come from Newton's steps in whole numbers, until two steps in a row are within one. The
/// trader gets what the invariant leaves him, less one unit of 10^-18, less the fee (`fee`, of 10^10), rounded down;
/// `admin_fee` (of 10^10) of the fee leaves the balances that trade. Coins that return nothing are moved too. A lock
/// bars trades inside a trade.
/// @dev Leaves out: shares of liquidity and everything that mints or burns them (`fill` takes the place of the first
/// deposit), ramps of `A`, changes of fees, withdrawal of admin fees, the kill switch, lending behind the coins, and
/// mainnet's byte code. Where the steps never meet (balances a thousand times apart), the model reverts, as the newer
/// of mainnet's contracts do; the 3pool takes its last step. Function names and revert words are mainnet's where a
/// caller meets them.
abstract contract StableSwapBase {
    using SafeERC20 for IERC20;

    uint256 internal constant FEE_ONE = 10 ** 10;
    uint256 private constant MOST_STEPS = 255;

    address[] public coins;
    /// @notice What trades, in base units of each coin; what the pool holds beyond it are admin fees.
    uint256[] public balances;
    /// @notice Amplification, as mainnet's contracts give it.
    uint256 public immutable A;
    /// @notice Of 10^10: 1000000 is one basis point.
    uint256 public immutable fee;
    /// @notice Share of the fee that is taken out of the pool, of 10^10.
    uint256 public immutable admin_fee;

    uint256[] private _scales;
    bool private _locked;

    event TokenExchange(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );

    error CoinCount(uint256 count);
    error NoSuchPair(int128 i, int128 j);
    error NotConverging();

    modifier lock() {
        // Mainnet's contracts, too, revert here without a reason.
        require(!_locked);
        _locked = true;
        _;
        _locked = false;
    }

    constructor(address[] memory coins_, uint256 leverage, uint256 fee_, uint256 adminFee) {
        if (coins_.length < 2 || coins_.length > 4) revert CoinCount(coins_.length);
        coins = coins_;
        balances = new uint256[](coins_.length);
        A = leverage;
        fee = fee_;
        admin_fee = adminFee;
        for (uint256 k; k < coins_.length; ++k) {
            _scales.push(10 ** (18 - IERC20Metadata(coins_[k]).decimals()));
        }
    }

    /// @notice Adds `amounts` of the caller's coins to what trades; nobody gets a share for it.
    function fill(uint256[] calldata amounts) external lock {
        for (uint256 k; k < amounts.length; ++k) {
            balances[k] += _pull(k, amounts[k]);
        }
    }

    /// @notice What was taken out of the trading balances and waits for the owner, in base units.
    function admin_balances(uint256 k) external view returns (uint256) {
        return IERC20(coins[k]).balanceOf(address(this)) - balances[k];
    }

    function _exchange(int128 i, int128 j, uint256 dx, uint256 minDy) internal returns (uint256 dy) {
        (uint256 sold, uint256 bought) = _pair(i, j);
        // The coins that arrive, before the prices are asked: the model of USDT may keep a part of them.
        uint256 arrived = _pull(sold, dx);
        uint256 out = _scaledOut(i, j, arrived);
        // Rounds down, for the trader.
        uint256 charge = out * fee / FEE_ONE;
        // Rounds down, for the pool.
        dy = (out - charge) / _scales[bought];
        require(dy >= minDy, "Exchange resulted in fewer coins than expected");
        // Both round down, so that the owner gets less and the pool keeps more.
        uint256 adminPart = charge * admin_fee / FEE_ONE / _scales[bought];
        balances[sold] += arrived;
        balances[bought] -= dy + adminPart;
        IERC20(coins[bought]).safeTransfer(msg.sender, dy);
        emit TokenExchange(msg.sender, i, dx, j, dy);
    }

    /// @dev Moves the caller's coins here and returns how many count.
    function _pull(uint256 k, uint256 amount) internal virtual returns (uint256) {
        IERC20(coins[k]).safeTransferFrom(msg.sender, address(this), amount);
        return amount;
    }

    /// @dev What `dx` of coin `i` is worth in coin `j` before the fee, in units of 10^-18, less one for whatever the
    /// steps rounded.
    function _scaledOut(int128 i, int128 j, uint256 dx) internal view returns (uint256) {
        (uint256 sold, uint256 bought) = _pair(i, j);
        uint256[] memory scaled = _scaledBalances();
        uint256 invariant = _invariant(scaled);
        uint256 left = scaled[bought];
        scaled[sold] += dx * _scales[sold];
        return left - _balanceUnder(invariant, scaled, bought) - 1;
    }

    function _scale(int128 k) internal view returns (uint256) {
        return _scales[uint256(uint128(k))];
    }

    function _pair(int128 i, int128 j) private view returns (uint256 sold, uint256 bought) {
        int256 count = int256(coins.length);
        if (i == j || i < 0 || j < 0 || i >= count || j >= count) revert NoSuchPair(i, j);
        return (uint256(uint128(i)), uint256(uint128(j)));
    }

    function _scaledBalances() private view returns (uint256[] memory scaled) {
        scaled = balances;
        for (uint256 k; k < scaled.length; ++k) {
            scaled[k] *= _scales[k];
        }
    }

    /// @dev D of the balances. Every division rounds down, as in mainnet's contracts.
    function _invariant(uint256[] memory scaled) private view returns (uint256 d) {
        uint256 count = scaled.length;
        uint256 sum;
        for (uint256 k; k < count; ++k) {
            sum += scaled[k];
        }
        uint256 steep = A * count;
        d = sum;
        for (uint256 step; step < MOST_STEPS; ++step) {
            uint256 last = d;
            // D^(n+1) / (n^n P)
            uint256 ratio = d;
            for (uint256 k; k < count; ++k) {
                ratio = ratio * d / (scaled[k] * count);
            }
            d = (steep * sum + ratio * count) * d / ((steep - 1) * d + (count + 1) * ratio);
            if (_within1(d, last)) return d;
        }
        revert NotConverging();
    }

    /// @dev The balance of coin `k` that gives `d` beside the others: y^2 + (b - d) y = c, every division rounding
    /// down as in mainnet's contracts.
    function _balanceUnder(uint256 d, uint256[] memory scaled, uint256 k) private view returns (uint256 y) {
        uint256 count = scaled.length;
        uint256 steep = A * count;
        uint256 b = d / steep;
        uint256 c = d;
        for (uint256 other; other < count; ++other) {
            if (other == k) continue;
            b += scaled[other];
            c = c * d / (scaled[other] * count);
        }
        c = c * d / (steep * count);
        y = d;
        for (uint256 step; step < MOST_STEPS; ++step) {
            uint256 last = y;
            y = (y * y + c) / (2 * y + b - d);
            if (_within1(y, last)) return y;
        }
        revert NotConverging();
    }

    function _within1(uint256 one, uint256 other) private pure returns (bool) {
        return one > other ? one - other <= 1 : other - one <= 1;
    }
}
