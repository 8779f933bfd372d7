"""Downloads are the bytes that upstream serves, and come by https where they begin with https."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificate_authority import CertificateAuthority

from .artifacts_server import Upstream
from .fetch_host import CONTENT, PATH, Host, assert_untouched

ARCHIVE = gzip.compress(CONTENT)
ARCHIVE_SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path)


@pytest.fixture
def secure(authority: CertificateAuthority) -> Iterator[Upstream]:
    with Upstream(tls=authority.issue("127.0.0.1")) as server:
        yield server


def test_a_tgz_that_a_proxy_calls_gzip_is_installed_as_it_is(host: Host, upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text("compressed\n")
    url = upstream.put(PATH, ARCHIVE, headers={"Content-Encoding": "gzip"})
    ran = host.fetch(url, sha256=ARCHIVE_SHA256, HOME=str(tmp_path))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert host.dest.read_bytes() == ARCHIVE
    assert set(upstream.encodings) == {"identity"}


def test_follows_a_redirect_from_https_to_https(host: Host, secure: Upstream, authority: CertificateAuthority) -> None:
    elsewhere = secure.put("elsewhere", CONTENT)
    url = secure.put(PATH, b"", location=elsewhere)
    ran = host.fetch(url, CURL_CA_BUNDLE=str(authority.certificate))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert host.dest.read_bytes() == CONTENT


def test_a_redirect_never_leaves_https(
    host: Host, secure: Upstream, upstream: Upstream, authority: CertificateAuthority
) -> None:
    url = secure.put(PATH, b"", location=upstream.put("elsewhere", CONTENT))
    ran = host.fetch(url, CURL_CA_BUNDLE=str(authority.certificate))
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"underlay: {url}: the server redirects from https to something else (tried 1 times)")
    assert upstream.requested == []
    assert_untouched(host)
