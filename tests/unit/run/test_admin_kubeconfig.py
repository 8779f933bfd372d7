"""The administrator's kubeconfig on the controller: when it is fetched again."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.unit.certificate_lines import DAY, YEAR, pem
from underlay.run.admin_kubeconfig import is_outdated


def kubeconfig(path: Path, *, left: timedelta) -> Path:
    shown = base64.b64encode(pem(end=datetime.now(UTC) + left, life=YEAR)).decode()
    user = {"name": "kubernetes-admin", "user": {"client-certificate-data": shown, "client-key-data": "a2V5"}}
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "users": [user]}))
    return path


@pytest.mark.parametrize(("left", "outdated"), [(31 * DAY, False), (29 * DAY, True), (-DAY, True)])
def test_it_is_fetched_again_once_its_certificate_was_renewed(tmp_path: Path, left: timedelta, outdated: bool) -> None:
    assert is_outdated(kubeconfig(tmp_path / "kubeconfig", left=left)) is outdated


@pytest.mark.parametrize("text", ["", "users: []", "users: [{user: {token: x}}]", "{"])
def test_one_without_a_certificate_is_fetched(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    assert is_outdated(path)
    path.write_text(text)
    assert is_outdated(path)
