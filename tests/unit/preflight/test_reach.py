"""What a host finds when it tries the names that it will download from, as findings: real servers, curl, a real proxy."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificate_authority import CertificateAuthority
from tests.tiny_proxy import PROGRAM, TinyProxy
from tests.unit.artifacts.artifacts_server import Upstream
from underlay.artifacts.reachability import NO_CURL, reach_script
from underlay.findings.finding import accept
from underlay.preflight.reach_findings import Reply, one_of_each_name, reach_findings, read_replies

REMEDY = "let the firewall pass it, name a `proxy` in the inventory, or take a mirror or a bundle as artifacts.source"
SHUT = "http://127.0.0.1:1/kubeadm"
REPOSITORY = "v2/pause"
MANIFEST = f"{REPOSITORY}/manifests/3.10.2"
INDEXED, CONFIGURED = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
LAYER = f"sha256:{'3' * 64}"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def reached(*urls: str, **environment: str) -> list[str]:
    """The lines of the findings of a host, w-1."""
    known = {"PATH": os.environ["PATH"], "no_proxy": ""} | environment
    ran = subprocess.run(
        ["sh", "-s"], input=reach_script(urls, limit=2), env=known, capture_output=True, text=True, check=True
    )
    replies = read_replies(urls, ran.stdout.splitlines())
    assert set(replies) == set(urls), ran.stdout + ran.stderr
    return [f.line for f in reach_findings({"w-1": replies}, limit=2)]


def test_what_can_be_had_is_no_finding_and_is_not_downloaded(upstream: Upstream) -> None:
    url = upstream.put("elsewhere", b"x" * 10**7, ranges=False)
    assert reached(upstream.put("file", b"", location=url), url) == []
    assert reached(upstream.put("small", b"x")) == []


def test_a_name_that_does_not_resolve_is_told() -> None:
    assert reached("https://no.such.invalid/kubeadm") == [
        f"w-1: no.such.invalid does not resolve; correct the host's name servers, or {REMEDY}"
    ]


def test_a_refused_connection_is_told() -> None:
    assert reached(SHUT) == [f"w-1: 127.0.0.1 is not reached (127.0.0.1 port 1: Connection refused); {REMEDY}"]


def test_the_target_of_a_redirect_is_what_is_told(upstream: Upstream) -> None:
    url = upstream.put("kubeadm", b"", location="http://localhost:1/kubeadm")
    assert reached(url) == [
        "w-1: localhost, where 127.0.0.1 redirects to, is not reached (localhost port 1: Connection refused); " + REMEDY
    ]


def test_silence_is_told_within_the_limit() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert reached(url) == [f"w-1: 127.0.0.1 gave no answer within 2 s; {REMEDY}"]


def test_a_certificate_that_is_not_trusted_is_told_and_one_that_is_is_not(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    with Upstream(tls=authority.issue("127.0.0.1")) as server:
        url = server.put("kubeadm", b"x")
        (line,) = reached(url)
        assert line.startswith("w-1: 127.0.0.1 is not trusted (SSL certificate problem: ")
        assert "/usr/local/share/ca-certificates and run update-ca-certificates" in line
        assert reached(url, CURL_CA_BUNDLE=str(authority.certificate)) == []


def test_a_missing_file_and_a_refusal_are_told(upstream: Upstream) -> None:
    upstream.put("denied", b"x", status=403)
    assert reached(f"{upstream.url}/none") == [
        "w-1: 127.0.0.1 does not have /none; see whether that version was published, or copied to the mirror"
    ]
    (line,) = reached(f"{upstream.url}/denied")
    assert line.startswith("w-1: 127.0.0.1 answered 403 for /denied; see who answers there")


def registry(upstream: Upstream, *, wants: str | None = None, blobs: str | None = None) -> str:
    """An image of a registry, as an index; its blobs may be elsewhere."""
    index = {"schemaVersion": 2, "manifests": [{"digest": INDEXED, "size": 7}]}
    image = {"schemaVersion": 2, "config": {"digest": CONFIGURED}, "layers": [{"digest": LAYER}]}
    upstream.put("token", b'{"token": "abc"}')
    upstream.put(f"{REPOSITORY}/manifests/{INDEXED}", json.dumps(image).encode(), wants=wants)
    upstream.put(f"{REPOSITORY}/blobs/{CONFIGURED}", b"{}", wants=wants, location=blobs)
    return upstream.put(MANIFEST, json.dumps(index, indent=2).encode(), wants=wants)


@pytest.mark.parametrize("wants", [None, "abc"])
def test_an_image_is_followed_to_where_its_registry_has_blobs(upstream: Upstream, wants: str | None) -> None:
    assert reached(registry(upstream, wants=wants)) == []
    assert upstream.requested[-1][0] == f"/{REPOSITORY}/blobs/{CONFIGURED}"
    assert reached(registry(upstream, wants=wants, blobs="http://localhost:1/blob")) == [
        "w-1: localhost, where 127.0.0.1 redirects to, is not reached (localhost port 1: Connection refused); " + REMEDY
    ]


def test_a_registry_that_wants_a_user_is_reached(upstream: Upstream) -> None:
    upstream.put(MANIFEST, b"", status=401)
    assert reached(f"{upstream.url}/{MANIFEST}") == []


@pytest.mark.skipif(PROGRAM is None, reason="no tinyproxy is installed (Debian: apt install tinyproxy)")
def test_what_a_proxy_lets_through_is_reached_and_what_it_denies_is_told(upstream: Upstream, tmp_path: Path) -> None:
    url = upstream.put("kubeadm", b"x")
    with TinyProxy(tmp_path, allowed=("^127[.]0[.]0[.]1$",)) as proxy:
        assert reached(url, http_proxy=proxy.url) == []
        assert "GET http://127.0.0.1:" in proxy.log
        assert reached("https://dl.k8s.io/kubeadm", https_proxy=proxy.url) == [
            "w-1: dl.k8s.io is not reached: the proxy answered 403; have the proxy pass it, or take a mirror or a bundle"
        ]
    with TinyProxy(tmp_path, login="me secret") as proxy:
        assert reached("https://dl.k8s.io/kubeadm", https_proxy=proxy.url) == [
            "w-1: dl.k8s.io is not reached: the proxy answered 407; put a user and a password into `proxy`, or take a "
            "mirror or a bundle"
        ]


def test_a_proxy_that_is_not_there_is_named() -> None:
    (line,) = reached("https://dl.k8s.io/kubeadm", https_proxy="http://127.0.0.1:1")
    assert line.startswith("w-1: dl.k8s.io is not reached (127.0.0.1 port 1: Connection refused); ")


def test_many_hosts_are_one_finding_whatever_time_it_took() -> None:
    def failed(took: int) -> dict[str, Reply]:
        error = f"Failed to connect to ghcr.io port 443 after {took} ms: Couldn't connect to server: No route to host"
        return {"https://ghcr.io/v2/x/manifests/1": Reply(7, 0, 0, "https://ghcr.io/v2/x/manifests/1", error)}

    found = accept(reach_findings({"w-1": failed(3), "w-2": failed(12)}, limit=8), {})
    assert [f.line for f in found] == [
        f"w-1 and w-2: ghcr.io is not reached (ghcr.io port 443: No route to host); {REMEDY}"
    ]


def test_of_each_name_one_url_is_tried() -> None:
    urls = ("https://a/1", "https://a/2", "https://b/1")
    assert one_of_each_name(urls) == ("https://a/1", "https://b/1")


def test_without_curl_that_is_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    ran = subprocess.run(
        ["/bin/sh", "-s"],
        input=reach_script(["https://a/"]),
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"{NO_CURL}\n"
