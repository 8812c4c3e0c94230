"""The programs of ``qctl demo``, what each must give, and how far from it is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A program and a bound on the distance of what it gives from what it should give.

    Parameters
    ----------
    name : shown to people
    text : OpenQASM 3
    exact : exact probabilities by key
    bound : largest total-variation distance, readout errors mitigated, beside what chance does
    """

    name: str
    text: str
    exact: Mapping[str, float]
    bound: float


BELL = """OPENQASM 3;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""

GHZ = """OPENQASM 3;
include "stdgates.inc";
qubit[5] q;
bit[5] c;
h q[2];
cx q[2], q[1];
cx q[2], q[3];
cx q[1], q[0];
cx q[3], q[4];
c = measure q;
"""

# The Fourier transform of a basis state is a product of phases; the inverse transform must find the basis state again.
QFT = """OPENQASM 3;
include "stdgates.inc";
gate back a, b, c, d {
  h d;
  cp(-pi/2) d, c;
  h c;
  cp(-pi/4) d, b;
  cp(-pi/2) c, b;
  h b;
  cp(-pi/8) d, a;
  cp(-pi/4) c, a;
  cp(-pi/2) b, a;
  h a;
}
qubit[4] q;
bit[4] c;
h q;
p(2 * pi * 11 / 2) q[3];
p(2 * pi * 11 / 4) q[2];
p(2 * pi * 11 / 8) q[1];
p(2 * pi * 11 / 16) q[0];
back q[0], q[1], q[2], q[3];
c = measure q;
"""

CLAIMS = (
    Claim("Bell pair", BELL, {"00": 0.5, "11": 0.5}, 0.05),
    Claim("GHZ state of 5", GHZ, {"00000": 0.5, "11111": 0.5}, 0.12),
    Claim("Fourier transform of 4", QFT, {"1011": 1.0}, 0.30),
)


def distance(found: Mapping[str, float], exact: Mapping[str, float]) -> float:
    """Return the total-variation distance of two distributions."""
    return 0.5 * sum(abs(found.get(key, 0.0) - exact.get(key, 0.0)) for key in {*found, *exact})
