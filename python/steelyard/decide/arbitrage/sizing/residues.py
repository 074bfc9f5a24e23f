"""Which members of an arithmetic progression leave a small remainder: found by Euclid's steps, not by trying.

Between two coarse tokens a route earns well only where a whole unit of the one buys almost exactly a whole
unit of the other. Along a tangent that is a question about remainders, and a million units are searched in
the time of a few dozen quotes.
"""

from __future__ import annotations


def first_in_range(factor: int, modulus: int, low: int, high: int, most: int) -> int | None:
    """Return the least ``n`` in ``0..most`` with ``low <= factor*n % modulus <= high``, None without one.

    Needs ``0 <= factor < modulus`` and ``0 <= low <= high < modulus``. Each level of the recursion halves the
    modulus at least: where no multiple of ``factor`` lies in the range before the first wrap, the number of
    wraps is the answer to the same question modulo ``factor``.
    """
    if low == 0:
        return 0
    if most <= 0 or factor == 0:
        return None
    if 2 * factor > modulus:
        factor, low, high = modulus - factor, modulus - high, modulus - low
    first = -(-low // factor)  # up: the first multiple that is not below the range
    if first * factor <= high:
        return first if first <= most else None
    # Down: a wrap more would need more than ``most`` steps.
    wraps = (factor * most - low) // modulus
    found = first_in_range(-modulus % factor, factor, low % factor, high % factor, wraps)
    if found is None:
        return None
    first = -(-(low + modulus * found) // factor)
    return first if first <= most else None


def next_small_residue(factor: int, offset: int, modulus: int, most: int, count: int) -> int | None:
    """Return the least ``n`` in ``0..count-1`` with ``(factor*n + offset) % modulus <= most``, or None."""
    if most < 0:
        return None
    start = offset % modulus
    if start <= most:
        return 0
    low = modulus - start
    return first_in_range(factor % modulus, modulus, low, low + most, count - 1)
