// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IPriceFeed} from "../../interfaces/external/IPriceFeed.sol";
import {IPriceSource} from "../../interfaces/IPriceSource.sol";
import {VaultErrors} from "../VaultErrors.sol";

/// @notice How a token's price is read, and when it is believed.
/// @param feed US dollars for one whole token.
/// @param feedDecimals Of its answers, as agreed when it was listed.
/// @param maxAgeSeconds Older answers are refused; the feed's heartbeat and a little.
/// @param minPriceWad Least price (US dollars, WAD) that is believed; it also tells another token's feed.
/// @param maxPriceWad Greatest price that is believed.
/// @param second A feed of another origin, asked beside the first; zero for none. Must have the same decimals and age.
/// @param maxDeviationBps Most by which the two may differ, in parts of the smaller.
struct Feed {
    IPriceFeed feed;
    uint8 feedDecimals;
    uint32 maxAgeSeconds;
    uint128 minPriceWad;
    uint128 maxPriceWad;
    IPriceFeed second;
    uint16 maxDeviationBps;
}

/// @title FeedPriceSource: prices from Chainlink-like feeds, each answer checked for age, band, decimals and a second
/// opinion.
/// @notice A feed that is frozen but signs the present time is told only by a second one: list one where it matters.
contract FeedPriceSource is IPriceSource, AccessManaged {
    /* EVENTS */

    /// @notice A token's price is read this way from now on; no feed: not at all.
    event FeedSet(address indexed token, Feed feed);

    /* CONSTANTS */

    uint256 private constant _BPS = 10_000;
    uint256 private constant _MAX_DECIMALS = 18;

    /* STORAGE */

    mapping(address token => Feed) private _feeds;

    /* CONSTRUCTOR */

    /// @param authority_ AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /* ADMINISTRATION */

    /// @notice Lists a token's feed, which must give a price that passes its own checks at once; or removes it.
    function setFeed(address token, Feed calldata feed) external restricted {
        _feeds[token] = feed;
        emit FeedSet(token, feed);
        if (address(feed.feed) == address(0)) return;
        bool isBand = feed.minPriceWad != 0 && feed.minPriceWad <= feed.maxPriceWad;
        if (!isBand) revert VaultErrors.InvalidSetting("band");
        if (feed.feedDecimals > _MAX_DECIMALS) revert VaultErrors.InvalidSetting("feedDecimals");
        priceWad(token);
    }

    /* VIEWS */

    /// @inheritdoc IPriceSource
    function priceWad(address token) public view override returns (uint256 usdWad) {
        Feed memory listed = _feeds[token];
        if (address(listed.feed) == address(0)) revert VaultErrors.NoFeed(token);
        usdWad = _read(token, listed.feed, listed);
        if (address(listed.second) == address(0)) return usdWad;
        uint256 secondWad = _read(token, listed.second, listed);
        uint256 apart = FixedPointMathLib.dist(usdWad, secondWad);
        if (apart * _BPS > FixedPointMathLib.min(usdWad, secondWad) * listed.maxDeviationBps) {
            revert VaultErrors.PricesDisagree(token, usdWad, secondWad);
        }
    }

    /// @notice How a token's price is read.
    function feedOf(address token) external view returns (Feed memory) {
        return _feeds[token];
    }

    /* INTERNAL */

    function _read(address token, IPriceFeed feed, Feed memory listed) private view returns (uint256) {
        // Asked each time: a feed is a proxy, and what is behind it can change.
        uint8 feedDecimals = feed.decimals();
        if (feedDecimals != listed.feedDecimals) {
            revert VaultErrors.WrongFeedDecimals(token, feedDecimals, listed.feedDecimals);
        }
        (, int256 answer,, uint256 updatedAt,) = feed.latestRoundData();
        // Minutes matter here; a validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > listed.maxAgeSeconds) {
            revert VaultErrors.PriceStale(token, updatedAt, listed.maxAgeSeconds);
        }
        if (answer <= 0) revert VaultErrors.PriceOutOfBand(token, answer);
        // Positive, as just checked.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 positive = uint256(answer);
        uint256 scale = 10 ** (_MAX_DECIMALS - feedDecimals);
        // Compared before scaling: nothing can wrap. Down: a price above the band is above it.
        if (positive > listed.maxPriceWad / scale || positive * scale < listed.minPriceWad) {
            revert VaultErrors.PriceOutOfBand(token, answer);
        }
        return positive * scale;
    }
}
