// Two Trotter steps of a transverse Ising chain of four.
OPENQASM 3;
include "stdgates.inc";
gate rzz(t) a, b {
  cx a, b;
  rz(t) b;
  cx a, b;
}
gate step a, b, c, d {
  rzz(0.6) a, b;
  rzz(0.6) c, d;
  rzz(0.6) b, c;
  rx(0.9) a;
  rx(0.9) b;
  rx(0.9) c;
  rx(0.9) d;
}
qubit[4] q;
bit[4] c;
ry(0.4) q[0];
step q[0], q[1], q[2], q[3];
step q[0], q[1], q[2], q[3];
c = measure q;
