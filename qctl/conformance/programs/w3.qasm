// One excitation shared by three qubits.
OPENQASM 3;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
ry(2 * arccos(sqrt(1.0 / 3))) q[0];
ch q[0], q[1];
cx q[1], q[2];
cx q[0], q[1];
x q[0];
c = measure q;
