"""Pseudonyms hold within one release and never across two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.releases.privacy import Pseudonyms

MASTER = bytes(range(32))


def test_one_person_has_one_name_within_a_release():
    names = Pseudonyms.of_a_new_shard()

    assert names.name("voter", "ada") == names.name("voter", "ada")


def test_one_person_has_unrelated_names_in_two_releases():
    march = Pseudonyms.of_a_new_shard().name("voter", "ada")
    april = Pseudonyms.of_a_new_shard().name("voter", "ada")

    shared_bits = 128 - (int(march, 16) ^ int(april, 16)).bit_count()
    assert 32 < shared_bits < 96  # as two random names; fewer has odds below 1 in 10**8


@given(st.text(), st.text())
def test_two_values_or_two_kinds_never_share_a_name(one, other):
    names = Pseudonyms(MASTER)

    assert (names.name("voter", one) == names.name("voter", other)) == (one == other)
    assert names.name("voter", one) != names.name("battle", one)


def test_a_kind_and_a_value_cannot_run_into_another_pair():
    names = Pseudonyms(MASTER)

    assert names.name("a", "bc") != names.name("ab", "c")
    with pytest.raises(ValueError, match="kind"):
        names.name("a\0b", "c")


def test_a_name_has_at_least_80_bits():
    assert len(Pseudonyms(MASTER).name("voter", "ada")) * 4 >= 80


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="31 bytes"):
        Pseudonyms(bytes(31))


def test_the_key_does_not_show_in_a_log_line():
    assert MASTER.hex() not in repr(Pseudonyms(MASTER))
    assert repr(MASTER) not in repr(Pseudonyms(MASTER))
