// The sum of two superposed bits: sum and carry follow from them.
OPENQASM 3;
include "stdgates.inc";
qubit[4] q;
bit[4] c;
h q[0];
ry(pi / 3) q[1];
ccx q[0], q[1], q[3];
cx q[0], q[2];
cx q[1], q[2];
c = measure q;
