"""`underlay bundle`: everything a cluster is installed from, in one directory, built on this machine."""

from __future__ import annotations

import time
from pathlib import Path

import click

from underlay.artifacts.build.build import build_bundle
from underlay.artifacts.build.carry import carry
from underlay.artifacts.build.chart_file import ChartFile, read_chart
from underlay.artifacts.build.charts import add_charts, chart_files
from underlay.artifacts.build.prefill import prefill
from underlay.artifacts.build.steps import Steps
from underlay.artifacts.build.verify import verify
from underlay.artifacts.catalog import OPTIONAL
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import dump_manifest, load_manifest

from .errors import Refused


@click.command("bundle")
@click.option("--verify", "check", is_flag=True, help="Build nothing: read every byte and prove the bundle whole.")
@click.option("--lock", is_flag=True, help="Build nothing: renew the lock file from upstream's checksum files.")
@click.option("--from", "base", metavar="URL", help="With --lock: a mirror of upstream's downloads to read.")
@click.option("--pin", "pins", multiple=True, metavar="REPOSITORY/NAME@VERSION", help="With --lock: a chart, too.")
@click.option(
    "--chart",
    "files",
    multiple=True,
    metavar="FILE.tgz",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Build nothing: put a downloaded Helm chart into the bundle. Can be given several times.",
)
@click.option(
    "--charts",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The same with every .tgz in DIR.",
    metavar="DIR",
)
@click.option(
    "--to", "target", type=click.Path(file_okay=False, path_type=Path), help="Copy the bundle to DIR, to carry away."
)
@click.option(
    "--with", "optional", multiple=True, type=click.Choice(OPTIONAL), help="Also build what no cluster needs; it stays."
)
@click.option("--prefill", "unpack", is_flag=True, help="Also unpack the images, for the hosts of this machine's lab.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest: each name, version, digest and size.")
def bundle_command(
    check: bool,
    lock: bool,
    base: str | None,
    pins: tuple[str, ...],
    files: tuple[Path, ...],
    directory: Path | None,
    target: Path | None,
    optional: tuple[str, ...],
    unpack: bool,
    as_json: bool,
) -> None:
    """Build what is missing of the bundle: the binaries and images that `"source": "bundle"` installs from.

    Commands are built from their Go modules, images from those commands; nothing is taken from a registry. The
    first time takes minutes, later runs only what changed. An interrupted build is resumed by the next.
    The bundle is one directory, an OCI image layout with a bundle.json beside it: carry it to a site without
    internet and name it there as artifacts = {"source": "bundle", "path": "DIR"}.

    \b
    underlay bundle                       build what is missing in /var/lib/underlay/bundle
    underlay bundle --to /mnt/usb/bundle  build, then copy it there; only what is missing there is written
    underlay bundle --verify              is every file what it was when it was built?
    underlay bundle --verify --to DIR     the same of a copy
    underlay bundle --json | jq .images   what is in it
    underlay bundle --with metallb        build MetalLB too, for clusters with a load_balancer
    underlay bundle --lock                pin upstream's checksums, for "source": "upstream"
    underlay bundle --chart cilium-1.20.2.tgz
                                          a plugin's chart, downloaded where upstream can be reached
    underlay bundle --charts DIR --to /mnt/usb/bundle
                                          all charts in DIR, into a bundle that was carried

    UNDERLAY_HOME names another place than /var/lib/underlay.
    """
    if check and lock:
        raise click.UsageError("--verify and --lock are two different things; give one")
    if lock and (target or as_json):
        raise click.UsageError("--lock stands alone, or with --from and --pin")
    if (base or pins) and not lock:
        raise click.UsageError(f"{'--from' if base else '--pin'} goes with --lock")
    charts = [*files, *(chart_files(directory) if directory else [])]
    if optional and (check or lock or charts):
        raise click.UsageError("--with is for builds")
    if charts and (check or lock or unpack or as_json):
        raise click.UsageError("--chart and --charts stand alone, or with --to")
    steps = Steps()
    if lock:
        _lock(base, pins, steps)
    elif charts:
        _add(target or bundle_directory(), charts)
    elif check:
        _verify(target or bundle_directory())
    else:
        _build(target, steps, optional=optional, unpack=unpack, as_json=as_json)


def _build(target: Path | None, steps: Steps, *, optional: tuple[str, ...], unpack: bool, as_json: bool) -> None:
    began = time.monotonic()
    bundle = bundle_directory()
    try:
        built = build_bundle(bundle, steps=steps, optional=optional)
    except KeyboardInterrupt:
        raise Refused(["bundle: stopped; what was built is kept, run the same command again to go on"]) from None
    if unpack:
        prefill(bundle, steps=steps)
    if target is not None:
        with steps.step(f"copy to {target}") as say:
            carry(bundle, target, said=say)
    manifest = load_manifest(bundle)
    if as_json:
        click.echo(dump_manifest(manifest), nl=False)
        return
    blobs = manifest.references().values()
    size = sum(blob.size for blob, _ in blobs)
    charts = f" and {len(manifest.charts)} charts" if manifest.charts else ""
    what = f"{len(manifest.binaries)} binaries and {len(manifest.images)} images{charts}, {size / 1e6:.0f} MB"
    state = "built" if built else "up to date"
    click.echo(f"bundle: {state}, {what}, {time.monotonic() - began:.1f} s: {target or bundle}")


def _verify(bundle: Path) -> None:
    began = time.monotonic()
    found = verify(bundle)
    for line in found.warnings:
        click.echo(f"underlay: warning: {line}", err=True)
    if found.problems:
        raise Refused(found.problems)
    click.echo(
        f"bundle: whole, {found.blobs} blobs, {found.size / 1e6:.0f} MB, {time.monotonic() - began:.1f} s: {bundle}"
    )


def _add(bundle: Path, files: list[Path]) -> None:
    charts: list[ChartFile] = []
    problems: list[str] = []
    for file in files:
        try:
            charts.append(read_chart(file))
        except ArtifactError as error:
            problems.append(str(error))
    if problems:
        raise Refused(problems)
    add_charts(bundle, charts)
    for chart in charts:
        click.echo(f"bundle: holds chart {chart.name} {chart.version}, sha256 {chart.sha256}: {bundle}")


def _lock(base: str | None, pins: tuple[str, ...], steps: Steps) -> None:
    # its HTTP client takes longer to load than the other uses of this command take in all
    from underlay.artifacts.build.renew import UPSTREAM, renew_upstream  # noqa: PLC0415

    with steps.step("checksums from upstream") as say:
        count = renew_upstream(base or UPSTREAM, said=say, charts=[*_charts_of_modes(), *pins])
    click.echo(f"lock: {count} checksums pinned")


def _charts_of_modes() -> list[str]:
    """The charts that networks are delivered by, with the settings they have by themselves."""
    from underlay.artifacts.upstream import chart_key  # noqa: PLC0415
    from underlay.catalog.example_cluster import charts  # noqa: PLC0415

    return [chart_key(c.name, c.version, c.repository) for c in charts()]
