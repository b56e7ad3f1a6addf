"""Joins the parts: journal, store, alerts, API, live stream, page."""
