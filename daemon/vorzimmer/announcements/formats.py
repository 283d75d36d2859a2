"""The kinds of sound files that are taken: each by its ending, which must agree with how the file begins.

FFmpeg is told the format by the ending and never asked to guess, so no reader of playlists or pictures sees a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vorzimmer.announcements import mpeg
from vorzimmer.store import sound_file

OGG_PAGE = b"OggS"
LONGEST_OGG_PAGE = 65_307
LAST_PAGE = 4
"""The bit in an Ogg page's header that says that nothing comes behind it."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. `demuxer`: FFmpeg's name of it; `codecs`: how the names of decoders begin that belong into it.

    `begins`: whether a file begins as one; `whole`: whether it ends as one. `tells_length`: whether what it says of its
    length can be compared with what is in it.
    """

    name: str
    demuxer: str
    codecs: tuple[str, ...]
    begins: Callable[[Path], bool]
    whole: Callable[[Path], bool] = lambda _: True
    tells_length: bool = True


def _magic(expected: bytes, at: int = 0) -> Callable[[Path], bool]:
    def begins(path: Path) -> bool:
        with path.open("rb") as file:
            return file.read(at + len(expected))[at:] == expected

    return begins


def _is_wav(path: Path) -> bool:
    try:
        sound_file.samples(path)
    except ValueError:
        return False
    return True


def _whole_wav(path: Path) -> bool:
    samples = sound_file.samples(path)
    return samples is not None and not samples.cut_off


def _whole_ogg(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LONGEST_OGG_PAGE, 0))
        rest = file.read()
    last = rest.rfind(OGG_PAGE)
    return last >= 0 and len(rest) > last + 5 and bool(rest[last + 5] & LAST_PAGE)


_OPUS = ("opus", "libopus")
_WAV = Format("wav", "wav", ("pcm_", "adpcm_", "gsm_ms"), _is_wav, _whole_wav, tells_length=False)
_MP3 = Format("mp3", "mp3", ("mp3",), mpeg.begins)
_OGG = Format("ogg", "ogg", ("vorbis", "flac", "speex", *_OPUS), _magic(OGG_PAGE), _whole_ogg, tells_length=False)
_FLAC = Format("flac", "flac", ("flac",), _magic(b"fLaC"))
_MP4 = Format("m4a", "mp4", ("aac", "alac", "mp3", *_OPUS), _magic(b"ftyp", 4))
_WEBM = Format("webm", "webm", ("vorbis", *_OPUS), _magic(b"\x1a\x45\xdf\xa3"))

FORMATS = {
    ".wav": _WAV,
    ".mp3": _MP3,
    ".ogg": _OGG,
    ".oga": _OGG,
    ".opus": _OGG,
    ".flac": _FLAC,
    ".m4a": _MP4,
    ".mp4": _MP4,
    ".webm": _WEBM,
}
"""By the file's ending, in lower case."""
