"""The page in a browser, light and dark, wide and narrow: nothing amiss, nothing from elsewhere, nothing cut off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from underlay.report.document import Report
from underlay.report.load import read_report
from underlay.report.page import page

from .browser import PROGRAM, Browser
from .reports import report, with_failure, with_routers

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed (Debian: apt install chromium)")

# What a real cluster of three nodes came to, most of its hosts' resources left out.
REAL = Path(__file__).parents[1] / "golden" / "report.json"
MADE = {
    "verified": read_report(REAL.read_text(), where=REAL.name),
    "failed": with_failure(),
    "routers": with_routers(),
    "bare": report(nodes={}, paths=[], phases=[], checks=[]),
}

# Texts whose contrast with what is behind them is less than WCAG's AA asks for; every colour here is opaque.
FAINT = """
(() => {
  const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const numbers = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = numbers(c).map(channel); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const clear = c => !c || c === 'none' || c === 'transparent' || (numbers(c).length > 3 && numbers(c)[3] === 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!clear(c)) return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const under = e => {
    const box = e.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
    const shapes = [...e.ownerSVGElement.querySelectorAll('rect')].reverse();
    const found = shapes.find(s => { const b = s.getBoundingClientRect(), f = getComputedStyle(s).fill;
      return !clear(f) && b.left <= x && x <= b.right && b.top <= y && y <= b.bottom; });
    return found ? getComputedStyle(found).fill : behind(e);
  };
  const faint = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest('title') || e.tagName === 'TITLE') continue;
    const svg = e.ownerSVGElement, style = getComputedStyle(e);
    const [a, b] = [light(svg ? style.fill : style.color), light(svg ? under(e) : behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${e.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return faint;
})()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


def written(made: Report, directory: Path) -> Path:
    path = directory / "report.html"
    path.write_text(page(made))
    return path


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", MADE)
def test_the_page_opens_without_errors(browser: Browser, tmp_path: Path, name: str, scheme: str, width: int) -> None:
    path = written(MADE[name], tmp_path)
    browser.open(path, width=width, scheme=scheme)
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    if kept := os.environ.get("UNDERLAY_PICTURES"):
        Path(kept, f"{name}-{scheme}-{width}.png").write_bytes(browser.picture())
    assert browser.complaints() == []
    assert [url for url in browser.requests() if url != "data:,"] == [path.as_uri()]
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.evaluate(FAINT) == []


def test_the_page_follows_a_preference_for_dark(browser: Browser, tmp_path: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        browser.open(written(report(), tmp_path), width=1280, scheme=scheme)
        grounds.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]


def test_the_printed_page_is_white_and_nothing_is_cut_off(browser: Browser, tmp_path: Path) -> None:
    path = written(with_failure(), tmp_path)
    browser.open(path, width=718, scheme="dark", media="print")
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.evaluate("document.documentElement.scrollWidth") <= 718
    assert browser.printed().startswith(b"%PDF")


def test_headings_are_in_order_and_every_table_has_headers(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(with_failure(), tmp_path), width=1280, scheme="light")
    levels = browser.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert [(a, b) for a, b in pairwise(levels) if b - a > 1] == []
    bare = "[...document.querySelectorAll('table')].filter(t => !t.querySelector('thead th[scope=col]')).length"
    assert browser.evaluate(bare) == 0


def test_a_broken_page_is_noticed(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "wrong.html"
    path.write_text(
        "<!doctype html><body style='background: #fff'><p style='color: #ccc; width: 2000px'>faint and wide</p>"
        "<script>console.error('amiss')</script><img src='other.png'>"
    )
    browser.open(path, width=390, scheme="light")
    assert len(browser.complaints()) == 2
    assert [url.rpartition("/")[2] for url in browser.requests()] == ["wrong.html", "other.png"]
    assert browser.evaluate("document.documentElement.scrollWidth") > 390
    assert browser.evaluate(FAINT) == ["faint and wide: 1.61"]
