"""The check sum of HJ 212-2017, Annex A. It is not CRC-16/MODBUS, though it has that one's polynomial.

Modbus takes each byte into the low half of its state; HJ 212 shifts first and throws the low half away. So the state
is 8 bits wide, only 256 different sums exist, and a byte counts the same at every eighth place: the sum is a weak
witness, and a packet's length, its ends and its fields must be looked at as well.
"""


def _table() -> tuple[int, ...]:
    sums = list(range(256))
    for _ in range(8):
        sums = [one >> 1 ^ (0xA001 if one & 1 else 0) for one in sums]
    return tuple(sums)


#: What a byte makes of a state of zero: the ordinary table of the polynomial 0xA001.
TABLE = _table()
_WORD_BITS = 64


def crc16(data: bytes) -> int:
    """The sum of a data segment (数据段), 0 to 0xFFFF. It is sent as four hex digits, high byte first."""
    if not data:
        return 0xFFFF
    bits = 8 * len(data)
    folded = int.from_bytes(data, "big") ^ 0xFF << bits - 8
    # Eight steps bring a byte's share of the state back to where it was, and shares are added by exclusive or. So
    # words of eight bytes, counted from the end, may be laid over each other before the table is asked at all.
    while bits > _WORD_BITS:
        bits = (bits // (2 * _WORD_BITS) + (bits % (2 * _WORD_BITS) > 0)) * _WORD_BITS
        folded = folded >> bits ^ folded & (1 << bits) - 1
    found = 0
    for byte in folded.to_bytes(8, "big"):
        found = TABLE[found >> 8 ^ byte]
    return found


def modbus16(data: bytes) -> int:
    """CRC-16/MODBUS of the same bytes: to tell a sender which mistake it makes."""
    state = 0xFFFF
    for byte in data:
        state = state >> 8 ^ TABLE[(state ^ byte) & 0xFF]
    return state


def explain_crc(data: bytes, given: int) -> str:
    """A sentence on why ``given`` is not the sum of ``data``: what it should be, and which known mistake it is."""
    right = crc16(data)
    text = f"CRC is {given:04X}, and the data segment's is {right:04X}"
    if given == modbus16(data):
        return f"{text}; this is the Modbus CRC; HJ 212 shifts first (HJ 212-2017, Annex A)"
    if given == (right & 0xFF) << 8 | right >> 8:
        return f"{text}; its bytes are swapped: send the high byte first"
    if TABLE.count(given) == 0:
        return f"{text}; no data has the sum {given:04X} in HJ 212, so the sender computes another CRC (Annex A)"
    return f"{text}; the data were damaged on the way"
