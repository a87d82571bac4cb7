"""The entry that Streamlit runs: the frame around every page. Its folder, not the package, ends up on `sys.path`."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from dashboard.errors import EvenhandError
from dashboard.ui import frame, login, menu, parts

HERE = Path(__file__).resolve().parent

st.set_page_config(layout="wide", page_icon=str(HERE / "mark.png"), initial_sidebar_state="collapsed")
st.logo(str(HERE / "wordmark.svg"), size="large")
parts.style()
groups = {
    group: [st.Page(menu.file(name), title=title, default=name == menu.FIRST) for name, title in names.items()]
    for group, names in menu.pages().items()
}
page = st.navigation(groups, position="top")
try:
    if login.gate() and frame.scope_row():
        page.run()
except EvenhandError as error:
    parts.trouble(error)
except Exception:
    logging.getLogger("evenhand").exception("page %s failed", page.title)
    parts.trouble(EvenhandError("This page could not be shown", todo="The reason stands in the server's log"))
