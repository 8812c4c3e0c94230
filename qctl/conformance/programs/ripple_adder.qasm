// 1 + 1 with carry, by majority and its undoing (Cuccaro et al., quant-ph/0410184).
OPENQASM 3;
include "stdgates.inc";
gate majority a, b, c {
  cx c, b;
  cx c, a;
  ccx a, b, c;
}
gate unmajority a, b, c {
  ccx a, b, c;
  cx c, a;
  cx a, b;
}
qubit[4] q;
bit[4] c;
x q[1];
x q[2];
majority q[0], q[1], q[2];
cx q[2], q[3];
unmajority q[0], q[1], q[2];
c = measure q;
