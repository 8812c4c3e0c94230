// The hidden word 101 in one question.
OPENQASM 3;
include "stdgates.inc";
qubit[4] q;
bit[3] c;
x q[3];
h q;
cx q[0], q[3];
cx q[2], q[3];
h q;
c[0] = measure q[0];
c[1] = measure q[1];
c[2] = measure q[2];
