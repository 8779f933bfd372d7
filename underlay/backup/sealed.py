"""Encryption of a backup, in the format of age (https://age-encryption.org/v1): `age --decrypt` reads it, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyrage

Recipient = pyrage.x25519.Recipient | pyrage.ssh.Recipient
Identity = pyrage.x25519.Identity | pyrage.ssh.Identity

_MAGIC = b"age-encryption.org/v1\n"
_BY_PASSPHRASE = b"-> scrypt "
_SSH = ("ssh-ed25519 ", "ssh-rsa ")


def recipients(words: Sequence[str]) -> list[Recipient]:
    """Those of public keys (age1…, ssh-ed25519, ssh-rsa), or of files with one on each line.

    :raises ValueError: with the word that is none.
    """
    return [_recipient(line) for word in words for line in _lines(word)]


def identities(files: Iterable[Path]) -> list[Identity]:
    """Those in files: private keys of age (AGE-SECRET-KEY-1…), or one of OpenSSH without a passphrase.

    :raises ValueError: with the file that has none, or cannot be read.
    """
    found: list[Identity] = []
    for file in files:
        try:
            found += _read_identity(file.read_bytes())
        except OSError as error:
            raise ValueError(f"{file} cannot be read ({error.strerror})") from None
        except (pyrage.IdentityError, UnicodeDecodeError) as error:
            raise ValueError(
                f"{file}: no private key of age, nor one of OpenSSH without a passphrase ({error})"
            ) from None
    return found


def seal(data: bytes, to: Sequence[Recipient] | str) -> bytes:
    """Encrypt to recipients, or by a passphrase."""
    return pyrage.passphrase.encrypt(data, to) if isinstance(to, str) else pyrage.encrypt(data, list(to))


def by_passphrase(sealed: bytes) -> bool:
    """Whether it is a passphrase that opens it.

    :raises ValueError: when it was not encrypted by age.
    """
    if not sealed.startswith(_MAGIC):
        raise ValueError("it is no file of age")
    return sealed.removeprefix(_MAGIC).startswith(_BY_PASSPHRASE)


def unseal(sealed: bytes, by: Sequence[Identity] | str) -> bytes:
    """Decrypt by identities, or by a passphrase.

    :raises ValueError: when none of them opens it, or it is damaged.
    """
    try:
        return pyrage.passphrase.decrypt(sealed, by) if isinstance(by, str) else pyrage.decrypt(sealed, list(by))
    except pyrage.DecryptError as error:
        raise ValueError(f"it cannot be decrypted ({error})") from None


def _lines(word: str) -> list[str]:
    if word.startswith(("age1", *_SSH)):
        return [word]
    try:
        lines = [line.strip() for line in Path(word).read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{word} is no public key (age1…, ssh-ed25519, ssh-rsa), and no file of such") from None
    return [line for line in lines if line and not line.startswith("#")]


def _recipient(line: str) -> Recipient:
    kind: Callable[[str], Recipient] = (
        pyrage.ssh.Recipient.from_str if line.startswith(_SSH) else pyrage.x25519.Recipient.from_str
    )
    try:
        return kind(line)
    except pyrage.RecipientError as error:
        raise ValueError(f"{line[:40]} is no public key of age or OpenSSH ({error})") from None


def _read_identity(data: bytes) -> list[Identity]:
    if b"-----BEGIN" in data:
        return [pyrage.ssh.Identity.from_buffer(data)]
    lines = [line.strip() for line in data.decode().splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise pyrage.IdentityError("it is empty")
    return [pyrage.x25519.Identity.from_str(key) for key in keys]
