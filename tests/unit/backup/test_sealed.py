"""Backups are files of age: whoever has the key or the passphrase opens them, and nobody else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from underlay.backup.sealed import by_passphrase, identities, recipients, seal, unseal

# As age-keygen writes it (https://github.com/FiloSottile/age#readme).
KEY = pyrage.x25519.Identity.generate()
KEY_FILE = f"# created: 2026-12-01T09:30:00Z\n# public key: {KEY.to_public()}\n{KEY}\n"
DATA = b"every secret of the cluster"


def ssh_key(directory: Path) -> tuple[Path, str]:
    """A key as `ssh-keygen -t ed25519` writes it, and its public half."""
    key = Ed25519PrivateKey.generate()
    path = directory / "id_ed25519"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return path, f"{key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} admin@site"


def test_any_of_the_recipients_opens_it(tmp_path: Path) -> None:
    path, public = ssh_key(tmp_path)
    (tmp_path / "key.txt").write_text(KEY_FILE)
    sealed = seal(DATA, recipients([str(KEY.to_public()), public]))
    assert not by_passphrase(sealed)
    assert DATA not in sealed
    assert unseal(sealed, identities([path])) == unseal(sealed, identities([tmp_path / "key.txt"])) == DATA
    with pytest.raises(ValueError, match="it cannot be decrypted"):
        unseal(sealed, [pyrage.x25519.Identity.generate()])


def test_public_keys_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.pub"
    file.write_text(f"# the operators'\n{KEY.to_public()}\n\n{ssh_key(tmp_path)[1]}\n")
    assert len(recipients([str(file)])) == 2


def test_a_passphrase_opens_what_it_has_closed() -> None:
    sealed = seal(DATA, "correct horse")
    assert by_passphrase(sealed)
    assert unseal(sealed, "correct horse") == DATA
    with pytest.raises(ValueError, match="it cannot be decrypted"):
        unseal(sealed, "battery staple")


def test_one_that_was_cut_short_is_not_opened() -> None:
    sealed = seal(DATA, [KEY.to_public()])
    with pytest.raises(ValueError, match="it cannot be decrypted"):
        unseal(sealed[:-1], [KEY])
    with pytest.raises(ValueError, match="it is no file of age"):
        by_passphrase(b"\x1f\x8b")


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_age_itself_opens_it(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text(KEY_FILE)
    (tmp_path / "sealed").write_bytes(seal(DATA, [KEY.to_public()]))
    done = subprocess.run(["age", "-d", "-i", "key.txt", "sealed"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == DATA


@pytest.mark.parametrize("word", ["age1qqqq", "ssh-ed25519 AAAA", "no/such/file", pytest.param(str(KEY), id="private")])
def test_what_is_no_public_key_is_named(word: str) -> None:
    with pytest.raises(ValueError, match="is no public key"):
        recipients([word])


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1QQ\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n"])
def test_what_is_no_private_key_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(ValueError, match="no private key of age"):
        identities([file])
    with pytest.raises(ValueError, match="cannot be read"):
        identities([tmp_path / "none"])
