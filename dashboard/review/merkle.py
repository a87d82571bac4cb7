"""A Merkle tree over the events: one root for all, short proofs that one is in it and that nothing was rewritten.

A leaf's hash is SHA-256(00 || leaf), a node's SHA-256(01 || left || right); of nothing, SHA-256 of nothing.
Source: RFC 6962, section 2.1; how proofs are checked: RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from dashboard.errors import EvenhandError

EMPTY = sha256(b"").digest()


class Frontier:
    """A tree that grows by one leaf at a time and keeps the roots of its perfect parts only: some 17 for 100,000."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []  # of falling size; the bits of `size` say which sizes

    def add(self, leaf: bytes) -> None:
        """Does append a leaf, given as its bytes."""
        merged, bits = leaf_hash(leaf), self.size
        while bits & 1:
            merged, bits = node_hash(self._parts.pop(), merged), bits >> 1
        self._parts.append(merged)
        self.size += 1

    def root(self) -> bytes:
        """Returns the root of what was added so far."""
        if not self._parts:
            return EMPTY
        found = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            found = node_hash(part, found)
        return found


def leaf_hash(leaf: bytes) -> bytes:
    """Returns the hash that stands for a leaf's bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of two neighbours."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Returns the root over the leaves' bytes.

    >>> root([]).hex()[:8], root([b""]).hex()[:8]
    ('e3b0c442', '6e340b9c')
    """
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Returns the proof that the leaf at `index` (from 0) is in the tree: the siblings on its way up, lowest first."""
    if not 0 <= index < len(leaves):
        raise EvenhandError(f"There is no event at place {index + 1}", f"The record holds {len(leaves):,} events")
    proof = []
    for level in _levels(leaves)[:-1]:
        if index ^ 1 < len(level):
            proof.append(level[index ^ 1])
        index >>= 1
    return proof


def consistency(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Returns the proof that the tree of the first `old_size` leaves is the beginning of this one.

    It is empty where nothing was added, and from nothing: whatever is there follows from nothing.
    """
    if not 0 <= old_size <= len(leaves):
        raise EvenhandError(
            f"The older checkpoint counts {old_size:,} events, the record holds {len(leaves):,}",
            "A record only grows: events were cut off, or the checkpoint is of another record",
        )
    if old_size == 0:
        return []
    levels, proof = _levels(leaves), []
    low, high, whole = 0, len(leaves), True
    while old_size - low != high - low:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if old_size <= middle:
            proof.append(_part(levels, middle, high))
            high = middle
        else:
            proof.append(_part(levels, low, middle))
            low, whole = middle, False
    if not whole:  # else it is the old root itself, which who checks has already
        proof.append(_part(levels, low, high))
    return proof[::-1]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Returns whether the proof leads from a leaf's bytes, at a place in a tree of that size, to the root."""
    if not 0 <= index < size:
        return False
    found, last = leaf_hash(leaf), size - 1
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            found = node_hash(sibling, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and found == root


def consistent(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Returns whether the proof shows that the new tree begins with the old one, unchanged."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size in (0, new_size):
        return not proof and old_root == (new_root if old_size else EMPTY)
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        return False
    index, last = old_size - 1, new_size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, part)
        index, last = index >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Returns the tree from its leaves' hashes up to its root; one without a neighbour goes up as it is."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)]
        levels.append(above + below[len(above) * 2 :])
    return levels


def _part(levels: Sequence[Sequence[bytes]], low: int, high: int) -> bytes:
    """Returns the root of leaves low to high: a perfect part of the tree, or its right edge."""
    height = (high - low - 1).bit_length()
    return levels[height][low >> height]
