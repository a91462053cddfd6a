import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import BadProof, KeyFileError
from peer.identity import (
    Identity,
    fingerprint,
    node_id_of,
    node_id_of_certificate,
    parse_node_id,
    public_key_of,
    transcript,
    verify,
)
from tests.mission import requirement

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX file modes")


@requirement("F1")
@posix_only
def test_the_key_is_made_once_for_its_owner_only_and_gives_the_node_id(tmp_path: Path) -> None:
    path = tmp_path / "data" / "node.key"
    made, read = Identity.load_or_create(path), Identity.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.node_id == read.node_id == node_id_of(read.public_key)
    assert len(made.node_id) == 52


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "node.key"
    Identity.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        Identity.load_or_create(path)


def test_a_key_file_that_is_none_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="5 bytes"):
        Identity.load_or_create(path)
    assert path.read_bytes() == b"short"


def test_a_certificate_names_its_key_and_nothing_else() -> None:
    identity = Identity.generate()
    der = identity.certificate().public_bytes(Encoding.DER)
    assert node_id_of_certificate(der) == identity.node_id
    assert identity.certificate().subject.rfc4514_string() == "CN=palaver"


@pytest.mark.parametrize(
    "curve", [b"\x71", b"\x6e", b"\x7f"], ids=["Ed448", "X25519", "one that nobody knows"]
)
def test_a_certificate_of_another_kind_of_key_is_nobodys(curve: bytes) -> None:
    der = Identity(b"a" * 32).certificate().public_bytes(Encoding.DER)
    ed25519 = b"\x06\x03\x2b\x65"
    assert node_id_of_certificate(der.replace(ed25519 + b"\x70", ed25519 + curve)) is None


@given(st.binary())
def test_junk_is_nobodys_certificate(junk: bytes) -> None:
    assert node_id_of_certificate(junk) is None


@given(st.binary(min_size=32, max_size=32))
def test_a_node_id_has_one_spelling(key: bytes) -> None:
    node_id = node_id_of(key)
    assert public_key_of(node_id) == key
    for other in (
        node_id.upper(),
        node_id + "=",
        node_id + "a",
        node_id[:-1],
        f" {node_id}",
        node_id[:-1] + "b",
    ):
        if other != node_id:
            with pytest.raises(ValueError, match="not a node id"):
                parse_node_id(other)


@given(st.text())
def test_text_that_is_no_node_id_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a node id"):
        parse_node_id(text)


@given(st.lists(st.binary()), st.lists(st.binary()))
def test_different_fields_never_make_the_same_transcript(one: list[bytes], other: list[bytes]) -> None:
    assert (transcript("label", *one) == transcript("label", *other)) == (one == other)


def test_a_signature_is_good_for_its_key_label_and_fields_only() -> None:
    identity, other = Identity.generate(), Identity.generate()
    signature = identity.sign("label", b"one", b"two")
    verify(identity.node_id, signature, "label", b"one", b"two")
    for node_id, label, fields in (
        (other.node_id, "label", (b"one", b"two")),
        (identity.node_id, "label2", (b"one", b"two")),
        (identity.node_id, "label", (b"onet", b"wo")),
    ):
        with pytest.raises(BadProof):
            verify(node_id, signature, label, *fields)


@requirement("F5")
def test_a_fingerprint_is_short_enough_to_read_aloud() -> None:
    identity = Identity(bytes(32))
    assert fingerprint(identity.node_id) == fingerprint(Identity(bytes(32)).node_id)
    groups = fingerprint(identity.node_id).split()
    assert [len(group) for group in groups] == [4] * 5
    assert "".join(groups).isdigit()
    assert fingerprint(Identity(bytes(31) + b"1").node_id) != fingerprint(identity.node_id)


def test_the_key_is_not_in_what_is_printed() -> None:
    assert repr(Identity(bytes(32))) == f"Identity({Identity(bytes(32)).node_id})"
