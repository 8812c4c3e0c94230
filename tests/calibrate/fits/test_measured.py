"""Fits of data that others measured agree with the values that they published."""

import json

import numpy as np
import pytest

from qctl.calibrate.fits.traces import fit_trace


def case(shared, name):
    published = json.loads((shared / "measured" / "reference.json").read_text(encoding="utf-8"))["cases"][name]
    with np.load(shared / "measured" / "traces.npz", allow_pickle=False) as traces:
        return traces[name], published["expected"]


def test_t1_with_calibration_points(shared):
    (x, i, q), published = case(shared, "t1_cal")
    found = fit_trace("t1", x, (i, q), calibrated=True)
    assert found.ok, found.reason
    assert found.value("tau") == pytest.approx(published["T1_s"], rel=0.01)
    free = fit_trace("t1", x[:-2], (i[:-2], q[:-2]))
    assert free.ok, free.reason
    assert abs(free.value("tau") - published["T1_s"]) < 2 * free.error("tau")


@pytest.mark.parametrize("number", [152943, 154735, 160157, 161550])
def test_resonators(shared, number):
    (x, magnitude, phase), published = case(shared, f"resonator_{number}")
    found = fit_trace("resonator", x, magnitude * np.exp(1j * np.deg2rad(phase)))
    assert found.ok, found.reason
    for ours, theirs in (("frequency", "fr_Hz"), ("ql", "Ql"), ("qc", "Qe")):
        assert abs(found.value(ours) - published[theirs]) < 2 * found.error(ours), ours
    # The errors are no excuse: a few per cent of the line width and of the quality factors.
    assert found.value("frequency") == pytest.approx(published["fr_Hz"], abs=0.03 * found.value("kappa"))
    assert found.value("ql") == pytest.approx(published["Ql"], rel=0.06)
    assert found.value("qc") == pytest.approx(published["Qe"], rel=0.06)
