"""The lab's SSH keys: the client's, and each host's, generated here so that host keys are known from the start."""

from pathlib import Path

from underlay.files import write_whole
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab


def make(lab: Lab, at: LabPaths) -> None:
    """Generate the missing keys of a lab, and write the known_hosts file that pins them."""
    at.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("client", *(node.name for node in lab.nodes)):
        if not (at.keys / f"{name}.pub").exists():
            make_pair(at.keys / name, comment=f"{lab.name}/{name}")
    pins = [f"{node.address},{node.name} {public(at, node.name)}" for node in lab.nodes]
    write_whole(at.known_hosts, "".join(f"{pin}\n" for pin in pins))


def public(at: LabPaths, name: str) -> str:
    """Return a public key as `ssh-ed25519 AAAA…`."""
    return " ".join((at.keys / f"{name}.pub").read_text(encoding="utf-8").split()[:2])


def make_pair(path: Path, *, comment: str) -> None:
    """Generate an Ed25519 key at `path`, with its public key at `path`.pub."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - a tenth of a second, once a lab
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    shown = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    write_whole(path, private.decode(), mode=0o600)
    # Last: its presence means that the pair is complete.
    write_whole(path.with_suffix(".pub"), f"{shown.decode()} {comment}\n")
