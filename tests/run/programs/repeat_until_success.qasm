// Repeat until success: q[1] waits in superposition while q[0] is turned and measured until it says 1.
OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit c;
bit r;
h q[1];
while (c == 0) {
  reset q[0];
  ry(1.7) q[0];
  c = measure q[0];
}
h q[1];
r = measure q[1];
