"""Which digest each image has to have: out of the site's lock, or of its registry on the first run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from .endpoints import Registries, UnreachedRegistry
from .error import ArtifactError, ArtifactErrors
from .site_lock import SiteLock, read_site_lock, record


def pinned_images(
    refs: Iterable[str],
    registries: Registries,
    *,
    lock: Path,
    locked: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, str]:
    """Return image -> digest; what the site's lock does not have is asked of the registry, and kept there.

    Where this machine does not reach a registry, its images have none: hosts pull them by tag.

    :param lock: path of the site's lock.
    :param locked: refuse what is not in it, and ask nobody.
    :param say: called with a line about what was kept, and one for each registry that is not reached.
    :raises ArtifactErrors: for every image that cannot be had.
    :raises ArtifactError: when the lock cannot be read or written.
    """
    refs = list(dict.fromkeys(refs))
    known = read_site_lock(lock).images
    unknown = [ref for ref in refs if ref not in known]
    if locked and unknown:
        raise ArtifactErrors([str(_in_no_lock(ref, lock)) for ref in unknown])
    found, failed = _now(unknown, registries)
    if refused := [str(e) for e in failed.values() if not isinstance(e, UnreachedRegistry)]:
        raise ArtifactErrors(refused)
    images = record(lock, SiteLock(images=found)).images if found else known
    if found:
        say(f"{_images(len(found))}: digests were read from their registries and are kept in {lock}: commit it")
    for reason, count in _counted(failed):
        say(f"{_images(count)}: pulled by tag, and no digest is kept; from this machine, {reason}")
    return {ref: images[ref] for ref in refs if ref in images}


def moved_tags(refs: Iterable[str], registries: Registries, *, lock: Path) -> list[tuple[str, str, str]]:
    """Return image, the digest in the site's lock and the one that its tag has now, of those that differ.

    Registries that are not reached say nothing.
    """
    known = read_site_lock(lock).images
    now, _ = _now([ref for ref in dict.fromkeys(refs) if ref in known], registries)
    return [(ref, known[ref], digest) for ref, digest in now.items() if digest != known[ref]]


def _now(refs: Iterable[str], registries: Registries) -> tuple[dict[str, str], dict[str, ArtifactError]]:
    """The digest of each tag, or why there is none."""
    of_base: dict[str, list[str]] = {}
    for ref in refs:
        of_base.setdefault(registries.endpoint(ref).base, []).append(ref)
    if not of_base:
        return {}, {}
    # importing its HTTP client takes longer than all the rest
    from .registry import digests_of_tags  # noqa: PLC0415

    said = digests_of_tags(of_base.values(), registries)
    found = {ref: answer for ref, answer in said.items() if isinstance(answer, str)}
    return found, {ref: answer for ref, answer in said.items() if isinstance(answer, ArtifactError)}


def _counted(failed: Mapping[str, ArtifactError]) -> Iterator[tuple[str, int]]:
    reasons = [str(error).partition(": ")[2] for error in failed.values()]
    return ((reason, reasons.count(reason)) for reason in dict.fromkeys(reasons))


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _in_no_lock(ref: str, lock: Path) -> ArtifactError:
    return ArtifactError(
        f"image {ref}",
        "its digest is in no lock",
        found=f'not in {lock}, and "pins" is "locked"',
        remedy=f"run `underlay lock` where its registry can be reached, look at what it adds to {lock}, and commit it",
    )
