// One step of the search for 110 among eight.
OPENQASM 3;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
h q;
x q[2];
h q[2];
ccx q[0], q[1], q[2];
h q[2];
x q[2];
h q;
x q;
h q[2];
ccx q[0], q[1], q[2];
h q[2];
x q;
h q;
c = measure q;
