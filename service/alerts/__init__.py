"""The alert book: states by ISA-18.2 / IEC 62682, and the hash-chained record of every change."""
