// Search for 11 among four.
OPENQASM 3;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q;
cz q[0], q[1];
h q;
x q;
cz q[0], q[1];
x q;
h q;
c = measure q;
