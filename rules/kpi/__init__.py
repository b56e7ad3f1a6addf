"""Key figures of an alarm system, after ISA-18.2 and EEMUA 191."""
