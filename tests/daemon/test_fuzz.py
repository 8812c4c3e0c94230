"""Requests drawn from the API's own document, right and wrong ones: no 5xx, and each answer is as the document says.

``--api-calls N`` sends N of them, shared out over all endpoints.
"""

import numpy as np
import pytest
import schemathesis
from api_world import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from job_world import PROGRAM, segment
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from qctl.daemon.table import ENDPOINTS
from qctl.jobs.container import pack
from qctl.jobs.counted import count

CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance),
    *(negative_data_rejection,),
]


@pytest.fixture(scope="module")
def operations(served):
    document = served.ask("GET", "/openapi.json", token="viewer").json
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=f"http://127.0.0.1:{served.port}")
    return {one.ok().definition.raw["operationId"]: one.ok() for one in schema.get_all_operations()}


@pytest.fixture(scope="module")
def jobs(served):
    """Return a job that was cancelled, and one that is done, which have everything that can be asked for."""
    store, cancelled = served.store, served.store.submit(ROOT, PROGRAM).job
    store.cancel(ROOT, cancelled)
    job = store.submit(ROOT, PROGRAM).job
    (claim,) = (one for one in store.claim(1000, 30.0) if one.job == job)
    store.start([(claim, "1/abc")])
    counted = count(np.zeros((1, PROGRAM.shots, 1), np.uint8))
    data = pack({"n_bits": 1, "window": "1.1", "co_runners": []}, counted.arrays())
    store.add_segments([segment(job, 0, PROGRAM.shots, fence=claim.fence, data=data)])
    store.finish(claim, served.house.results.keep(data), len(data))
    return [f"j{cancelled}", f"j{job}"]


@pytest.mark.parametrize("name", [one.name for one in ENDPOINTS])
def test_no_request_breaks_the_server_or_is_answered_otherwise_than_documented(served, operations, jobs, name, request):
    operation = operations[name]
    number = max(1, request.config.getoption("--api-calls") // len(ENDPOINTS))
    cases = st.one_of(operation.as_strategy(mode) for mode in GenerationMode)
    roles, known = st.sampled_from(["admin", "admin", "user", "viewer"]), st.sampled_from([None, *jobs])

    @settings(
        max_examples=number, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(cases, roles, known)
    def call(case, role, job):
        if job is not None and "job" in case.path_parameters:
            case.path_parameters["job"] = job
        if name == "events" and case.query:
            case.query.pop("follow", None)  # for ever is not a test
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {served.tokens[role]}"})

    call()
