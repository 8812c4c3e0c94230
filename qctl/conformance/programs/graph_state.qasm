// A line of four, each qubit measured along an axis of its own.
OPENQASM 3;
include "stdgates.inc";
qubit[4] q;
bit[4] c;
h q;
cz q[0], q[1];
cz q[1], q[2];
cz q[2], q[3];
h q[0];
rx(pi / 3) q[1];
ry(pi / 5) q[2];
h q[3];
c = measure q;
