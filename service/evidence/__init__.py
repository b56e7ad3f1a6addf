"""Packs that prove what happened: signed, complete, and worthless with one byte changed."""
