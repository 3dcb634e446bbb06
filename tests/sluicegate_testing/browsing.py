"""What tests of pages in a browser share: the browser, and what a machine can judge of a page."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

CONTRAST = """
() => {
  const rgb = text => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith('color(srgb') ? [255 * found[0], 255 * found[1], 255 * found[2], found[3] ?? 1]
      : [found[0], found[1], found[2], found[3] ?? 1];
  };
  const light = colour => {
    const [r, g, b] = colour.slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest('title')) continue;
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement;
    // Labels on a coloured bar or cell are looked at where the colours are chosen.
    if (drawn && ['#ffffff', '#101418'].includes(element.getAttribute('fill'))) continue;
    const ink = rgb(drawn ? style.fill : style.color);
    const [one, other] = [light(ink), light(behind(drawn ? element.closest('div, figure') : element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const words = element.textContent.slice(0, 40);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.tagName} ${style.color} ${style.fill} ${words}`);
  }
  return poor;
}
"""
"""Texts whose contrast with what is behind them is below what WCAG 2.2 asks for (AA, 4.5), as words."""

REACHED = (
    "[...document.querySelectorAll('a[href], [tabindex=\"0\"], summary, button:enabled, select, input')]"
    ".filter(each => each.checkVisibility())"
)
"""What the Tab key reaches. What is folded away cannot be reached, and need not be."""

LETTERS = """
() => {
  const poor = [];
  for (const svg of document.querySelectorAll('.chart svg, svg.map')) {
    if (!svg.checkVisibility()) continue;
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width, short = new Set();
    for (const text of svg.querySelectorAll('text')) {
      if (!text.textContent.trim()) continue;
      const size = parseFloat(getComputedStyle(text).fontSize) * scale, at = text.getBoundingClientRect();
      if (size < 10.95) poor.push(`${size.toFixed(1)} px: ${text.textContent}`);
      if (at.left < box.left - 2 || at.right > box.right + 2 || at.top < box.top - 2 || at.bottom > box.bottom + 2)
        poor.push(`cut off: ${text.textContent}`);
      if (text.textContent.endsWith('\u2026') && !text.closest('.node')) {
        if (short.has(text.textContent)) poor.push(`shortened to the same: ${text.textContent}`);
        short.add(text.textContent);
      }
    }
  }
  return poor;
}
"""
"""Labels of charts that are smaller than 11 pixels on the screen, reach beyond their chart, or are shortened to the same words."""


SPILLS = """
() => [...document.querySelectorAll(
  '.keys *, .answer *, .box *, nav *, th, td, caption, h1, h2, h3, h4, p, li, dt, dd, label, button')]
  .filter(each => each.checkVisibility() && !each.closest('.unseen, .skip') && each.clientWidth > 0
    && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
  .map(each => `${each.tagName} ${each.scrollWidth} > ${each.clientWidth}: ${each.textContent.trim().slice(0, 40)}`)
"""
"""Texts that are broader than the box that they stand in, as words."""


def sideways(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
