"""Whom does it serve worst, whoever they are? Groups nobody named beforehand, found and confirmed."""

import streamlit as st

from dashboard.ui import state, worst_groups

head = st.container()
worst_groups.section(state.scope(), head)
