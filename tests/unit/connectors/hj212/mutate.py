"""Telegrams broken in every way that we could think of; the same seed gives the same ones."""

import random
from collections.abc import Iterator

from connectors.hj212.packet import frame
from tests.unit.connectors.hj212.oracles import MN, telegram

_ITEMS = "w01018-Rtd=2.2,w01018-Flag=N;w01001-Rtd=7.1,w01001-Flag=N;w21003-SampleTime=20160801070000,w21003-Rtd=0.3"
_MEANS = "w01018-Cou=63.0,w01018-Min=40.1,w01018-Avg=40.1,w01018-Max=40.2,w01018-ZsAvg=41,w01018-Flag=N"
_T = "DataTime=20160801085857"
SEEDS = (
    telegram(f"{_T};{_ITEMS}"),
    telegram(f"{_T};{_ITEMS}", flag=None, qn=""),
    telegram(f"DataTime=20160801080000;{_MEANS}", cn="2061"),
    telegram(f"DataTime=20160801084000;{_MEANS};w01001-Avg=7.5", cn="2051"),
    telegram(f"DataTime=20160801000000;{_MEANS};L5-DayData=53.0", cn="2031", flag=9),
    telegram(f"{_T};{_ITEMS}", flag=7, pnum=2, pno=1),
    telegram(f"{_T};w01001-Flag=D;w01018-Rtd=1", flag=7, pnum=2, pno=2),
    telegram(f"{_T};SB1-RS=1;SB2-RS=0", cn="2021"),
    telegram("DataTime=20160801000000;SB1-RT=1.1", cn="2041"),
    telegram(f"{_T};PolId=w01018;i12001-Info=1;i11001-Info=//清洗管路//", cn="3020"),
    telegram(f"{_T};RestartTime=20160801085624", cn="2081"),
    telegram(f"{_T};VaseNo=1", cn="3015"),
    telegram("QnRtn=1", cn="9011", st="91", flag=4),
    telegram("", cn="9015", flag=9),
    telegram("A0b1C2d3E4f5A0b1C2d3E4f5==", flag=9),
    b"##0000FFFF\r\n",
)
_BITS = (
    *(b";", b",", b"=", b"&&", b"&", b"##", b"-", b" ", b"\0", b"//", b"\r\n", b"\n", b"\r", b"\xff\xfe", b"\x81"),
    *(b"CP=", b"Flag=", b"Flag=255", b"QN=", b"MN=", b"ST=32CN=2011;", b"PNUM=3;PNO=1;", b"PNUM=9999;", b"PNO=0;"),
    *(b"-Rtd=", b"-Flag=", b"-SampleTime=", b"w01018", b"01018-Rtd=1", b"DataTime=", b"DataTime=20160231000000;"),
    *(b"1e3", b"1e999", b"NaN", b"-inf", b"1,000", b"0x10", b"1_0", b"9" * 400, b"--", b"##0101", b"##9999", b"0000"),
    *("汉".encode(), "１２".encode(), "汉".encode("gbk"), MN.encode()),
)


def mutants(seed: int) -> Iterator[bytes]:
    """Without end. Half of them are framed anew after they were broken, so that what is behind the CRC is reached."""
    rng = random.Random(seed)
    while True:
        whole = rng.random() < 0.5
        broken = bytearray(rng.choice(SEEDS)[6:-6] if whole else rng.choice(SEEDS))
        for _ in range(rng.randrange(1, 5)):
            _break(broken, rng)
        yield frame(bytes(broken[:9000])) if whole else bytes(broken)


def _break(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    way = rng.randrange(7)
    if way == 0 and data:
        data[at - 1] = rng.randrange(256)
    elif way == 1:
        data[at:at] = rng.choice(_BITS)
    elif way == 2:
        del data[at : at + rng.randrange(30)]
    elif way == 3:
        other = rng.choice(SEEDS)
        begin = rng.randrange(len(other))
        data[at:at] = other[begin : begin + rng.randrange(60)]
    elif way == 4:
        data[at : at + rng.randrange(20)] = rng.choice(_BITS)
    elif way == 5:
        data[at:at] = data[at : at + rng.randrange(40)] * rng.randrange(1, 4)
    else:
        data[at : at + 2] = data[at : at + 2][::-1]
