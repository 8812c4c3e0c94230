"""The last line before the wire: what an AWG is about to be sent stays within the limits of the laboratory file.

Everything was checked when it was compiled; this looks again at the very codes that leave, and knows nothing of how
they came to be.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qctl.core.errors import LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.sequence import Playlist

FULL_CODE = 32767


def refuse_beyond_limits(playlists: Mapping[str, Playlist], laboratory: Laboratory) -> None:
    """Raise LimitError when an AWG is not of this laboratory, or would play more than its limits allow.

    Parameters
    ----------
    playlists : by AWG; codes of int16, where 32767 is full scale
    """
    for name, playlist in playlists.items():
        entry, limit = laboratory.instruments.get(name), laboratory.limits.get(name)
        if entry is None or entry.full_scale is None:
            raise LimitError("waveforms for no AWG of this laboratory", where=name)
        for waveform in playlist.waveforms:
            if waveform.codes.dtype != np.int16 or int(waveform.codes.min(initial=0)) < -FULL_CODE:
                raise LimitError("codes that no DAC has", allowed=f"int16 from -{FULL_CODE}", where=name)
            if limit is not None and limit.unit == "V":
                low = float(waveform.codes.min(initial=0)) * entry.full_scale / FULL_CODE
                high = float(waveform.codes.max(initial=0)) * entry.full_scale / FULL_CODE
                if low < limit.min or high > limit.max:
                    raise LimitError(
                        f"{low:g} V to {high:g} V", allowed=f"{limit.min:g} V to {limit.max:g} V", where=name
                    )
