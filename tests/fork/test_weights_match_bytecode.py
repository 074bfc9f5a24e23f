"""Python and EVM weigh alike, bit for bit: drawn scores, models and totals, what is refused included.

A harness around the library answers hundreds of questions in one ``eth_call``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import ape
import pytest

from steelyard.decide.allocation.weights import (
    AGGRESSIVE,
    CONSERVATIVE,
    DEFAULT,
    Allocations,
    WeightModel,
    Weights,
    c_score,
    target_allocations,
)
from steelyard.exceptions import SteelyardError
from steelyard.sandbox.abi import decode_result, encode_call, selector_of
from steelyard.units import UINT256_MAX
from tests.support.effort import is_deep, patient
from tests.support.weight_vectors import MOST_POOLS, WeightVector, draw

if TYPE_CHECKING:
    from tests.support.fork_chain import ForkChain

pytestmark = [pytest.mark.fork, pytest.mark.needs("any"), *patient()]

VECTORS: Final = 100_000 if is_deep() else 1_000
IN_ONE_CALL: Final = 400
# What a call may use on any node; an answer takes some ten thousand.
GAS: Final = 25_000_000
MODEL: Final = "(uint16,uint16,uint16,uint16,uint16)"
WEIGHTS: Final = f"targetWeights({MODEL},uint16[])"
BY_MODEL: Final = f"targetAllocations({MODEL},uint16[],uint256)"
BY_CAP: Final = "targetAllocations(uint16[],uint256,uint16,uint16)"
SCORE_TOO_HIGH: Final = selector_of("ScoreTooHigh(uint256,uint256)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: the values, or the first four bytes of the refusal."""

    values: tuple[Any, ...] = ()
    refusal: bytes = b""


class Harness:
    """WeightModelLib, from outside."""

    def __init__(self, chain: ForkChain, address: str) -> None:
        self._chain, self._address = chain, address

    def ask(self, calls: Sequence[bytes], returns: str) -> list[Answer]:
        """Answers to all ``calls``, in one ``eth_call``."""
        data = "0x" + encode_call("answers(bytes[])", calls).hex()
        call = {"to": self._address, "data": data, "gas": hex(GAS)}
        served, answers = decode_result(
            "(bool[],bytes[])", bytes.fromhex(self._chain.rpc.call("eth_call", call, "latest")[2:])
        )
        return [
            Answer(decode_result(returns, data)) if ok else Answer(refusal=data[:4])
            for ok, data in zip(served, answers, strict=True)
        ]


@pytest.fixture(scope="module")
def harness(chain: ForkChain, attacker: Any) -> Harness:
    """Deployed by anybody, from the build that Ape makes of it."""
    return Harness(chain, attacker.deploy(ape.project.WeightModelHarness).address)


def numbers(model: WeightModel) -> tuple[int, ...]:
    """The struct as the contract holds it."""
    return (
        model.default_c_score,
        model.score_amplifier_bps,
        model.min_max_bps,
        model.max_bps,
        model.diversification_factor_bps,
    )


def drawn() -> Iterator[list[WeightVector]]:
    """The vectors of this run, as many at a time as one call answers; new ones in a deep run."""
    source = random.Random(random.SystemRandom().getrandbits(64) if is_deep() else 11)
    vectors = (draw(source) for _ in range(VECTORS))
    while batch := list(islice(vectors, IN_ONE_CALL)):
        yield batch


def test_weights_and_amounts_of_drawn_vectors(harness: Harness) -> None:
    for vectors in drawn():
        models = [(numbers(vector.model), vector.c_scores, vector.total_amount) for vector in vectors]
        weighed = harness.ask([encode_call(WEIGHTS, *asked[:2]) for asked in models], "(uint256[],uint256)")
        shared = harness.ask([encode_call(BY_MODEL, *asked) for asked in models], "(uint256[],uint256)")
        for vector, weights, allocations in zip(vectors, weighed, shared, strict=True):
            assert weights.values == _pair(vector.model.target_weights(vector.c_scores)), vector
            ours = vector.model.target_allocations(vector.c_scores, vector.total_amount)
            assert allocations.values == _pair(ours), vector


def test_amounts_under_a_ready_cap(harness: Harness) -> None:
    for vectors in islice(drawn(), 5):
        asked = [
            (vector.c_scores, vector.total_amount, vector.model.max_bps, vector.model.score_amplifier_bps)
            for vector in vectors
        ]
        answers = harness.ask([encode_call(BY_CAP, *each) for each in asked], "(uint256[],uint256)")
        for each, answer in zip(asked, answers, strict=True):
            assert answer.values == _pair(target_allocations(*each)), each


def _pair(result: Weights | Allocations) -> tuple[tuple[int, ...], int]:
    if isinstance(result, Weights):
        return result.weights_wad, result.idle_wad
    return result.amounts, result.idle


def test_caps_of_any_number_of_pools(harness: Harness) -> None:
    for vectors in islice(drawn(), 5):
        asked = [(numbers(vector.model), len(vector.c_scores) - 1) for vector in vectors]
        answers = harness.ask(
            [encode_call(f"maxWeight({MODEL},uint256)", *each) for each in asked], "(uint256)"
        )
        for vector, (_, pools), answer in zip(vectors, asked, answers, strict=True):
            assert answer.values == (vector.model.max_weight_wad(pools),), (vector.model, pools)


def test_c_scores_and_their_refusals(harness: Harness) -> None:
    source = random.Random(5)
    highs = (0, 1, 9_999, 10_000, 10_001, 65_535)
    threes = [tuple(source.choice(highs) for _ in range(3)) for _ in range(200)]
    threes += [tuple(source.randint(0, 10_000) for _ in range(3)) for _ in range(IN_ONE_CALL)]
    calls = [encode_call("cScore(uint16,uint16,uint16)", *three) for three in threes]
    for three, answer in zip(threes, harness.ask(calls, "(uint16)"), strict=True):
        assert answer == _expected(lambda three=three: (c_score(*three),), SCORE_TOO_HIGH), three


def test_models_that_python_refuses_are_refused_on_chain(harness: Harness) -> None:
    source = random.Random(6)
    edges = (0, 1, 9_999, 10_000, 10_001, 65_535)
    models = [tuple(source.choice(edges) for _ in range(5)) for _ in range(IN_ONE_CALL)]
    calls = [encode_call(f"validate({MODEL})", model) for model in models]
    for model, answer in zip(models, harness.ask(calls, "()"), strict=True):
        assert bool(answer.refusal) == bool(_expected(lambda m=model: _as_model(m), b"refused").refusal), (
            model
        )


def _as_model(values: tuple[int, ...]) -> tuple[()]:
    score, amplifier, min_max, most, diversification = values
    WeightModel(
        default_c_score=score,
        score_amplifier_bps=amplifier,
        min_max_bps=min_max,
        max_bps=most,
        diversification_factor_bps=diversification,
    )
    return ()


def test_scores_and_caps_that_python_refuses_are_refused_on_chain(harness: Harness) -> None:
    asked: list[tuple[tuple[int, ...], int, int, int]] = [
        ((10_001,), 1, 5_000, 10_000),
        ((5, 65_535, 5), UINT256_MAX, 5_000, 15_000),
        ((5,), 1, 0, 10_000),
        ((5,), 1, 10_001, 10_000),
        ((5,), 1, 5_000, 0),
        ((), 9, 5_000, 10_000),
    ]
    answers = harness.ask([encode_call(BY_CAP, *each) for each in asked], "(uint256[],uint256)")
    errors = ("ScoreTooHigh(uint256,uint256)",) * 2 + ("InvalidMaxWeight(uint256,uint256)",) * 2
    expected = [selector_of(error) for error in (*errors, "ScoreAmplifierZero()")]
    assert [answer.refusal for answer in answers] == [*expected, b""]
    for each, answer in zip(asked, answers, strict=True):
        ours = _expected(lambda each=each: _pair(target_allocations(*each)), b"refused")
        assert bool(ours.refusal) == bool(answer.refusal), each


def _expected(ask: Callable[[], tuple[Any, ...]], refusal: bytes) -> Answer:
    try:
        return Answer(ask())
    except SteelyardError:
        return Answer(refusal=refusal)


def test_presets_are_those_of_the_contract(harness: Harness) -> None:
    (models,) = harness.ask([encode_call("models()")], f"({MODEL}[3])")
    assert models.values == (tuple(numbers(model) for model in (DEFAULT, CONSERVATIVE, AGGRESSIVE)),)


def test_most_pools_under_the_costliest_model_fit_into_a_block(harness: Harness) -> None:
    # Ascending, each over the cap only once all better ones are cut: most rounds over most pools.
    scores = [10_000 * 2**at // 2**MOST_POOLS or 1 for at in range(MOST_POOLS)]
    model = WeightModel(score_amplifier_bps=15_001, min_max_bps=0, diversification_factor_bps=65_535)
    call = encode_call(f"gasOf{BY_MODEL[0].upper()}{BY_MODEL[1:]}", numbers(model), scores, UINT256_MAX)
    (answer,) = harness.ask([call], "(uint256)")
    assert answer.values[0] < 500_000
