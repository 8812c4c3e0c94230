// A GHZ state in the X basis: the parity of all bits is even.
OPENQASM 3;
include "stdgates.inc";
qubit[4] q;
bit[4] c;
h q[0];
cx q[0], q[1];
cx q[1], q[2];
cx q[2], q[3];
h q;
c = measure q;
