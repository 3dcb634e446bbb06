"""What a page is made of, and that it is complete in itself."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser


class Document(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inline = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "a" and dict(attrs).get("class") == "term":
            self.inline = True

    def handle_endtag(self, tag: str) -> None:
        # A term is a part of the sentence that it stands in.
        self.inline = self.inline or (
            tag == "a" and len(self.elements) > 0 and self.elements[-1][1].get("class") == "term"
        )

    def handle_data(self, data: str) -> None:
        if self.inline and self.texts:
            self.texts[-1] += data
        else:
            self.texts.append(data)
        self.inline = False

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def harmless(text: str) -> Document:
    """Assert that a page loads nothing, runs nothing but its own script and holds nothing but what a page is made of."""
    document = Document(text)
    foreign = {tag for tag, _ in document.elements} & {
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "image",
    }
    assert not foreign
    for tag, attributes in document.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "xlink:href", "action"):
                assert (value or "").startswith("#") or (tag == "link" and value == "data:,"), (tag, value)
            if name == "style":
                assert re.fullmatch(r"width: [\d.]+%|--own: \d+px", value or ""), value
            assert "url(" not in (value or "") or "url(#" in (value or "")
    (policy,) = [entry for entry in document.of("meta") if entry.get("http-equiv") == "Content-Security-Policy"]
    assert (policy["content"] or "").startswith("default-src 'none'")
    kinds = [entry.get("type") for entry in document.of("script")]
    assert set(kinds) <= {None, "application/json"} and kinds.count(None) == 1
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in (policy["content"] or "")
    for data in re.findall(r'<script type="application/json" id="[a-z-]+">(.*?)</script>', text, re.DOTALL):
        assert not set("<>&") & set(data)
        json.loads(data)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(styles) == 1 and "@import" not in styles[0] and "url(" not in styles[0]
    return document
