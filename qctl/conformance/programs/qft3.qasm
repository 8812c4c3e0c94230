// The Fourier transform of |101>, each qubit then turned back by its phase.
OPENQASM 3;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
x q[0];
x q[2];
h q[2];
cp(pi / 2) q[1], q[2];
cp(pi / 4) q[0], q[2];
h q[1];
cp(pi / 2) q[0], q[1];
h q[0];
p(-2 * pi * 5 / 2) q[0];
p(-2 * pi * 5 / 4) q[1];
p(-2 * pi * 5 / 8) q[2];
h q;
c = measure q;
