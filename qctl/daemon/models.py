"""What the API takes and gives, checked at this border and nowhere else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from qctl.frontends import ReadLimits, refuse_many_points
from qctl.jobs.errors import InvalidJobError
from qctl.jobs.job import Job, Submission, number
from qctl.jobs.request import Isolation, JobClass
from qctl.jobs.states import OnCrash, State

Label = Annotated[str, StringConstraints(pattern=r"^j[1-9][0-9]{0,17}$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w{0,99}$")]
Value = bool | int | Annotated[float, Field(allow_inf_nan=False)] | Line
Row = Annotated[list[Value], Field(min_length=1, max_length=ReadLimits().points)]
Class = Literal["urgent_calibration", "interactive", "batch", "background"]


class Model(BaseModel):
    """Strict: nothing is converted, nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Submit(Model):
    """One job."""

    program: Annotated[str, Field(min_length=1, max_length=4 * 2**20, description="OpenQASM 2 or 3")]
    shots: Annotated[int, Field(ge=1, le=10**8)] = 1000
    name: Line = ""
    job_class: Annotated[Class, Field(alias="class")] = "batch"
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    isolation: Literal["shared", "solo"] = "shared"
    on_crash: Literal["resume", "restart", "never"] = "resume"
    after: Annotated[list[Label], Field(max_length=100)] = []
    deadline_s: Annotated[float, Field(gt=0, le=1e8)] | None = None
    max_gap_s: Annotated[float, Field(ge=0, le=1e8)] = 600.0
    parameters: Annotated[int, Field(ge=0, le=2**53)] | None = None
    optimise: bool = True
    stale_ok: bool = False
    inputs: Annotated[dict[Name, Value | Row], Field(max_length=1000)] = {}

    @field_validator("inputs", mode="before")
    @classmethod
    def _few_points(cls, inputs: object) -> object:
        # Said here: of a row that is too long, a union would say that it is no truth value.
        for name, row in inputs.items() if isinstance(inputs, dict) else ():
            if isinstance(row, list):
                refuse_many_points(len(row), str(name)[:100], ReadLimits().points)
        return inputs

    def submission(self) -> Submission:
        """Return it as the store takes it."""
        try:
            self.program.encode("utf-8")
        except UnicodeEncodeError as reason:
            raise InvalidJobError("a program with lone surrogates", allowed="text that UTF-8 can hold") from reason
        return Submission(
            program=self.program,
            shots=self.shots,
            name=self.name,
            job_class=JobClass[self.job_class.upper()],
            priority=self.priority,
            isolation=Isolation(self.isolation),
            on_crash=OnCrash(self.on_crash),
            after=tuple(number(label) or 0 for label in self.after),
            deadline_s=self.deadline_s,
            max_gap_s=self.max_gap_s,
            parameters=self.parameters,
            optimise=self.optimise,
            stale_ok=self.stale_ok,
            inputs=self.inputs,
        )


class Receipt(Model):
    """What a submission is answered with; ``created`` is false when the key came before."""

    job: Label
    created: bool


class JobView(Model):
    """A job as it stands."""

    job: Label
    user: str
    name: str
    state: State
    reason: str
    job_class: Annotated[str, Field(serialization_alias="class")]
    priority: int
    shots: int
    shots_done: int
    attempt: int
    parameters_id: str
    submitted: float
    changed: float
    result: str

    @classmethod
    def of(cls, job: Job) -> JobView:
        """Return the view of a job."""
        asked = job.submission
        return cls(
            job=job.label,
            user=job.user,
            name=asked.name,
            state=job.state,
            reason=job.reason,
            job_class=asked.job_class.name.lower(),
            priority=asked.priority,
            shots=asked.shots,
            shots_done=job.shots_done,
            attempt=job.attempt,
            parameters_id=job.parameters_id.partition("/")[2],
            submitted=job.submitted.wall,
            changed=job.changed.wall,
            result=job.result,
        )


class Reason(Model):
    """Why something is done to a job."""

    reason: Line = ""


class NewToken(Model):
    """A token to be made; the secret is in the answer, once."""

    user: Annotated[str, StringConstraints(max_length=64)]
    role: Literal["viewer", "user", "operator", "admin"] = "user"
    label: Line = ""
    life_s: Annotated[float, Field(gt=0, le=366 * 86400.0)] = 90 * 86400.0


class Refusal(Model):
    """Why a request was refused."""

    code: str
    said: str
    allowed: str
    where: str
    remedy: str


class Refused(Model):
    """The body of every answer that is not a success."""

    error: Refusal


Plain = dict[str, Any]
"""A document whose content is described in words."""
