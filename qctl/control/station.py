"""The instruments of one laboratory, open and identified; safe again on any way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.protocols import (
    Awg,
    Bias,
    Camera,
    Counter,
    Dds,
    Decider,
    Digitizer,
    Hologram,
    Instrument,
    Limits,
    PulseGenerator,
    Source,
    Supply,
)

from .clock import Clock, VirtualClock, WallClock, checked
from .drivers import drivers_of, limits_of
from .operating import held_of, tones_of, weights_of
from .rack import MockRack, mock_rack
from .safe import make_safe
from .signals import terminate_orderly, undisturbed
from .together import attempt_each, each, said


@dataclass(frozen=True)
class Station:
    """Open instruments by name.

    Parameters
    ----------
    laboratory : as its file says
    limits : what AWGs and digitizers can do
    instruments : open, identified and configured
    loaded : digest of what stands in each AWG's program memory; an AWG that is absent has unknown memory
    clock : virtual when the rack is simulated
    """

    laboratory: Laboratory
    limits: Limits
    instruments: Mapping[str, Instrument]
    loaded: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=WallClock)

    def pass_time(self, seconds: float) -> None:
        """Do nothing for so long; on a simulated rack time passes at once."""
        self.clock.wait(checked(seconds))

    @property
    def identities(self) -> Mapping[str, str]:
        """Return what each instrument answered to ``*IDN?``."""
        return {name: instrument.idn for name, instrument in self.instruments.items()}

    def awg(self, name: str) -> Awg:
        """Return an AWG by name."""
        found = self.instruments.get(name)
        if not isinstance(found, Awg):
            raise self._not_a("AWG", name)
        return found

    def digitizer(self, name: str) -> Digitizer:
        """Return a digitizer by name."""
        found = self.instruments.get(name)
        if not isinstance(found, Digitizer):
            raise self._not_a("digitizer", name)
        return found

    def source(self, name: str) -> Source:
        """Return a microwave source by name."""
        found = self.instruments.get(name)
        if not isinstance(found, Source):
            raise self._not_a("source", name)
        return found

    def bias(self, name: str) -> Bias:
        """Return a DC source by name."""
        found = self.instruments.get(name)
        if not isinstance(found, Bias):
            raise self._not_a("bias", name)
        return found

    def pulser(self, name: str) -> PulseGenerator:
        """Return a pulse generator by name."""
        found = self.instruments.get(name)
        if not isinstance(found, PulseGenerator):
            raise self._not_a("pulse generator", name)
        return found

    def recorder(self, name: str) -> Digitizer | Counter | Camera:
        """Return whatever records under this name: a digitizer, a photon counter, a camera."""
        found = self.instruments.get(name)
        if not isinstance(found, Digitizer | Counter | Camera):
            raise self._not_a("digitizer, counter or camera", name)
        return found

    def decider(self, name: str) -> Decider:
        """Return whatever tells states within a shot under this name."""
        found = self.instruments.get(name)
        if not isinstance(found, Decider):
            raise self._not_a("instrument that decides", name)
        return found

    def supply(self, name: str) -> Supply:
        """Return a multi-channel DC supply by name."""
        found = self.instruments.get(name)
        if not isinstance(found, Supply):
            raise self._not_a("DC supply", name)
        return found

    def dds(self, name: str) -> Dds:
        """Return a DDS by name."""
        found = self.instruments.get(name)
        if not isinstance(found, Dds):
            raise self._not_a("DDS", name)
        return found

    def hologram(self, name: str) -> Hologram:
        """Return what displays holograms, by name."""
        found = self.instruments.get(name)
        if not isinstance(found, Hologram):
            raise self._not_a("display of holograms", name)
        return found

    def _not_a(self, word: str, name: str) -> InstrumentError:
        return InstrumentError(f"{name!r} is no {word} of this laboratory", where=self.laboratory.name)

    def operate(self, parameters: Parameters) -> None:
        """Bring everything that stands still during a shot to where it belongs: the operating point.

        Biases are ramped to ``LINE.bias``, electrodes to ``LINE.voltage``, DDS channels are tuned to
        ``LINE.tone.frequency`` and ``.amplitude``, carriers are switched on, light is shared among traps by
        ``QUBIT.site.weight``.

        Raises
        ------
        ParameterError
            Before anything is sent, when one of these is not known.
        """
        held, tones = held_of(self.laboratory, parameters), tones_of(self.laboratory, parameters)
        levels = {
            line.bias: parameters[f"{name}.bias"]
            for name, line in self.laboratory.lines.items()
            if line.bias is not None
        }
        biases = {name: self.bias(name) for name in levels}
        each(lambda name, bias: bias.ramp_to(levels[name]), biases)
        sources = {line.mixed_with for line in self.laboratory.lines.values() if line.mixed_with is not None}
        carriers = {name: self.source(name) for name in sorted(sources)}
        each(lambda name, source: source.on(), carriers)
        supplies = {name: self.supply(name) for name in held}
        synthesisers = {name: self.dds(name) for name in tones}
        weights = weights_of(self.laboratory, parameters)
        holograms = {name: self.hologram(name) for name in weights}

        def hold(name: str, supply: Supply) -> None:
            for channel, level in held[name].items():
                supply.ramp_to(channel, level)

        def tune(name: str, dds: Dds) -> None:
            for channel, (frequency, amplitude) in tones[name].items():
                dds.tune(channel, frequency, amplitude)

        each(hold, supplies)
        each(tune, synthesisers)
        each(lambda name, hologram: hologram.show(weights[name]), holograms)
        each(lambda name, instrument: instrument.check(), {**biases, **carriers, **supplies, **synthesisers})


@contextmanager
def open_station(
    laboratory: Laboratory, *, seed: int | None = None, twin: Path | None = None, rack: MockRack | None = None
) -> Iterator[Station]:
    """Open, identify and configure every instrument; on any way out make all of them safe and close them.

    Where addresses say ``mock``, the simulated rack of the laboratory file is started first (``seed`` and ``twin`` are
    its), and ended last; unless ``rack`` runs already, and goes on.

    Raises
    ------
    ConfigError
        When a driver cannot be found.
    InstrumentError
        When an instrument does not open, is another than its driver expects, or refuses its settings; on the way out,
        when an output could not be made safe.
    """
    drivers = drivers_of(laboratory)
    limits = limits_of(laboratory)
    with terminate_orderly(), ExitStack() as stack:
        addresses = {name: entry.address for name, entry in laboratory.instruments.items()}
        clock: Clock = WallClock()
        if "mock" in addresses.values():
            rack = rack or stack.enter_context(mock_rack(laboratory.path, seed=seed, twin=twin))
            addresses = {name: _served(rack.addresses, name) if at == "mock" else at for name, at in addresses.items()}
            clock = VirtualClock(rack.say)
        instruments: dict[str, Instrument] = {}
        stack.push(_Closing(instruments, laboratory))

        def enter(name: str, driver: type[Instrument]) -> None:
            instruments[name] = driver.open(addresses[name], name=name).__enter__()

        each(enter, drivers)
        each(_identify, dict(instruments))
        each(
            lambda name, instrument: instrument.configure(laboratory.instruments[name], laboratory.limits.get(name)),
            dict(instruments),
        )
        each(lambda name, instrument: instrument.check(), dict(instruments))
        yield Station(laboratory, limits, {name: instruments[name] for name in drivers}, clock=clock)


@dataclass(frozen=True)
class _Closing:
    """The way out: everything safe, then every link closed; failures are added to what went wrong before."""

    instruments: Mapping[str, Instrument]
    laboratory: Laboratory

    def __call__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():
            failures = make_safe(self.instruments, self.laboratory.safe)
            answers = attempt_each(lambda name, link: link.__exit__(kind, error, trace), self.instruments)
        for name, answer in answers.items():
            if isinstance(answer, Exception):
                failures.append(InstrumentError(f"could not be closed ({said(answer)})", where=name))
        if error is not None:
            for failure in failures:
                error.add_note(str(failure))
        elif failures:
            for failure in failures[1:]:
                failures[0].add_note(f"also: {failure}")
            raise failures[0]


def _served(rack: Mapping[str, str], name: str) -> str:
    try:
        return rack[name]
    except KeyError:
        raise InstrumentError(
            "the simulated rack does not serve it", allowed=", ".join(rack), where=name, remedy="give it an address"
        ) from None


def _identify(name: str, instrument: Instrument) -> None:
    # Some instruments put a space after the comma.
    answered = instrument.idn.replace(", ", ",")
    if not answered.startswith(instrument.identity):
        raise InstrumentError(
            f"it is {instrument.idn!r}",
            allowed=f"{instrument.identity}...",
            where=name,
            remedy="correct the address or the driver in the laboratory file",
        )
