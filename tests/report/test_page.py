"""The page of a calibration tells everything, needs nothing, and runs nothing."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from qctl.calibrate.acceptance import Verdict
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.report import Report, Standing, State, Step
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.report.page import page

EVIL = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def html():
    x = np.linspace(0, 1, 21)
    figure = Figure(EVIL, x, np.cos(6 * x), "amplitude", "P(1)", np.full(21, 0.1), x, np.cos(6 * x), (0.5,))
    outcomes = (
        Outcome("q0", {"q0.x180.amplitude": Estimate(0.285, 0.001)}, figures=(figure,), notes=(EVIL,)),
        Outcome("q1", reason=EVIL),
    )
    verdicts = (Verdict("q0", True, old=(0.2, 0.01), new=(0.02, 0.01)), Verdict("q1", False, "noise only"))
    step = Step(
        number=1, node="rabi", targets=("q0", "q1"), kind="measure", why=EVIL, outcomes=outcomes, verdicts=verdicts,
        before={"q0.x180.amplitude": 0.3}, seconds=4.2, wall=0.8, raw_data="ab" * 32, snapshot=3,
    )  # fmt: skip
    probe = Step(number=2, node="rabi", targets=("q0",), kind="probe", why="stored values are checked")
    known = {
        "q0.frequency": Estimate(5.2823456e9, 1200.0, "Hz"),
        "q0.t1": Estimate(38e-6, 4e-7, "s"),
        "q0.t2": Estimate(5e-5, np.inf, "s"),
    }
    report = Report(
        laboratory="transmon5", known=Parameters(known), first=1, last=3, steps=(step, probe),
        states={"rabi": {"q0": State(Standing.GOOD), "q1": State(Standing.QUARANTINED, EVIL)}},
        started=1.8e9, ended=1.8001e9, seconds=4.4, wall=1.0, code="qctl 0", stopped="nothing left", hints=(EVIL,),
    )  # fmt: skip
    return page(report, read_laboratory(find_laboratory("transmon5")))


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_nothing_is_fetched_and_nothing_runs(html):
    elements = Elements(html).found
    assert not {tag for tag, _ in elements} & {"script", "link", "iframe", "object", "form", "img"}
    assert all(name not in attrs for _, attrs in elements for name in ("onclick", "onload", "src"))
    assert all(attrs["href"].startswith("data:image/png") for _, attrs in elements if "href" in attrs)
    assert not re.search(r"https?://", html)
    (policy,) = [attrs["content"] for tag, attrs in elements if tag == "meta" and "http-equiv" in attrs]
    assert policy.startswith("default-src 'none'")


def test_texts_of_others_are_shown_to_the_letter(html):
    assert "<script" not in html
    assert sum(EVIL in word for word in Elements(html).words) >= 5


@pytest.mark.parametrize(
    "words",
    ["5.2823456 GHz ± 1.2 kHz", "38 us ± 400 ns", "50 us (assumed)", "0.285 ± 0.001 0.3", "noise only",
     "wrong answers before 20.00% ± 1.00%",
     "data abababababab", "snapshot 1 → 3", "nothing left", "q1, q2, q3, q4 – – –"],
)  # fmt: skip
def test_values_decisions_and_provenance_are_told(html, words):
    assert words in " ".join(Elements(html).words)


def test_steps_with_a_rejection_are_open_and_others_are_not(html):
    opened = [("open" in attrs) for tag, attrs in Elements(html).found if tag == "details"]
    assert opened == [True, False]
