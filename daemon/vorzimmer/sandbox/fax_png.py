"""A received fax as pictures that any program shows."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageSequence


def as_png(tiff: Path, folder: Path) -> tuple[Path, ...]:
    """The pages of a TIFF as PNG files in `folder`, half as fine and with square dots.

    Raises:
        OSError: the file is no picture, or a file cannot be written.
    """
    files = []
    with Image.open(tiff) as pages:
        across, down = pages.info["dpi"]
        for number, page in enumerate(ImageSequence.Iterator(pages), 1):
            size = (page.width // 2, round(page.height * across / down) // 2)
            file = folder / f"{tiff.stem}-{number}.png"
            page.convert("L").resize(size).save(file)
            files.append(file)
    return tuple(files)
