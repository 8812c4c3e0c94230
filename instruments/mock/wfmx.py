"""Tektronix's waveform and sequence files: WFMX (XML header, float32 samples, marker bytes) and SEQX (a zip of them).

Source: AWG5200 and AWG70000 series user manuals, "File formats"; checked against files made by QCoDeS's driver.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass, field
from pathlib import PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from .values import ScpiError

_OFFSET = re.compile(rb'<DataFile[^>]*\boffset="(\d+)"')
_MAX_HEADER = 1 << 16
_MAX_SML = 1 << 27


@dataclass
class Waveform:
    """One entry of the waveform list.

    Parameters
    ----------
    samples : float32, shape (n,); fraction of half the peak-to-peak amplitude
    markers : uint8, shape (n,); bit k is marker k + 1
    """

    samples: NDArray[np.float32]
    markers: NDArray[np.uint8]


@dataclass
class Step:
    """One step of a sequence.

    Parameters
    ----------
    assets : name of the waveform of each track, None for none
    wait : OFF, ATR, BTR or ITR
    repeat : plays of the step before it goes on; 0 is for ever
    goto : NEXT, FIRST, LAST, END or a number from 1
    """

    assets: list[str | None]
    wait: str = "OFF"
    repeat: int = 1
    goto: str = "NEXT"
    jump_input: str = "OFF"
    jump: str = "NEXT"


@dataclass
class Sequence:
    """A named row of steps."""

    name: str
    n_tracks: int
    steps: list[Step] = field(default_factory=list)
    event_timing: str = "END"


def read_wfmx(content: bytes | memoryview) -> Waveform:
    """Parse a WFMX file; raise ScpiError when it is not one."""
    head = _OFFSET.search(bytes(content[:1024]))
    if head is None or not len(head[0]) < int(head[1]) <= min(len(content), _MAX_HEADER):
        raise ScpiError(-230, "no WFMX header")
    start = int(head[1])
    description = {tag.tag.rpartition("}")[2]: (tag.text or "") for tag in _xml(bytes(content[:start])).iter()}
    if description.get("NumberFormat") != "Single" or not description.get("NumberSamples", "").isdigit():
        raise ScpiError(-230, "no WFMX with samples in single precision")
    n_samples, marked = int(description["NumberSamples"]), description.get("MarkersIncluded") == "true"
    if len(content) != start + n_samples * (5 if marked else 4):
        raise ScpiError(-230, "length of the WFMX file")
    samples = np.frombuffer(content, "<f4", n_samples, start).astype(np.float32)
    markers = np.frombuffer(content, np.uint8, n_samples, start + 4 * n_samples) if marked else np.zeros(n_samples)
    return Waveform(samples, markers.astype(np.uint8))


def read_seqx(content: bytes | memoryview) -> tuple[dict[str, Waveform], list[Sequence]]:
    """Parse a SEQX file: waveforms by name, and sequences, sub-sequences first."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            waves = {
                PureWindowsPath(name).stem: read_wfmx(archive.read(name))
                for name in names
                if name.startswith("Waveforms/") and name.endswith(".wfmx")
            }
            sequences = [
                read_sml(archive.read(name))
                for name in names
                if name.startswith("Sequences/") and name.endswith(".sml")
            ]
    except (zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        raise ScpiError(-230, "no SEQX file") from error
    return waves, sequences


def read_sml(content: bytes) -> Sequence:
    """Parse the description of one sequence."""
    root = _xml(content)
    steps = root.find(".//{*}Steps")
    name = root.findtext(".//{*}SequenceName")
    if steps is None or not name:
        raise ScpiError(-230, "no sequence in the SML file")
    n_tracks = int(steps.get("TrackCount", "1"))
    return Sequence(name, n_tracks, [_step(step, n_tracks) for step in steps.findall("{*}Step")])


_WAITS = {"None": "OFF", "TrigA": "ATR", "TrigB": "BTR", "Internal": "ITR"}


def _step(step: ET.Element, n_tracks: int) -> Step:
    def text(tag: str, otherwise: str) -> str:
        return step.findtext(f"{{*}}{tag}") or otherwise

    names: list[str | None] = [asset.text for asset in step.iterfind("{*}Assets/{*}Asset/{*}AssetName")]
    repeat = {"Infinite": 0, "Once": 1}.get(text("Repeat", "Once"))
    goto, jump = text("GoTo", "Next"), text("EventJumpTo", "Next")
    try:
        return Step(
            assets=(names + [None] * n_tracks)[:n_tracks],
            wait=_WAITS[text("WaitInput", "None")],
            repeat=int(text("RepeatCount", "1")) if repeat is None else repeat,
            goto=text("GoToStep", "1") if goto == "StepIndex" else goto.upper(),
            jump_input=_WAITS[text("EventJumpInput", "None")],
            jump=text("EventJumpToStep", "1") if jump == "StepIndex" else jump.upper(),
        )
    except (KeyError, ValueError) as error:
        raise ScpiError(-230, "step of the SML file") from error


def _xml(content: bytes) -> ET.Element:
    if len(content) > _MAX_SML or b"<!" in content:  # entities could grow without bound
        raise ScpiError(-230, "XML of the file")
    try:
        return ET.fromstring(content)  # noqa: S314 - no entities, length bounded, loopback only
    except ET.ParseError as error:
        raise ScpiError(-230, "XML of the file") from error
