// Iterative phase estimation of 5/8 with one ancilla, three bits, the lowest first: "101".
OPENQASM 3.0;
include "stdgates.inc";
const float theta = 2 * pi * 5.0 / 8;
qubit q;
qubit r;
bit[3] c;
float back = 0.0;
x r;
for uint i in [0:2] {
  reset q;
  h q;
  cp(theta * 2.0 ** (2 - i)) q, r;
  p(-back) q;
  h q;
  c[i] = measure q;
  back = back / 2;
  if (c[i]) { back += pi / 2; }
}
