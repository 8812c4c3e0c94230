// Two bits, 1 and 0, sent through one qubit of a pair.
OPENQASM 3;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
z q[0];
cx q[0], q[1];
h q[0];
c = measure q;
