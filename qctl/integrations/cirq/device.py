"""A laboratory as Cirq's device: its qubits, which of them are coupled, and the gates that it plays as they stand."""

from __future__ import annotations

import cirq
import networkx

from qctl.integrations.machine import Lablike, machine_of


class Device(cirq.Device):
    """What circuits may hold that are to be played as they stand. `Sampler` takes all others too, and compiles them.

    Parameters
    ----------
    lab : an open `qctl.Lab`, or the name or file of a laboratory
    """

    def __init__(self, lab: Lablike) -> None:
        laboratory = machine_of(lab).laboratory
        self.name = laboratory.name
        self.gateset = cirq.Gateset(
            cirq.PhasedXZGate, cirq.PhasedXPowGate, cirq.XPowGate, cirq.YPowGate, cirq.ZPowGate, cirq.CZ,
            cirq.MeasurementGate, cirq.WaitGate, cirq.IdentityGate, name=f"native gates of {laboratory.name}",
        )  # fmt: skip
        graph = networkx.Graph()
        graph.add_nodes_from(map(cirq.NamedQubit, laboratory.qubit_names))
        graph.add_edges_from(tuple(map(cirq.NamedQubit, coupling.pair)) for coupling in laboratory.couplings.values())
        self._metadata = cirq.DeviceMetadata(frozenset(graph.nodes), graph)

    @property
    def metadata(self) -> cirq.DeviceMetadata:
        """Return the qubits, and the graph of those that are coupled."""
        return self._metadata

    def validate_operation(self, operation: cirq.Operation) -> None:
        """Raise ValueError for what the laboratory does not play as it stands."""
        foreign = [qubit for qubit in operation.qubits if qubit not in self._metadata.qubit_set]
        if foreign:
            raise ValueError(f"{foreign[0]} is no qubit of {self.name}")
        if operation not in self.gateset:
            raise ValueError(f"{operation} is none of the {self.gateset.name}")
        apart = len(operation.qubits) == 2 and not self._metadata.nx_graph.has_edge(*operation.qubits)
        if apart and not cirq.is_measurement(operation) and cirq.has_unitary(operation):
            raise ValueError(f"{operation.qubits[0]} and {operation.qubits[1]} are not coupled")
