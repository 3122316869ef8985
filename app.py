"""`streamlit run app.py`: the clinic in a browser, for those who have signed in.

Streamlit reads this file twice. The server imports it and finds ``app`` by reading the source, so it must stay a
plain assignment; then every page view runs it as a script.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from tracker.web import application

if get_script_run_ctx(suppress_warning=True) is None:
    app = st.App(
        __file__,
        routes=application.ROUTES,
        middleware=application.middleware(),
        lifespan=application.lifespan,
        on_script_error=application.report_fault,
    )
else:
    application.show()
