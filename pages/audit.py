"""What happened, and can I prove it? Every act in order, whether the record is whole, and what no check can see."""

import streamlit as st

from dashboard.ui import parts, people

acts, checked = people.record()
says, more = people.record_sentence(len(acts), checked)
parts.sentence("Audit", "What happened, and can I prove it?", says, more)
if not checked.intact:
    parts.findings([("outside", fault) for fault in checked.broken])

if acts:
    with st.container(horizontal=True):
        who = st.selectbox("Who", ["everybody", *people.names(acts)], key="who", width=240)
        what = st.selectbox("What", ["every act", *people.kinds(acts)], key="what", width=200)
    shown = people.only(acts, who, what)
    parts.table(people.acts_table(shown[:50]), "Acts, newest first")
    parts.download(people.acts_frame(shown), "acts")
    opened = st.selectbox("Open an act", [f"#{one.sequence}" for one in shown], key="act", width=160)
    if opened:
        parts.receipt(people.receipt(shown, opened), opened)
else:
    parts.nothing("No flag and no sign-off yet.", "Flag a case on Cases, or sign a version on Sign-off.")

parts.section("What no check can see", "Said here so that nobody relies on it.")
parts.findings([(None, text) for text in checked.cannot_detect])
