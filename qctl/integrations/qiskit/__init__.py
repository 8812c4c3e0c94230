"""Qiskit on qctl: a backend with a true target, and both primitives."""

from .backend import Backend
from .estimator import EstimatorV2
from .job import Job, PrimitiveJob
from .sampler import SamplerV2

__all__ = ["Backend", "EstimatorV2", "Job", "PrimitiveJob", "SamplerV2"]
