"""Other projects' programs on qctl: plugins for Qiskit, Cirq and PennyLane, each imported only when it is asked for."""
