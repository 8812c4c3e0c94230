// The inverse Fourier transform finds the basis state that a product of phases was made from.
OPENQASM 3;
include "stdgates.inc";
gate back a, b, c, d {
  h d;
  cp(-pi / 2) d, c;
  h c;
  cp(-pi / 4) d, b;
  cp(-pi / 2) c, b;
  h b;
  cp(-pi / 8) d, a;
  cp(-pi / 4) c, a;
  cp(-pi / 2) b, a;
  h a;
}
qubit[4] q;
bit[4] c;
h q;
p(2 * pi * 11 / 2) q[3];
p(2 * pi * 11 / 4) q[2];
p(2 * pi * 11 / 8) q[1];
p(2 * pi * 11 / 16) q[0];
back q[0], q[1], q[2], q[3];
c = measure q;
