// A balanced function of two bits never answers 00.
OPENQASM 3;
include "stdgates.inc";
qubit[3] q;
bit[2] c;
x q[2];
h q;
cx q[0], q[2];
cx q[1], q[2];
h q[0];
h q[1];
c[0] = measure q[0];
c[1] = measure q[1];
