"""Fetching Debian packages without installing anything: the machine's own archive and keys, a private apt.

Standard library only: set-up uses it before there is an environment to install into.
"""
