// The shift 1001 between two bent functions.
OPENQASM 3;
include "stdgates.inc";
qubit[4] q;
bit[4] c;
h q;
x q[0];
x q[3];
cz q[0], q[1];
cz q[2], q[3];
x q[0];
x q[3];
h q;
cz q[0], q[1];
cz q[2], q[3];
h q;
c = measure q;
