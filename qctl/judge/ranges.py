"""Within which ranges hidden truths are drawn: devices of 2024, around what a laboratory file guesses.

Single numbers are distances to either side of a guess; pairs are (lowest, highest). SI units.
"""

from qctl.core.units import MHz, kHz, mA, ns, us

Range = tuple[float, float]

FREQUENCY = 15 * MHz
ANHARMONICITY = 8 * MHz
ASYMMETRY = (0.20, 0.28)
T1 = (20 * us, 80 * us)
T2_ECHO = (20 * us, 80 * us)
PERIODS_PER_T1 = 4.0  # a person chose the period for the passive reset: at least so many T1, which leaves 1.8 %
DETUNING_NOISE = (1.5 * kHz, 3.5 * kHz)
THERMAL = (0.005, 0.02)

RESONATOR = 4 * MHz  # middle between the resonances of levels 0 and 1
KAPPA = (1.8 * MHz, 3.4 * MHz)
SHIFT = (0.55, 0.95)  # resonance with level 1 below that with level 0, in kappa
SHIFT_2 = (1.65, 1.85)  # the same of level 2, in shifts of level 1
COUPLING = (0.92, 0.98)
FANO = 0.15  # rad
CRITICAL_PHOTONS = (120.0, 220.0)
GUESSED_PHOTONS = (15.0, 30.0)  # in a resonator at the guessed readout amplitude
NOISE_TEMPERATURE = (0.5, 1.0)  # K
HEADROOM = (0.70, 0.85)  # of the digitizer's range, filled by all tones at once and 4.3 standard deviations of noise

COUPLER_ABOVE = (2.80e9, 2.94e9)  # over the lower qubit
COUPLER_ANHARMONICITY = (-256 * MHz, -244 * MHz)
COUPLER_ASYMMETRY = (0.54, 0.58)
COUPLER_G = (144 * MHz, 156 * MHz)
EXCHANGE = (1.3, 1.9)  # turns of |11> through |20> that the guessed CZ makes with the coupler at half a quantum
RESIDUAL = (0.15 * MHz, 0.40 * MHz)  # either sign
ZZ = (5 * kHz, 25 * kHz)  # either sign

RABI = 0.30  # relative to what the guessed pi pulse implies
MIXER_GAIN = 0.05
MIXER_PHASE = 0.07  # rad, 4 degrees
MIXER_OFFSET = 0.008  # of full scale
DELAY = 3 * ns
LATENCY = 1 * ns  # of trigger inputs
BIAS = 0.35 * mA
TRAPPED = 0.005  # flux quanta, in loops without a source of direct current
QUBIT_PERIOD = (7.6 * mA, 8.6 * mA)  # direct current of one flux quantum
COUPLER_PERIOD = (9.7 * mA, 10.6 * mA)
QUBIT_HALF_FLUX = (0.90, 1.04)  # of full scale, threads half a quantum
COUPLER_HALF_FLUX = (0.37, 0.42)
N_TAILS = (1, 3)
TAIL = (10 * ns, 30 * us)
TAIL_PERIODS = 0.08  # of the period, at most: what predistortion plays must fit into a shot
TAIL_AMPLITUDE = (0.006, 0.03)
TAIL_SLOW = 1 * us  # beyond it amplitudes fall with the root of the time constant
TAIL_APART = 4.0  # ratio of neighbouring time constants
CROSSTALK = (1e-3, 1e-2)  # drive and flux, to qubits and couplers next to a line
FAR_CROSSTALK = (5e-4, 2e-3)  # drive, to qubits with a common neighbour

# Drift, such that from day to day T1 moves by 16-21 % and frequencies by 3.5-3.8 kHz (medians), 61-85 % and 19-23 kHz
# (95th percentiles), as on real devices.
SLOW_WANDER, WANDER_SPREAD = 2.7e3, 0.75  # Hz, median over qubits and spread of its logarithm, of 0.5 to 20 kHz
SLOW_TAU = (3e3, 3e4)  # s; also of ln T1
FAST_WANDER = (0.3e3, 1.0e3)  # Hz
FAST_TAU = (10.0, 300.0)
LIFETIME_WANDER = (0.13, 0.23)  # of ln T1
THERMAL_WANDER = (0.12, 0.32)  # of the logarithm of thermal levels: readout errors move by 11-17 % from day to day
LEAP_EVERY = (1e5, 4e5)  # s, for each qubit
LEAP_SIZE = (5e3, 2e4)  # Hz
GAIN_PER_HOUR = 1.5e-4  # either sign
MIXER_WANDER = (0.5e-3, 2e-3)  # gain, and phase in rad
OFFSET_WANDER = 0.2  # of the same, in full scale
MIXER_TAU = (3e4, 2e5)
FLUX_WANDER = (1e-5, 6e-5)  # flux quanta
FLUX_TAU = (1e4, 1e5)
FLUCTUATORS = 0.35  # of the qubits have a defect that comes and goes
FLUCTUATOR_TIME = (100.0, 2e4)  # s, both near and away
FLUCTUATOR_DISTANCE = (1 * MHz, 6 * MHz)
FLUCTUATOR_COUPLING = (0.05 * MHz, 0.25 * MHz)
FLUCTUATOR_WIDTH = (0.2 * MHz, 2 * MHz)
DEFECT_WIDTH = (2 * MHz, 6 * MHz)  # of one that is asked for
DEFECT_T1 = (1.5 * us, 4 * us)  # that it leaves
