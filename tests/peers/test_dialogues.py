"""What third parties' drivers were recorded to say, said again; answers may differ in how a number is written."""

import io
import json
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
import pyvisa

DIALOGUES = json.loads(Path(__file__).with_name("dialogues.json").read_text(encoding="utf-8"))


def wfmx():
    """Return a waveform file of 2,400 samples, with markers."""
    head = (
        '<DataFile offset="{:09d}" version="0.1"><DataSetsCollection><DataSets version="1"><DataDescription>'
        "<NumberSamples>2400</NumberSamples><MarkersIncluded>true</MarkersIncluded><NumberFormat>Single</NumberFormat>"
        "</DataDescription></DataSets></DataSetsCollection></DataFile>"
    )
    head = head.format(len(head.format(0)))
    return head.encode() + np.linspace(-1, 1, 2400, dtype="<f4").tobytes() + bytes(2400)


def seqx():
    """Return a sequence file: one step, played over and over without a trigger."""
    sml = (
        '<DataFile><DataDescription><SequenceName>seq1</SequenceName><Steps StepCount="1" TrackCount="1"><Step>'
        "<Repeat>Infinite</Repeat><RepeatCount>1</RepeatCount><WaitInput>None</WaitInput><GoTo>Next</GoTo>"
        "<Assets><Asset><AssetName>wave1</AssetName></Asset></Assets></Step></Steps></DataDescription></DataFile>"
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("Sequences/seq1.sml", sml)
        archive.writestr("Waveforms/wave1.wfmx", wfmx())
    return content.getvalue()


FILES = {"<pulse1.wfmx>": wfmx(), "<seq1.seqx>": seqx()}


def same(answer, recorded):
    """Say whether two answers mean the same: equal text, equal numbers, or as the wild cards allow."""
    try:
        return float(answer) == float(recorded)
    except ValueError:
        return fnmatchcase(answer, recorded)


def say(link, command):
    """Send a command; a file takes the place of its name, as a block without terminator."""
    name = next((name for name in FILES if command.endswith(name)), None)
    if name is None:
        link.write(command)
    else:
        size = str(len(FILES[name]))
        link.write_raw(command.removesuffix(name).encode() + f"#{len(size)}{size}".encode() + FILES[name])


@pytest.mark.parametrize("instrument", DIALOGUES)
def test_the_mock_answers_as_it_was_recorded(rack, address, instrument):
    with rack.rack.lock:
        rack.rack.mocks[instrument].reset()
    if instrument == "awg":
        rack.rack.mocks["awg"].lists.clear()
        rack.rack.mocks["awg"].disk.files.clear()
    manager = pyvisa.ResourceManager("@py")
    link = manager.open_resource(address(instrument), read_termination="\n", write_termination="\n", timeout=5000)
    try:
        for command, recorded in DIALOGUES[instrument]:
            say(link, command)
            if recorded is not None:
                assert same(link.read(), recorded), command
        assert not rack.rack.mocks[instrument].errors
    finally:
        link.close()  # the manager stays: all links of a process share it
