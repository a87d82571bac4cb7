"""What happened, and can I prove it? Every act in order, whether the record is whole, and what no check can see."""

from dashboard.ui import audit, parts, record

found = record.checked()
says, more = record.sentence(found)
parts.sentence("Audit", "What happened, and can I prove it?", says, more)
if found.broken:
    parts.findings([("outside", fault) for fault in found.broken[:10]])

if found.events:
    asked = audit.filters()
    audit.listed(record.acts(asked), asked)
    audit.anchors(found)
else:
    parts.nothing("No flag and no sign-off yet.", "Flag a case on Cases, or sign a version on Sign-off.")

parts.section("What no check can see", "Said here so that nobody relies on it.")
parts.findings([(None, text) for text in found.cannot_detect])
