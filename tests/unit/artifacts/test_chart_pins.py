"""The checksums of charts: found where a chart is published, kept in the lock file, required of upstream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from underlay.artifacts.chart_pins import pin_chart
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import ChartPin, Lock, read_lock, write_lock
from underlay.artifacts.source import open_source
from underlay.artifacts.trust import Wanted
from underlay.artifacts.upstream import chart_key

from .artifacts_server import Upstream
from .chart_samples import FILE, INDEX, KEY, MANIFEST, OCI, index, packed, sha256


def pin(published: Upstream, key: str = KEY) -> ChartPin:
    with httpx.Client(follow_redirects=True, timeout=1) as client:
        return pin_chart(client, f"{published.url}/m/", key)


def test_pins_a_chart_of_a_repository(published: Upstream) -> None:
    assert pin(published) == ChartPin(FILE, sha256(packed()))


def test_pins_a_chart_of_a_registry_that_requires_a_token(published: Upstream) -> None:
    digest = sha256(packed(version="v1.2.3+one"))
    assert pin(published, OCI) == ChartPin(f"registry.example/v2/charts/plugin/blobs/sha256:{digest}", digest)


def test_an_index_may_point_elsewhere_and_be_without_a_digest(published: Upstream) -> None:
    published.put(f"m/{INDEX}", index({"plugin": [{"version": "1.2.3", "urls": ["https://files.example/p.tgz"]}]}))
    published.put("m/files.example/p.tgz", packed())
    assert pin(published) == ChartPin("files.example/p.tgz", sha256(packed()))


def refused(published: Upstream, key: str = KEY) -> str:
    with pytest.raises(ArtifactError) as error:
        pin(published, key)
    assert "\n" not in str(error.value)
    return str(error.value).replace(published.url, "http://server")


KEPT = 'look at this machine\'s network and proxy, or name a mirror or a bundle as "source"'


@pytest.mark.parametrize(
    ("path", "behaviour", "message"),
    [
        (INDEX, {"status": 404}, f"http://server/m/{INDEX}: cannot be downloaded (HTTP status 404); {KEPT}"),
        (FILE, {"status": 404}, f"http://server/m/{FILE}: cannot be downloaded (HTTP status 404); {KEPT}"),
        (FILE, {"status": 503}, f"http://server/m/{FILE}: cannot be downloaded (HTTP status 503); {KEPT}"),
        (FILE, {"cut_after": 100}, f"http://server/m/{FILE}: cannot be downloaded (peer closed connection"),
        (FILE, {"stall_after": 100}, f"http://server/m/{FILE}: cannot be downloaded (timed out); {KEPT}"),
        (INDEX, {"stall_after": 10}, f"http://server/m/{INDEX}: cannot be downloaded (timed out); {KEPT}"),
        (MANIFEST, {"status": 500}, f"http://server/m/{MANIFEST}: cannot be downloaded (HTTP status 500); {KEPT}"),
        (MANIFEST, {"wants": "another"}, f"http://server/m/{MANIFEST}: cannot be downloaded (HTTP status 401); {KEPT}"),
    ],
)
def test_errors_of_a_server_name_the_url(
    published: Upstream, path: str, behaviour: dict[str, Any], message: str
) -> None:
    content = published.files[f"/m/{path}"]
    published.put(f"m/{path}", content, **behaviour)
    assert refused(published, OCI if path == MANIFEST else KEY).startswith(message)


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        (FILE, packed()[:-20], f"http://server/m/{FILE}: does not match upstream's checksum (sha256 "),
        (FILE, packed(filler=9), f"http://server/m/{FILE}: does not match upstream's checksum (sha256 "),
        (INDEX, b"<html>", f"http://server/m/{INDEX}: is not an index of charts ("),
        (INDEX, b"a: [", f"http://server/m/{INDEX}: is not an index of charts ("),
        (INDEX, index({"plugin": [{"version": "1.2.3"}]}), f"http://server/m/{INDEX}: is not an index of charts (urls"),
        (INDEX, index({}), f"http://server/m/{INDEX}: has no chart plugin 1.2.3"),
        (
            INDEX,
            index({"plugin": [{"version": f"1.{i}"} for i in range(7)]}),
            f"http://server/m/{INDEX}: has no chart plugin 1.2.3 (it has 1.0, 1.1, 1.2, 1.3, 1.4, …)",
        ),
        (
            INDEX,
            index({"plugin": [{"version": "1.2.3", "urls": ["http://plain.example/p.tgz"]}]}),
            f"http://server/m/{INDEX}: serves plugin 1.2.3 without TLS (http://plain.example/p.tgz)",
        ),
        (
            INDEX,
            index({"plugin": [{"version": "1.2.3", "urls": ["index.yaml"]}]}),
            f"http://server/m/{INDEX}: is not a Helm chart (",
        ),
        (
            MANIFEST,
            b'{"layers": [{"mediaType": "image", "digest": "x"}]}',
            f"http://server/m/{MANIFEST}: is not a Helm chart",
        ),
        (MANIFEST, b"<html>", f"http://server/m/{MANIFEST}: is not a Helm chart"),
    ],
)
def test_wrong_content_of_a_server_is_reported(published: Upstream, path: str, content: bytes, message: str) -> None:
    published.files[f"/m/{path}"] = content
    assert refused(published, OCI if path == MANIFEST else KEY).startswith(message)


def test_another_chart_under_the_name_is_reported(published: Upstream) -> None:
    published.put(f"m/{INDEX}", index({"plugin": [{"version": "1.2.3", "urls": ["other.tgz"]}]}))
    published.put("m/charts.example/stable/other.tgz", packed(version="1.2.2"))
    assert refused(published) == (
        "http://server/m/charts.example/stable/other.tgz: is not the chart plugin 1.2.3 (it is plugin 1.2.2)"
    )


@pytest.mark.parametrize("key", ["plugin", "plugin@1.2.3", "https://plugin@1.2.3", "https://charts.example/plugin"])
def test_an_incomplete_chart_reference_is_refused(published: Upstream, key: str) -> None:
    assert refused(published, key) == (
        f"chart {key}: not a chart reference; write it as https://REPOSITORY/NAME@VERSION or oci://…"
    )


@pytest.mark.parametrize(
    ("repository", "key"),
    [
        ("https://helm.example.net/", "https://helm.example.net/plugin@1"),
        ("oci://quay.example/charts", "oci://quay.example/charts/plugin@1"),
        ("oci://quay.example/charts/plugin", "oci://quay.example/charts/plugin@1"),
    ],
)
def test_a_chart_has_one_name_in_the_lock_file(repository: str, key: str) -> None:
    assert chart_key("plugin", "1", repository) == key


def test_a_repository_without_tls_is_refused() -> None:
    with pytest.raises(
        ArtifactError,
        match=r"^chart plugin 1: not a chart repository \(http://x\); use a URL that begins with https://",
    ):
        chart_key("plugin", "1", "http://x")


def test_upstream_and_a_mirror_give_a_url_and_the_pinned_checksum(lock: Lock, tmp_path: Path) -> None:
    wanted = Wanted(charts=frozenset({("plugin", "1.2.3", "https://charts.example/stable")}))
    for settings, prefix in (
        ({"source": "upstream"}, "https://"),
        ({"source": "mirror", "url": "https://mirror.example/k8s"}, "https://mirror.example/k8s/"),
    ):
        source = open_source(settings, wanted=wanted, lock=tmp_path / "mine.lock.json")
        found = source.chart("plugin", "1.2.3", "https://charts.example/stable")
        assert (found.url, found.sha256, found.blob) == (prefix + FILE, sha256(packed()), None)


def test_the_lock_file_keeps_charts(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    kept = Lock({"a": "1"}, {}, {}, {KEY: ChartPin(FILE, "0" * 64)})
    write_lock(kept, path)
    assert read_lock(path) == kept
