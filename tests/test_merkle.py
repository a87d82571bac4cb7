"""The tree over the events: the published roots; every proof verifies, and none that was changed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import EvenhandError
from dashboard.review import merkle, verifier

# The leaves and roots of the Certificate Transparency reference implementation's tests, 1 to 8 leaves.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

trees = st.lists(st.binary(max_size=3), min_size=1, max_size=40)


def plain_root(leaves: list[bytes]) -> bytes:
    """Returns the root as RFC 6962 defines it, by recursion."""
    if len(leaves) < 2:
        return merkle.leaf_hash(leaves[0]) if leaves else merkle.EMPTY
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return merkle.node_hash(plain_root(leaves[:half]), plain_root(leaves[half:]))


def flipped(proof: list[bytes], bit: int) -> list[bytes]:
    """Returns the proof with one of its bits turned."""
    whole = bytearray(b"".join(proof))
    whole[bit // 8 % len(whole)] ^= 1 << bit % 8
    return [bytes(whole[i : i + 32]) for i in range(0, len(whole), 32)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_published_with_certificate_transparency(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size - 1]


@given(trees)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert merkle.root(leaves) == plain_root(leaves)
    assert merkle.root([]) == plain_root([])


@given(trees, st.data())
def test_every_inclusion_proof_verifies_and_no_other_place_leaf_or_bit_does(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    size, root, proof = len(leaves), merkle.root(leaves), merkle.inclusion(leaves, index)
    hashed = merkle.leaf_hash(leaves[index])
    assert merkle.included(leaves[index], index, size, proof, root)
    assert verifier.included(hashed, index, size, proof, root)
    wrong = [
        (leaves[index] + b"x", index, proof, root),
        (leaves[index], index, [*proof, root], root),
        (leaves[index], index, proof, merkle.leaf_hash(root)),
        (leaves[index], size, proof, root),
    ]
    if proof:
        wrong += [
            (leaves[index], index, flipped(proof, data.draw(st.integers(0, 10_000))), root),
            (leaves[index], index, proof[:-1], root),
        ]
    for leaf, place, path, top in wrong:
        assert not merkle.included(leaf, place, size, path, top)
        assert not verifier.included(merkle.leaf_hash(leaf), place, size, path, top)


@given(trees, st.data())
def test_every_consistency_proof_verifies_and_none_that_was_changed(leaves: list[bytes], data: st.DataObject) -> None:
    old_size = data.draw(st.integers(0, len(leaves)))
    old, new, size = merkle.root(leaves[:old_size]), merkle.root(leaves), len(leaves)
    proof = merkle.consistency(leaves, old_size)
    other = merkle.leaf_hash(old)
    for checked in (merkle.consistent, verifier.consistent):
        assert checked(old_size, old, size, new, proof)
        assert not checked(old_size, other, size, new, proof)
        assert not checked(old_size, old, size, new, [*proof, other])
        if old_size:
            assert not checked(old_size, old, size, other, proof)
        if proof:
            assert not checked(old_size, old, size, new, flipped(proof, data.draw(st.integers(0, 10_000))))
            assert not checked(old_size, old, size, new, proof[:-1])


@given(trees, st.data())
def test_a_rewritten_beginning_has_no_proof(leaves: list[bytes], data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, len(leaves)))
    place = data.draw(st.integers(0, old_size - 1))
    rewritten = [*leaves[:place], leaves[place] + b"!", *leaves[place + 1 :]]
    proof = merkle.consistency(rewritten, old_size)
    old, new = merkle.root(leaves[:old_size]), merkle.root(rewritten)
    assert not merkle.consistent(old_size, old, len(leaves), new, proof)
    assert not verifier.consistent(old_size, old, len(leaves), new, proof)


def test_what_is_not_there_has_no_proof_and_is_refused_in_words() -> None:
    with pytest.raises(EvenhandError, match="holds 3 events"):
        merkle.inclusion(LEAVES[:3], 3)
    with pytest.raises(EvenhandError, match="only grows"):
        merkle.consistency(LEAVES[:3], 4)


def test_a_hundred_thousand_events_take_well_under_two_seconds() -> None:
    leaves = [b"%d" % i for i in range(100_000)]
    began = time.process_time()
    root = merkle.root(leaves)
    inclusion, consistency = merkle.inclusion(leaves, 77_777), merkle.consistency(leaves, 65_537)
    taken = time.process_time() - began
    assert merkle.included(leaves[77_777], 77_777, len(leaves), inclusion, root)
    assert merkle.consistent(65_537, merkle.root(leaves[:65_537]), len(leaves), root, consistency)
    assert taken < 2
