"""The dashboard: the server, the frame around every page, the scope in the URL, and the parts pages are built of."""
