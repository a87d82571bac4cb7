"""I have seen this, and I answer for it: what is approved, what was found, what stands already, and the signature."""

import streamlit as st

from dashboard.ui import evidence, parts, people, sign_form, signing, state, verdicts

scope = state.scope()
given = evidence.evidence(scope)
earlier = people.signed(scope.model)
says, more = signing.sentence(given, earlier)
parts.sentence("Sign-off", "I have seen this, and I answer for it.", says, more)

parts.section("What would be signed")
parts.table(signing.subject(given), "The model, the days and the evidence")
parts.section("What was found", signing.found(given))
parts.findings([(finding.state, finding.sentence) for finding in signing.to_answer(given)])
with st.expander(f"All {len(given.findings)} checks"):
    parts.findings_table(given.findings, "Every check of the policy for these days")
parts.download(verdicts.frame(given.findings), "findings", "Download all checks (CSV)")
parts.download(signing.readings(given), "readings", "Download every number behind it (CSV)")

parts.section("What people said", signing.said(people.flags(scope.model)))
changed = signing.changed(given, earlier)
if changed:
    parts.section("What changed since the last approval")
    parts.findings([(None, sentence) for sentence in changed])

parts.section("Sign")
sign_form.form(given, signing.to_answer(given))

if earlier:
    parts.section("Signed before")
    for recorded, done in earlier:
        signing.earlier(recorded, done, evidence.still_stands(done))
