"""What the page weighs, as a browser loads it: compressed, with and without the telephone."""

from __future__ import annotations

import gzip

from vorzimmer.web.app import STATIC


def weight() -> str:
    """One line. Parts that are loaded only by some pages are those that `index.html` does not name."""
    index = (STATIC / "index.html").read_text()
    files = [file for file in sorted(STATIC.iterdir()) if file.suffix in {".js", ".css", ".html"}]
    packed = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in files}
    first = sum(size for name, size in packed.items() if name in index or name == "index.html")
    return f"The page: {first / 1000:.0f} kB compressed, {sum(packed.values()) / 1000:.0f} kB with all that comes later"
