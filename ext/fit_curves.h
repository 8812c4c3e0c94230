/* The curves of qctl/kernels/fit.py, one point at a time: value at x, and slopes in j by each parameter if asked. */
#ifndef QCTL_FIT_CURVES_H
#define QCTL_FIT_CURVES_H

#include <math.h>

#define LN2 0.6931471805599453
#define TURN 6.283185307179586
#define HALF_TURN 3.141592653589793
#define MOST_PARAMETERS 10

enum { POLYNOMIAL, DECAY, EXPONENTIALS, OSCILLATION, BEATING, LORENTZIAN, GAUSSIAN, RABI_LINE, RESONANCE, HYPERBOLA, ARC,
       RESONATOR_ARC, EDGE, SIGMOID, N_CURVES };

static const int N_PARAMETERS[N_CURVES] = {3, 4, 7, 8, 10, 5, 5, 6, 8, 4, 5, 7, 4, 5};

static inline double capped_exp(double x) { return exp(x < 600 ? x : 600); }

static inline double polynomial(const double* p, double x, double* j)
{
    if (j) j[0] = 1, j[1] = x, j[2] = x * x;
    return p[0] + x * (p[1] + x * p[2]);
}

static inline double decay(const double* p, double x, double* j)
{
    double inner = p[2] * x > 1e-300 ? p[2] * x : 1e-300;
    double log_inner = log(inner), raised = capped_exp(p[3] * log_inner), e = exp(-raised);
    if (j) {
        double slope = -p[1] * e * raised;
        j[0] = 1, j[1] = e, j[2] = slope * p[3] / (p[2] > 1e-300 ? p[2] : 1e-300), j[3] = slope * log_inner;
    }
    return p[0] + p[1] * e;
}

static inline double exponentials(const double* p, double x, double* j)
{
    double value = p[0];
    if (j) j[0] = 1;
    for (int k = 1; k < 7; k += 2) {
        double e = capped_exp(-p[k + 1] * x);
        value += p[k] * e;
        if (j) j[k] = e, j[k + 1] = -x * p[k] * e;
    }
    return value;
}

static inline double oscillation(const double* p, double x, double* j)
{
    double e = p[5] == 0 && p[6] == 0 ? 1 : capped_exp(-p[5] * x - p[6] * x * p[6] * x);
    double angle = TURN * p[4] * x + p[7], c = e * cos(angle), s = e * sin(angle);
    double wave = p[2] * c + p[3] * s;
    if (j) {
        double turned = p[3] * c - p[2] * s;
        j[0] = 1, j[1] = x, j[2] = c, j[3] = s, j[4] = TURN * x * turned, j[5] = -x * wave;
        j[6] = -2 * p[6] * x * x * wave, j[7] = turned;
    }
    return p[0] + p[1] * x + wave;
}

static inline double beating(const double* p, double x, double* j)
{
    double e = capped_exp(-p[2] * x - p[3] * x * p[3] * x), wave = 0;
    for (int k = 4; k < 10; k += 3) {
        double angle = TURN * p[k + 2] * x, c = e * cos(angle), s = e * sin(angle);
        wave += p[k] * c + p[k + 1] * s;
        if (j) j[k] = c, j[k + 1] = s, j[k + 2] = TURN * x * (p[k + 1] * c - p[k] * s);
    }
    if (j) j[0] = 1, j[1] = x, j[2] = -x * wave, j[3] = -2 * p[3] * x * x * wave;
    return p[0] + p[1] * x + wave;
}

static inline double lorentzian(const double* p, double x, double* j)
{
    double z = 2 * (x - p[3]) / p[4], shape = 1 / (1 + z * z);
    if (j) {
        double turn = 4 * p[2] * z * shape * shape / p[4];
        j[0] = 1, j[1] = x, j[2] = shape, j[3] = turn, j[4] = turn * z / 2;
    }
    return p[0] + p[1] * x + p[2] * shape;
}

static inline double gaussian(const double* p, double x, double* j)
{
    double z = 2 * (x - p[3]) / p[4], shape = exp(-LN2 * z * z);
    if (j) {
        double turn = 4 * LN2 * p[2] * z * shape / p[4];
        j[0] = 1, j[1] = x, j[2] = shape, j[3] = turn, j[4] = turn * z / 2;
    }
    return p[0] + p[1] * x + p[2] * shape;
}

static inline double rabi_line(const double* p, double x, double* j)
{
    double d = x - p[3], square = p[4] * p[4] + d * d + 1e-300, total = sqrt(square), angle = HALF_TURN * p[5] * total;
    double s = sin(angle), s2 = s * s, share = p[4] * p[4] / square;
    if (j) {
        double both = sin(2 * angle);
        double by_total = p[2] * share * (HALF_TURN * p[5] * both - 2 * s2 / total);
        j[0] = 1, j[1] = x, j[2] = share * s2, j[3] = -by_total * d / total;
        j[4] = by_total * p[4] / total + 2 * p[2] * p[4] / square * s2;
        j[5] = p[2] * share * HALF_TURN * total * both;
    }
    return p[0] + p[1] * x + p[2] * share * s2;
}

/* Real and imaginary part at once; slopes in j[0..7] and j[8..15]. */
static inline void resonance(const double* p, double x, double* value, double* j)
{
    double z = 2 * (x - p[0]) / p[1], size = 1 / (1 + z * z), lr = size, li = -z * size; /* 1 / (1 + i z) */
    double angle = -TURN * p[7] * x, tr = cos(angle), ti = sin(angle), gain = 1 + p[6] * x;
    double cr = tr * gain, ci = ti * gain;
    double ir = p[2] - (p[4] * lr - p[5] * li), ii = p[3] - (p[4] * li + p[5] * lr); /* a - b line */
    value[0] = cr * ir - ci * ii, value[1] = cr * ii + ci * ir;
    if (!j) return;
    double* k = j + 8;
    double clr = cr * lr - ci * li, cli = cr * li + ci * lr; /* chain line */
    double hr = clr * lr - cli * li, hi = clr * li + cli * lr; /* chain line^2 */
    double br = -(hr * p[4] - hi * p[5]), bi = -(hr * p[5] + hi * p[4]); /* times -b, then times 2i / kappa */
    j[0] = -2 * bi / p[1], k[0] = 2 * br / p[1];
    j[1] = j[0] * (x - p[0]) / p[1], k[1] = k[0] * (x - p[0]) / p[1];
    j[2] = cr, k[2] = ci, j[3] = -ci, k[3] = cr;
    j[4] = -clr, k[4] = -cli, j[5] = cli, k[5] = -clr;
    j[6] = x * (tr * ir - ti * ii), k[6] = x * (tr * ii + ti * ir);
    j[7] = TURN * x * value[1], k[7] = -TURN * x * value[0];
}

static inline double hyperbola(const double* p, double x, double* j)
{
    double d = x - p[3], root = sqrt(p[1] * p[1] + p[2] * d * p[2] * d) + 1e-300;
    if (j) j[0] = 1, j[1] = p[1] / root, j[2] = p[2] * d * d / root, j[3] = -p[2] * p[2] * d / root;
    return p[0] + root;
}

static inline double arc(const double* p, double x, double* j)
{
    double angle = HALF_TURN * (x - p[3]) / p[4], c = cos(angle), s = sin(angle), d2 = p[2] * p[2];
    double inner = c * c + d2 * s * s + 1e-300, root = sqrt(sqrt(inner));
    if (j) {
        double steep = (p[0] + p[1]) * root / (4 * inner), by_angle = steep * 2 * s * c * (d2 - 1);
        j[0] = root, j[1] = root - 1, j[2] = steep * 2 * p[2] * s * s;
        j[3] = -by_angle * HALF_TURN / p[4], j[4] = -by_angle * angle / p[4];
    }
    return (p[0] + p[1]) * root - p[1];
}

static inline double resonator_arc(const double* p, double x, double* j)
{
    double gap = p[0] - arc(p + 2, x, j ? j + 2 : NULL);
    if (fabs(gap) < 1e-12) gap = 1e-12;
    double push = p[1] / gap;
    if (j) {
        j[0] = 1 - push * push, j[1] = 2 * push;
        for (int k = 2; k < 7; k++) j[k] *= push * push;
    }
    return p[0] + p[1] * push;
}

static inline double edge(const double* p, double x, double* j)
{
    double after = x > p[2] ? x - p[2] : 0, e = exp(-(p[3] * after < 600 ? p[3] * after : 600));
    if (j) j[0] = 1, j[1] = 1 - e, j[2] = x > p[2] ? -p[1] * p[3] * e : 0, j[3] = p[1] * after * e;
    return p[0] + p[1] * (1 - e);
}

static inline double sigmoid(const double* p, double x, double* j)
{
    double z = (x - p[3]) / p[4], bound = z < -600 ? -600 : z > 600 ? 600 : z, shape = 1 / (1 + exp(-bound));
    if (j) {
        double steep = p[2] * shape * (1 - shape) / p[4];
        j[0] = 1, j[1] = x, j[2] = shape, j[3] = -steep, j[4] = -steep * z;
    }
    return p[0] + p[1] * x + p[2] * shape;
}

#endif
