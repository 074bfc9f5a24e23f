"""The twins of the weights: the library in its test harness, less a rule that a vault relies on."""

from __future__ import annotations

from gate.twin import Patch, Twin

_HARNESS = "mocks/WeightModelHarness.sol"
_LIBRARY = "vault/WeightModel.sol"

WEIGHTS = (
    Twin(
        "ScorelessTakesAll",
        "where no pool has a score, the first takes everything",
        (
            Patch(
                _LIBRARY,
                "        if (sum.scored == 0) return WAD;\n",
                "        if (sum.scored == 0) {\n"
                "            powers[0] = WAD;\n"
                "            return 0;\n"
                "        }\n",
            ),
        ),
        _HARNESS,
    ),
    Twin(
        "DustBreaksTheCap",
        "what rounding leaves goes to the largest, at its cap or not",
        (
            Patch(
                _LIBRARY,
                "                    if (amount < cap && _read(at + toScore) != 0) "
                "(larger, largestAt) = (amount + 1, at);\n",
                "                    (larger, largestAt) = (amount + 1, at);\n",
            ),
            Patch(_LIBRARY, "                if (left <= room) {\n", "                if (room <= cap) {\n"),
        ),
        _HARNESS,
    ),
    Twin(
        "DustForTheUnscored",
        "what rounding leaves may go to a pool without a score",
        (
            Patch(
                _LIBRARY,
                "if (amount < cap && _read(at + toScore) != 0) (larger,",
                "if (amount < cap) (larger,",
            ),
            Patch(
                _LIBRARY,
                "value >= larger && value < cap && _read(at + toScore) != 0",
                "value >= larger && value < cap",
            ),
        ),
        _HARNESS,
    ),
    Twin(
        "TenRounds",
        "what caps cut off is shared out in ten rounds at most",
        (
            Patch(
                _LIBRARY,
                "            while (falling) {\n",
                "            for (uint256 round; falling && round < 10; ++round) {\n",
            ),
        ),
        _HARNESS,
    ),
    Twin(
        "OneWordProduct",
        "weight times total is taken to fit into a word",
        (
            Patch(
                _LIBRARY,
                "                amount = amount * wads + amount * part / WAD;\n",
                "                amount = amount * totalAmount / WAD;\n",
            ),
        ),
        _HARNESS,
    ),
)
