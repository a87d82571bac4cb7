"""How fast does it answer, and does it answer at all? What was promised, and what is left of the budget."""

from functools import partial

from dashboard.ui import energy, failures, headlines, load, parts, promises, say, service, state

scope = state.scope()
readings = load.readings(scope, kinds=("service",))
findings = load.findings(scope, "service")
promise = (load.promise(scope, "latency_p95") or (None, None))[1]
says, more = headlines.service(readings, promise, findings)
parts.sentence("Service", "How fast does it answer, and does it answer at all?", says, more)
parts.note(say.drift_window(load.days(scope), None))
parts.findings([(finding.state, finding.sentence) for finding in findings])

views = {
    "Answers": partial(service.answers, scope, readings, f"{says} {more}"),
    "Failures": partial(failures.section, scope),
    "Load": partial(service.against_load, scope),
    "Promise": partial(promises.section, scope),
    "Energy and cost": partial(energy.section, scope),
}
parts.views("view", views)
