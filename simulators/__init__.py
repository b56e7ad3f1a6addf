"""The other side of the wire: plants, loggers, faults and recordings, for trying the system without hardware."""
