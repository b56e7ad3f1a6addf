"""The arithmetic of judgement: minute, hour, day and month means, validity, conversion, exceedance, marks, rates.

What each number means, exactly, is written in ``deploy/docs/judgement.md``. Columns in, columns out; no clock.
"""
