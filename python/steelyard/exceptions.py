"""Every error of Steelyard. The type is the verdict.

::

    SteelyardError
    |-- RetryError            passing trouble; the same step may be tried again as it is
    |   |-- RpcUnavailable        the node did not answer, or not in time
    |   |-- RpcInconsistent       the node contradicts itself or the chain we know
    |   |-- DeliveryUnknown       nobody said for certain whether a transaction was taken
    |   `-- StoreBusy             the database is locked by somebody else
    |-- SkipError             this pool, candidate or plan is off; the keeper goes on with the rest
    |   |-- InvalidPlan           a plan contradicts itself
    |   |-- InvalidRequest        a request to be relayed contradicts itself, or is not its signer's
    |   |-- InvalidAllocation     scores or an amount that cannot be shared out
    |   |-- QuoteError            a pool cannot serve this amount
    |   |-- TokenUnusable         a token lacks what we must know of it (decimals)
    |   |-- NoLoanProvider        no flash-loan protocol lends the asset in this amount
    |   |-- UnsupportedProtocol   there is no such flash-loan protocol, or no such version of it
    |   |-- SimulationReverted    the chain said that the plan would revert
    |   |-- GasRetriesExhausted   the node refused every price that we were ready to pay
    |   |-- DeliveryRefused       whoever was handed a transaction refused it for certain
    |   `-- DuplicateIntent       this very plan is in the journal already
    `-- StopError             no new risk until the operator has looked
        |-- ConfigError           the configuration is wrong
        |-- WrongChain            the node serves another chain than configured
        |-- KeyUnavailable        the signing key cannot be had
        |-- InsufficientGasFunds  the keeper cannot pay for gas
        |-- LimitReached          a risk limit is reached
        |-- KillSwitch            the kill file is there
        |-- StoreUnavailable      the database cannot be written: disk full, no rights, damaged
        |-- RecordingUnknown      the file is no recording, or one that a newer program wrote
        |-- RecordingDamaged      a recording's bytes or values contradict themselves
        |-- JournalConflict       the journal is asked for a step that contradicts what it holds
        |-- AlreadyRunning        another keeper uses the same database or key
        |-- RpcRejected           the node understood the request and refuses it
        |-- RelaysShut            every private relay refuses to serve us
        `-- PrerequisiteMissing   something the command needs is not installed or not running

A loop needs three ``except`` clauses and no table of messages.
"""

from __future__ import annotations


class SteelyardError(Exception):
    """Base of all errors that Steelyard raises on purpose."""


class RetryError(SteelyardError):
    """Passing trouble: the same step may be tried again as it is."""


class SkipError(SteelyardError):
    """This item is off; the rest goes on."""


class StopError(SteelyardError):
    """No new risk until the operator has looked."""


class RpcUnavailable(RetryError):
    """The node did not answer, or not in time."""


class RpcInconsistent(RetryError):
    """The node contradicts itself, or the chain that we know."""


class DeliveryUnknown(RetryError):
    """Nobody said for certain whether a transaction was taken: unknown is not failed."""


class StoreBusy(RetryError):
    """The database is locked by somebody else."""


class InvalidPlan(SkipError):
    """A plan contradicts itself; the message names the field."""


class InvalidRequest(SkipError):
    """A request to be relayed contradicts itself or is not its signer's; the message says what is wrong."""


class InvalidAllocation(SkipError, ValueError):
    """Scores or an amount that cannot be shared out; the message names the one that is wrong."""


class QuoteError(SkipError):
    """A pool cannot serve this amount."""


class TokenUnusable(SkipError):
    """A token lacks what we must know of it."""


class NoLoanProvider(SkipError, ValueError):
    """No flash-loan protocol lends the asset in this amount: no provider."""


class UnsupportedProtocol(SkipError, ValueError):
    """There is no such flash-loan protocol, no such version of it, or the plan is for another."""


class SimulationReverted(SkipError):
    """The chain said that the plan would revert.

    Attributes:
        reason: the decoded custom error or revert string.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"simulation reverted: {reason}")
        self.reason = reason


class GasRetriesExhausted(SkipError):
    """The node refused every price that we were ready to pay; the transaction stays as it is."""


class DeliveryRefused(SkipError):
    """Whoever was handed the transaction refused it for certain; it is nowhere."""


class DuplicateIntent(SkipError):
    """This very plan is in the journal already; same intent, same id."""


class ConfigError(StopError):
    """The configuration is wrong; the message names the key and what would be right."""


class WrongChain(StopError):
    """The node serves another chain than the one configured."""


class KeyUnavailable(StopError):
    """The signing key cannot be had."""


class InsufficientGasFunds(StopError):
    """The keeper's account cannot pay for gas."""


class LimitReached(StopError):
    """A risk limit is reached."""


class KillSwitch(StopError):
    """The kill file is there."""


class StoreUnavailable(StopError):
    """The database cannot be written."""


class RecordingUnknown(StopError):
    """The file is no recording of decisions, or one in a format of another program's."""


class RecordingDamaged(StopError):
    """A recording's bytes or values contradict themselves; the message names the line."""


class JournalConflict(StopError):
    """The journal is asked for a step that contradicts what it holds; nothing was written."""


class AlreadyRunning(StopError):
    """Another keeper uses the same database or key; the message names its process."""


class RpcRejected(StopError):
    """The node understood the request and refuses it.

    Attributes:
        code: JSON-RPC error code.
        data: the error's ``data`` member (revert data for a call), or None.
    """

    def __init__(self, message: str, *, code: int, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class RelaysShut(StopError):
    """Every private relay refuses to serve us: a wrong address, key or method; nothing was taken."""


class PrerequisiteMissing(StopError):
    """Something that the command needs is not installed or not running."""
