// A state travels from q[0] to q[2]; corrections are gates, measurements come last.
OPENQASM 3;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
ry(1.1) q[0];
rz(0.7) q[0];
h q[1];
cx q[1], q[2];
cx q[0], q[1];
h q[0];
cx q[1], q[2];
cz q[0], q[2];
rz(-0.7) q[2];
ry(-1.1) q[2];
c = measure q;
