"""Helm charts: pinned from a server with upstream's layout, and added to bundles."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from click.testing import CliRunner

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.carry import carry
from underlay.artifacts.build.chart_file import read_chart
from underlay.artifacts.build.chart_pins import pin_chart
from underlay.artifacts.build.charts import add_charts
from underlay.artifacts.build.verify import verify
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import ChartPin, Lock, read_lock, write_lock
from underlay.artifacts.manifest import Manifest, load_manifest, save_manifest
from underlay.artifacts.source import open_source
from underlay.artifacts.upstream import chart_key
from underlay.cli.bundle import bundle_command

from .artifacts_server import Upstream

INDEX = "charts.example/stable/index.yaml"
FILE = "charts.example/stable/plugin-1.2.3.tgz"
KEY = "https://charts.example/stable/plugin@1.2.3"
OCI = "oci://registry.example/charts/plugin@v1.2.3+one"
MANIFEST = "registry.example/v2/charts/plugin/manifests/v1.2.3_one"
CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def packed(name: str = "plugin", version: str = "1.2.3", *, filler: int = 0) -> bytes:
    """A chart as `helm package` writes it."""
    buffer = io.BytesIO()
    texts = {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n", "README.md": "x" * filler}
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, text in texts.items():
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(buffer.getvalue(), mtime=0)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def index(entries: Any) -> bytes:
    return yaml.safe_dump({"apiVersion": "v1", "entries": entries}).encode()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A chart repository and a registry, below a mirror's path."""
    chart = packed()
    with Upstream() as server:
        entry = {"name": "plugin", "version": "1.2.3", "urls": ["plugin-1.2.3.tgz"], "digest": sha256(chart)}
        server.put(f"m/{INDEX}", index({"plugin": [entry | {"version": "1.2.4"}, entry]}))
        server.put(f"m/{FILE}", chart)
        in_registry = packed(version="v1.2.3+one")
        layers = [{"mediaType": CONTENT, "digest": f"sha256:{sha256(in_registry)}", "size": len(in_registry)}]
        server.put("token", b'{"token": "abc"}')
        server.put(f"m/{MANIFEST}", json.dumps({"schemaVersion": 2, "layers": layers}).encode(), wants="abc")
        server.put(f"m/registry.example/v2/charts/plugin/blobs/sha256:{sha256(in_registry)}", in_registry, wants="abc")
        yield server


def pin(upstream: Upstream, key: str = KEY) -> ChartPin:
    with httpx.Client(follow_redirects=True, timeout=1) as client:
        return pin_chart(client, f"{upstream.url}/m/", key)


def test_pins_a_chart_of_a_repository(upstream: Upstream) -> None:
    assert pin(upstream) == ChartPin(FILE, sha256(packed()))


def test_pins_a_chart_of_a_registry_that_requires_a_token(upstream: Upstream) -> None:
    digest = sha256(packed(version="v1.2.3+one"))
    assert pin(upstream, OCI) == ChartPin(f"registry.example/v2/charts/plugin/blobs/sha256:{digest}", digest)


def test_an_index_may_point_elsewhere_and_be_without_a_digest(upstream: Upstream) -> None:
    upstream.put(f"m/{INDEX}", index({"plugin": [{"version": "1.2.3", "urls": ["https://files.example/p.tgz"]}]}))
    upstream.put("m/files.example/p.tgz", packed())
    assert pin(upstream) == ChartPin("files.example/p.tgz", sha256(packed()))


def refused(upstream: Upstream, key: str = KEY) -> str:
    with pytest.raises(ArtifactError) as error:
        pin(upstream, key)
    assert "\n" not in str(error.value)
    return str(error.value).replace(upstream.url, "http://server")


KEPT = "the lock file is unchanged"


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
    upstream: Upstream, path: str, behaviour: dict[str, Any], message: str
) -> None:
    content = upstream.files[f"/m/{path}"]
    upstream.put(f"m/{path}", content, **behaviour)
    assert refused(upstream, OCI if path == MANIFEST else KEY).startswith(message)


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
def test_wrong_content_of_a_server_is_reported(upstream: Upstream, path: str, content: bytes, message: str) -> None:
    upstream.files[f"/m/{path}"] = content
    assert refused(upstream, OCI if path == MANIFEST else KEY).startswith(message)


def test_another_chart_under_the_name_is_reported(upstream: Upstream) -> None:
    upstream.put(f"m/{INDEX}", index({"plugin": [{"version": "1.2.3", "urls": ["other.tgz"]}]}))
    upstream.put("m/charts.example/stable/other.tgz", packed(version="1.2.2"))
    assert refused(upstream) == (
        "http://server/m/charts.example/stable/other.tgz: is not the chart plugin 1.2.3 (it is plugin 1.2.2)"
    )


@pytest.mark.parametrize("key", ["plugin", "plugin@1.2.3", "https://plugin@1.2.3", "https://charts.example/plugin"])
def test_an_incomplete_chart_reference_is_refused(upstream: Upstream, key: str) -> None:
    assert refused(upstream, key) == (
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


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lock:
    pinned = Lock({}, {}, {}, {KEY: ChartPin(FILE, sha256(packed()))})
    for module in ("download_source", "build.charts"):
        monkeypatch.setattr(f"underlay.artifacts.{module}.read_lock", lambda: pinned)
    return pinned


def test_upstream_and_a_mirror_give_a_url_and_the_pinned_checksum(lock: Lock) -> None:
    for settings, prefix in (
        ({"source": "upstream"}, "https://"),
        ({"source": "mirror", "url": "https://mirror.example/k8s"}, "https://mirror.example/k8s/"),
    ):
        found = open_source(settings).chart("plugin", "1.2.3", "https://charts.example/stable")
        assert (found.url, found.sha256, found.blob) == (prefix + FILE, sha256(packed()), None)


def test_a_chart_without_a_pinned_checksum_is_refused(lock: Lock) -> None:
    with pytest.raises(ArtifactError) as error:
        open_source({"source": "upstream"}).chart("plugin", "1.2.4", "https://charts.example/stable")
    key = "https://charts.example/stable/plugin@1.2.4"
    assert str(error.value) == (
        f"chart plugin 1.2.4: no pinned checksum ({key}); run `underlay bundle --lock --pin {key}` where upstream can "
        "be reached, or choose another artifacts.source"
    )


def test_the_lock_file_keeps_charts(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    kept = Lock({"a": "1"}, {}, {}, {KEY: ChartPin(FILE, "0" * 64)})
    write_lock(kept, path)
    assert read_lock(path) == kept


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle with nothing in it."""
    root = tmp_path / "bundle"
    BlobStore(root).directory.mkdir(parents=True)
    (root / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (root / "index.json").write_text(
        '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
    )
    save_manifest(root, Manifest(arch="amd64", binaries={}, images={}, outputs={}))
    return root


def written(directory: Path, content: bytes, name: str = "plugin.tgz") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).write_bytes(content)
    return directory / name


def command(*arguments: object) -> tuple[int, str]:
    ran = CliRunner().invoke(bundle_command, [str(a) for a in arguments])
    return ran.exit_code, ran.output


def test_a_chart_is_added_to_a_bundle_and_supplied_from_it(bundle: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "charts", packed())
    code, output = command("--chart", file, "--to", bundle)
    assert (code, output) == (0, f"bundle: added chart plugin 1.2.3, sha256 {sha256(packed())}: {bundle}\n")
    found = open_source({"source": "bundle", "path": str(bundle)}).chart("plugin", "1.2.3", "https://anywhere.example")
    assert found.blob is not None
    assert found.blob.read_bytes() == packed()
    assert (found.sha256, found.url) == (sha256(packed()), None)
    assert verify(bundle).problems == []


def test_a_directory_of_charts_is_added(bundle: Path, tmp_path: Path) -> None:
    written(tmp_path / "charts", packed(), "a.tgz")
    written(tmp_path / "charts", packed("other", "2"), "b.tgz")
    (tmp_path / "charts" / "notes.txt").touch()
    assert command("--charts", tmp_path / "charts", "--to", bundle)[0] == 0
    assert set(load_manifest(bundle).charts) == {"plugin@1.2.3", "other@2"}


def test_every_file_that_is_no_chart_is_reported_and_none_is_added(bundle: Path, tmp_path: Path) -> None:
    contents = {
        "empty": b"",
        "html": b"<html>",
        "truncated": packed(filler=100_000)[:-30],
        "no-about": archive_without_about(),
        "good": packed(),
    }
    for name, content in contents.items():
        written(tmp_path / "charts", content, f"{name}.tgz")
    code, output = command("--charts", tmp_path / "charts", "--to", bundle)
    assert code == 1
    lines = output.splitlines()
    assert [line.split(".tgz: ")[0].rpartition("/")[2] for line in lines] == ["empty", "html", "no-about", "truncated"]
    for line in lines:
        assert "is not a Helm chart (" in line
        assert line.endswith("; give a .tgz as `helm pull` saves it")
    assert load_manifest(bundle).charts == {}


def archive_without_about() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("plugin/values.yaml"), io.BytesIO())
    return buffer.getvalue()


def test_a_directory_without_charts_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"^charts .*: no \.tgz file; give a directory with charts$"):
        CliRunner().invoke(bundle_command, ["--charts", str(tmp_path)], catch_exceptions=False)


@pytest.mark.parametrize("others", [["--verify"], ["--lock"], ["--json"], ["--prefill"]])
def test_charts_combine_with_no_other_option_but_to(tmp_path: Path, others: list[str]) -> None:
    file = written(tmp_path / "charts", packed())
    code, output = command("--chart", file, *others)
    assert code == 2
    assert "--chart and --charts can be combined with --to only" in output


def test_a_chart_that_is_not_the_pinned_one_is_refused(bundle: Path, tmp_path: Path, lock: Lock) -> None:
    other = read_chart(written(tmp_path / "charts", packed(filler=9)))
    with pytest.raises(ArtifactError, match=r"is not the plugin 1\.2\.3 that lock\.json pins \(sha256 .*; download it"):
        add_charts(bundle, [other])
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])


def test_a_chart_of_the_same_version_is_replaced_and_its_file_removed(bundle: Path, tmp_path: Path) -> None:
    for filler in (1, 2):
        add_charts(bundle, [read_chart(written(tmp_path / "charts", packed(filler=filler)))])
    assert BlobStore(bundle).names() == {sha256(packed(filler=2))}


def test_a_missing_chart_is_reported_with_its_remedy(bundle: Path, tmp_path: Path) -> None:
    def output(version: str) -> str:
        with pytest.raises(ArtifactError) as error:
            source.chart("plugin", version, "https://charts.example/stable")
        return str(error.value)

    source = open_source({"source": "bundle", "path": str(bundle)})
    way = "download it from https://charts.example/stable and add it: `underlay bundle --chart plugin-2.tgz`"
    assert output("2") == f"bundle {bundle}: has no chart plugin 2; {way}"
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    source = open_source({"source": "bundle", "path": str(bundle)})
    assert output("2") == f"bundle {bundle}: has no chart plugin 2 (it has 1.2.3); {way}"
    BlobStore(bundle).path(sha256(packed())).unlink()
    assert output("1.2.3") == (
        f"bundle {bundle}: chart plugin 1.2.3 is missing ({sha256(packed())}); add it again: "
        "`underlay bundle --chart plugin-1.2.3.tgz`"
    )


def test_a_damaged_chart_is_named_by_verify(bundle: Path, tmp_path: Path) -> None:
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    BlobStore(bundle).path(sha256(packed())).write_bytes(packed()[:-1] + b"!")
    (problem,) = verify(bundle).problems
    assert "damaged" in problem
    assert problem.endswith("(chart plugin 1.2.3)")


def test_verify_reports_a_wrong_name_of_a_chart(bundle: Path, tmp_path: Path) -> None:
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    text = (bundle / "bundle.json").read_text().replace('"version": "1.2.3"', '"version": "1.2.4"')
    (bundle / "bundle.json").write_text(text)
    assert verify(bundle).problems == ["chart plugin 1.2.4: its file is plugin 1.2.3"]


def test_charts_are_copied_and_those_at_the_site_are_kept(bundle: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    carry(bundle, site)
    add_charts(site, [read_chart(written(tmp_path / "charts", packed("theirs", "1")))])
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    assert carry(bundle, site) == 1
    assert set(load_manifest(site).charts) == {"plugin@1.2.3", "theirs@1"}
    assert verify(site).problems == []


def test_a_bundle_of_an_earlier_version_has_no_charts(bundle: Path) -> None:
    data = json.loads((bundle / "bundle.json").read_text())
    del data["charts"]
    (bundle / "bundle.json").write_text(json.dumps(data))
    assert load_manifest(bundle).charts == {}
