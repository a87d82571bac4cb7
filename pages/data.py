"""Can the data be trusted? Values in another unit or missing, rows turned away, how the deliveries changed."""

from functools import partial

from dashboard.ui import deliveries, load, parts, schema, state, turned_away, values
from dashboard.ui.load import quality

scope = state.scope()
records = load.batches(scope.model)
says, more = deliveries.sentence(records)
units = quality.unit_changes(scope.model)
says = deliveries.with_checks(deliveries.with_units(says, units), load.findings(scope, "data"))
parts.sentence("Data", "Can the data be trusted?", says, more)
views = {
    "Values": partial(values.section, scope, units),
    "Turned away": partial(turned_away.section, scope, records),
    "Schema": partial(schema.section, scope, records),
    "Deliveries": partial(deliveries.section, records),
}
parts.views("view", views)
