"""Figures show what is played; without matplotlib they say what to install."""

import subprocess
import sys

import numpy as np
import pytest

from qctl.core.errors import UsageError
from qctl.plot import draw_samples, draw_schedule
from qctl.plot.figure import written
from qctl.run import Lab

TEXT = "qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"


@pytest.fixture(scope="module")
def lab():
    return Lab.open("transmon5")


def test_a_schedule_has_a_bar_for_each_qubit_of_each_operation(lab):
    pytest.importorskip("matplotlib")
    schedule = lab.schedule(TEXT)
    (axes,) = draw_schedule(schedule).axes
    assert len(axes.patches) == np.count_nonzero(schedule.operations["q"] >= 0)
    with pytest.raises(UsageError, match="sweep point 1; allowed: 0 to 0"):
        draw_schedule(schedule, 1)


def test_samples_are_those_that_would_be_uploaded(lab, tmp_path):
    pytest.importorskip("matplotlib")
    sequence = lab.compile(
        "OPENQASM 3; input angle t; qubit q; bit c; rx(t) q; c = measure q;", 1, inputs={"t": [0.5, 3]}
    )
    playlists = lab.playlists(sequence)
    figures = [draw_samples(sequence, playlists, "Rabi", point) for point in (0, 1)]
    heights = []
    for figure in figures:
        axes = next(a for a in figure.axes if a.get_ylabel().endswith(".drive"))
        heights.append(max(np.abs(line.get_ydata()).max() for line in axes.lines))
    track = next(t for name, t in sequence.tracks.items() if name.endswith(".drive"))
    lists = [(playlists[port.instrument], port.number - 1) for port in track.outputs]
    codes = [max(np.abs(one.waveforms[one.steps[k, c]].codes).max() for one, c in lists) for k in (0, 1)]
    np.testing.assert_allclose(heights, np.array(codes) / 32767)
    label = figures[0].axes[-1].xaxis.get_major_formatter()
    assert [label(nanoseconds, 0) for nanoseconds in (100.0, 2e7)] == ["100 ns", "20 ms"]
    written(figures[0], tmp_path / "samples.svg")
    assert (tmp_path / "samples.svg").read_text("utf-8").startswith("<?xml")
    with pytest.raises(UsageError, match=r"cannot write .*allowed: a .png, .pdf or .svg file"):
        written(figures[0], tmp_path / "samples.cake")


def test_without_matplotlib_the_remedy_is_named(lab, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"drawing needs matplotlib; pip install 'qctl\[plot\]'"):
        draw_schedule(lab.schedule(TEXT))


def test_matplotlib_is_not_imported_before_something_is_drawn():
    code = "import sys, qctl.plot, qctl.run; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
