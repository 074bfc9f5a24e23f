"""The twins of the vault, its strategies and its prices."""

from __future__ import annotations

from gate.twin import Patch, Twin

_VAULT = "vault/AllocationVault.sol"
_SHARES = "vault/VaultShares.sol"
_REQUESTS = "vault/VaultRequests.sol"
_FEES = "vault/VaultFees.sol"
_REBALANCE = "vault/VaultRebalance.sol"
_RANGE = "vault/strategies/UniswapV3Strategy.sol"
_LENDING = "vault/strategies/Erc4626Strategy.sol"
_PRICES = "vault/prices/FeedPriceSource.sol"

_ENTRIES = (
    Twin(
        "InflatedFirstShare",
        "the balance counts, and there are no virtual shares",
        (
            Patch(
                _SHARES,
                "(totals.assets, totals.supply, totals.sound) = (layout.idle, totalSupply(), true);",
                "(totals.assets, totals.supply, totals.sound) =\n"
                "            (SafeTransferLib.balanceOf(layout.asset, address(this)), totalSupply(), true);",
            ),
            Patch(
                _SHARES,
                "return FixedPointMathLib.fullMulDiv(assets, totals.supply + _VIRTUAL_SHARES, "
                "totals.assets + 1);",
                "if (totals.supply == 0) return assets;\n"
                "        return FixedPointMathLib.fullMulDiv(assets, totals.supply, totals.assets);",
            ),
            Patch(
                _SHARES,
                "return FixedPointMathLib.fullMulDiv(shares, totals.assets + 1, "
                "totals.supply + _VIRTUAL_SHARES);",
                "if (totals.supply == 0) return shares;\n"
                "        return FixedPointMathLib.fullMulDiv(shares, totals.assets, totals.supply);",
            ),
            # So that what was counted can be paid.
            Patch(
                _VAULT,
                "        _layout().idle -= _toUint128(assets);\n        _withdraw(",
                "        _withdraw(",
            ),
            Patch(
                _SHARES,
                "        assets = _layout().idle;\n",
                "        assets = SafeTransferLib.balanceOf(_layout().asset, address(this));\n",
            ),
            Patch(
                _SHARES,
                "        uint256 idle = layout.idle;\n        for",
                "        uint256 idle = SafeTransferLib.balanceOf(layout.asset, address(this));\n        for",
            ),
        ),
        _VAULT,
    ),
    Twin(
        "RoundsForTheMinter",
        "what a mint asks is rounded down",
        (
            Patch(
                _SHARES,
                "return FixedPointMathLib.fullMulDivUp(shares, totals.assets + 1,",
                "return FixedPointMathLib.fullMulDiv(shares, totals.assets + 1,",
            ),
        ),
        _VAULT,
    ),
    Twin(
        "EntersUnsound",
        "deposits go on where oracle and market part",
        (
            Patch(
                _SHARES,
                "layout.stop == Stop.Nothing && totals.sound && totals.unpriced",
                "layout.stop == Stop.Nothing && totals.unpriced",
            ),
        ),
        _VAULT,
    ),
)

_EXITS = (
    Twin(
        "KeepsTheShares",
        "a request leaves the shares with their owner",
        (
            Patch(_REQUESTS, "        _transfer(owner, address(this), shares);\n"),
            Patch(_REQUESTS, "        _burn(address(this), burned);\n"),
        ),
        _VAULT,
    ),
    Twin(
        "PaysClaimsAgain",
        "a claim is paid and stays",
        (Patch(_REQUESTS, "        request.assets = 0;\n"),),
        _VAULT,
    ),
    Twin(
        "PassesTheQueue",
        "who did not wait is paid before those who do",
        (
            Patch(
                _SHARES,
                "return FixedPointMathLib.zeroFloorSub(_available(totals), _pendingAssets(totals));",
                "return _available(totals);",
            ),
        ),
        _VAULT,
    ),
    Twin(
        "ReadsHalfDone",
        "the price is told in the middle of an exit",
        (
            Patch(
                _SHARES,
                "function convertToAssets(uint256 shares) public view override nonReentrantView "
                "returns (uint256) {",
                "function convertToAssets(uint256 shares) public view override returns (uint256) {",
            ),
        ),
        _VAULT,
    ),
    Twin(
        "ReentersHalfDone",
        "one can leave at a price in the middle of an exit in kind",
        (
            Patch(
                _VAULT,
                "        override\n        nonReentrant\n        returns (uint256 assets)\n    {\n"
                "        Totals memory totals = _accrue();\n        assets = _toAssets(shares, totals);",
                "        override\n        returns (uint256 assets)\n    {\n"
                "        Totals memory totals = _accrue();\n        assets = _toAssets(shares, totals);",
            ),
        ),
        _VAULT,
    ),
)

_KEEPERS = (
    Twin(
        "MovesAnywhere",
        "a keeper's moves do not end at their targets",
        (
            Patch(
                _REBALANCE,
                "        return FixedPointMathLib.min(distance, course.stepLeft);\n",
                "        distance;\n        return move.assets;\n",
            ),
            Patch(_REBALANCE, "        course.stepLeft -= assets;\n"),
        ),
        _VAULT,
    ),
    Twin(
        "LosesAnything",
        "a move may lose what it likes",
        (Patch(_REBALANCE, "        if (loss > allowed) revert VaultErrors.LossTooHigh(loss, allowed);\n"),),
        _VAULT,
    ),
    Twin(
        "LosesAgainAndAgain",
        "losses of one period are not added up",
        (
            Patch(
                _REBALANCE,
                "        layout.lossUsed = _toUint128(used + loss);\n",
                "        layout.lossUsed = 0;\n",
            ),
        ),
        _VAULT,
    ),
    Twin(
        "TakesFeesTwice",
        "the high-water mark stays where it was",
        (
            Patch(
                _FEES,
                "            layout.highWaterMarkWad = _toUint128(due.highWaterMarkWad);\n",
                "            layout.highWaterMarkWad = layout.highWaterMarkWad;\n",
            ),
        ),
        _VAULT,
    ),
    Twin(
        "TakesTimeTwice",
        "it is not remembered until when management was paid",
        (Patch(_FEES, "        layout.lastAccrual = uint40(block.timestamp);\n"),),
        _VAULT,
    ),
    Twin(
        "SetUpAgain",
        "a vault can be set up more than once",
        (Patch(_VAULT, "    ) external initializer {\n", "    ) external {\n"),),
        _VAULT,
    ),
    Twin(
        "AnyoneUpgrades",
        "nobody is asked for an upgrade",
        (
            Patch(
                _VAULT,
                "function _authorizeUpgrade(address) internal override restricted {}",
                "function _authorizeUpgrade(address) internal override {}",
            ),
        ),
        _VAULT,
    ),
)

_STRATEGIES = (
    Twin(
        "CountsAtSpot",
        "a position is counted at the pool's own price, which is never compared",
        (
            Patch(
                _RANGE,
                "(uint256 amountAsset, uint256 amountOther) = _holdings(oracleX96, tick);",
                "(uint256 amountAsset, uint256 amountOther) = _holdings(spotX96, tick);\n"
                "        otherWad = FixedPointMathLib.fullMulDiv(otherWad, oracleX96, spotX96);\n"
                "        otherWad = _ASSET_IS_0\n"
                "            ? FixedPointMathLib.fullMulDiv(otherWad, oracleX96, spotX96)\n"
                "            : FixedPointMathLib.fullMulDiv(otherWad, spotX96, oracleX96);",
            ),
            Patch(_RANGE, "sound = unlocked && _isNear(spotX96, oracleX96);", "sound = unlocked;"),
        ),
        _RANGE,
    ),
    Twin(
        "SellsAtAnyPrice",
        "swaps have no least output",
        (
            Patch(
                _RANGE,
                "        if (received < minimum) revert VaultErrors.SwapBelowOracle(received, minimum);\n",
                "        minimum;\n",
            ),
        ),
        _RANGE,
    ),
    Twin(
        "SellsAnySize",
        "swaps may move the price as far as they like",
        (
            Patch(
                _RANGE,
                "        if (impactPips > feePips) revert VaultErrors.SwapTooLarge(impactPips, feePips);\n",
                "        impactPips;\n        feePips;\n",
            ),
        ),
        _RANGE,
    ),
    Twin(
        "PaysAnyMint",
        "whoever says that liquidity was added is paid",
        (
            Patch(_RANGE, "        _consumeCallback(CallbackKind.UniswapV3Mint, data);\n", "        data;\n"),
            Patch(
                _RANGE,
                "        _expectCallback(address(pool), CallbackKind.UniswapV3Mint, 0, keccak256(data));\n",
            ),
            Patch(_RANGE, "        _requireConsumed();\n"),
        ),
        _RANGE,
    ),
    Twin(
        "BelievesAnyRate",
        "another vault's rate is believed however it jumps",
        (
            Patch(
                _LENDING,
                "        sound = value <= most + 1 && value + 1 >= _atRate(shares, _BPS - bandBps);\n",
                "        sound = true;\n",
            ),
            Patch(_LENDING, "        if (value > most + 1) value = most;\n"),
        ),
        _LENDING,
    ),
    Twin(
        "CountsGivenShares",
        "shares of the other vault count, whoever sent them",
        (
            Patch(
                _LENDING,
                "        uint256 shares = _shares;\n        if (shares == 0) return (0, 0, true);",
                "        uint256 shares = target.balanceOf(address(this));\n"
                "        if (shares == 0) return (0, 0, true);",
            ),
        ),
        _LENDING,
    ),
    Twin(
        "CountsGiftsInBetween",
        "what came is the balance after a deposit less that before it",
        (
            Patch(
                _LENDING,
                "        uint256 received = target.deposit(assets, address(this));\n",
                "        uint256 received = target.balanceOf(address(this));\n"
                "        target.deposit(assets, address(this));\n"
                "        received = target.balanceOf(address(this)) - received;\n",
            ),
        ),
        _LENDING,
    ),
)

_FEEDS = (
    Twin(
        "BelievesOldAnswers",
        "an answer has no age",
        (
            Patch(
                _PRICES,
                "            revert VaultErrors.PriceStale(token, updatedAt, listed.maxAgeSeconds);\n",
                "            updatedAt = 0;\n",
            ),
        ),
        _PRICES,
    ),
    Twin(
        "BelievesAnyAnswer",
        "a price has no band",
        (
            Patch(
                _PRICES,
                "        if (positive > listed.maxPriceWad / scale || "
                "positive * scale < listed.minPriceWad) {\n"
                "            revert VaultErrors.PriceOutOfBand(token, answer);\n"
                "        }\n",
            ),
        ),
        _PRICES,
    ),
    Twin(
        "BelievesZero",
        "an answer of nothing, or less, is a price",
        (
            Patch(_PRICES, "        if (answer <= 0) revert VaultErrors.PriceOutOfBand(token, answer);\n"),
            Patch(_PRICES, " || positive * scale < listed.minPriceWad) {\n", ") {\n"),
        ),
        _PRICES,
    ),
    Twin(
        "BelievesAnyDecimals",
        "the decimals are those of when the feed was listed",
        (
            Patch(
                _PRICES,
                "            revert VaultErrors.WrongFeedDecimals"
                "(token, feedDecimals, listed.feedDecimals);\n",
                "            feedDecimals = listed.feedDecimals;\n",
            ),
        ),
        _PRICES,
    ),
    Twin(
        "BelievesTheFirst",
        "a second feed is listed, and not listened to",
        (
            Patch(
                _PRICES,
                "            revert VaultErrors.PricesDisagree(token, usdWad, secondWad);\n",
                "            secondWad = usdWad;\n",
            ),
        ),
        _PRICES,
    ),
)

VAULT = _ENTRIES + _EXITS + _KEEPERS + _STRATEGIES + _FEEDS
