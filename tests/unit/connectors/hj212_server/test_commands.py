"""Commands: the fields of the standard's examples, and parameters that are refused with what would do."""

from typing import Any

import pytest

from connectors.devices import CommandForbidden, CommandInvalid
from connectors.hj212 import commands

#: 2016-08-01 08:58:57 +08:00, the moment of the standard's examples.
NOW_US = 1_470_013_137_000_000
SPAN = {"from": "2016-08-01T08:40:00+08:00", "to": "2016-08-01T08:40:00+08:00"}


def _build(name: str, *, allow_control: bool = True, **parameters: Any) -> commands.Built:
    return commands.build(name, parameters, now_us=NOW_US, allow_control=allow_control)


@pytest.mark.parametrize(
    ("name", "parameters", "cn", "content"),
    [
        pytest.param("set-timeout", {"timeout_s": 5, "resends": 3}, "1000", "OverTime=5;ReCount=3", id="C.1"),
        pytest.param("get-clock", {"pollutant": "w01018"}, "1011", "PolId=w01018", id="C.2"),
        pytest.param(
            *("set-clock", {"pollutant": "w01018"}, "1012", "PolId=w01018;SystemTime=20160801085857"), id="C.3"
        ),
        pytest.param("get-realtime-interval", {}, "1061", "", id="C.5"),
        pytest.param("set-realtime-interval", {"seconds": 30}, "1062", "RtdInterval=30", id="C.6"),
        pytest.param("set-minute-interval", {"minutes": "10"}, "1064", "MinInterval=10", id="C.8"),
        pytest.param("set-password", {"password": "654321"}, "1072", "NewPW=654321", id="C.9"),
        pytest.param("start-realtime", {}, "2011", "", id="C.10"),
        pytest.param("stop-realtime", {}, "2012", "", id="C.11"),
        pytest.param("history", {"of": "minute", **SPAN}, "2051", "BeginTime=20160801084000;EndTime=20160801084000"),
        pytest.param("calibrate", {"pollutant": "w01018"}, "3011", "PolId=w01018"),
        pytest.param(
            "set-sampling-period",
            {"pollutant": "w01018", "start": "000000", "hours": 2},
            "3016",
            "PolId=w01018;CstartTime=000000;Ctime=2",
        ),
        pytest.param(
            "get-information", {"pollutant": "w01018", "info": "i12001"}, "3020", "PolId=w01018;InfoId=i12001"
        ),
        pytest.param(
            "set-parameter",
            {"pollutant": "w01018", "info": "i13004", "value": "168.0"},
            "3021",
            "PolId=w01018;InfoId=i13004;i13004-Info=168.0",
        ),
    ],
)
def test_it_is_written_as_in_the_standards_examples(
    name: str, parameters: dict[str, Any], cn: str, content: str
) -> None:
    built = _build(name, **parameters)
    assert (built.cn, built.text) == (cn, content)


@pytest.mark.parametrize(
    ("name", "parameters", "where", "fix"),
    [
        ("fly", {}, "command", "set-clock"),
        ("set-realtime-interval", {"seconds": 29}, "parameters.seconds", "30 to 3600"),
        ("set-realtime-interval", {"seconds": 3_601}, "parameters.seconds", "30 to 3600"),
        ("set-realtime-interval", {"seconds": True}, "parameters.seconds", "30 to 3600"),
        ("set-realtime-interval", {"seconds": 30.5}, "parameters.seconds", "30 to 3600"),
        ("set-realtime-interval", {}, "parameters.seconds", "give seconds"),
        ("set-realtime-interval", {"seconds": 30, "minutes": 1}, "parameters.minutes", "remove minutes"),
        ("set-minute-interval", {"minutes": 7}, "parameters.minutes", "1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30"),
        ("set-clock", {"time": "2026-11-01 08:00:00"}, "parameters.time", "with an offset"),
        ("set-clock", {"time": "soon"}, "parameters.time", "RFC 3339"),
        ("set-clock", {"time": "9999-12-31T23:59:59+00:00"}, "parameters.time", "year"),
        ("history", {"of": "second", **SPAN}, "parameters.of", "minute"),
        ("history", {"of": "hour", **SPAN, "to": "2016-07-01T00:00:00Z"}, "parameters.to", "later"),
        ("history", {"of": "hour", **SPAN, "to": "2019-07-01T00:00:00Z"}, "parameters.to", "shorter"),
        ("calibrate", {}, "parameters.pollutant", "give pollutant"),
        ("calibrate", {"pollutant": "w01018;CP=1"}, "parameters.pollutant", "w01018"),
        ("set-parameter", {"info": "i13004", "value": "1&&"}, "parameters.value", "without"),
        ("set-sampling-period", {"pollutant": "w01018", "start": "25", "hours": 2}, "parameters.start", "hhmmss"),
        ("set-password", {"password": "1234567"}, "parameters.password", "6"),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(name: str, parameters: dict[str, Any], where: str, fix: str) -> None:
    with pytest.raises(CommandInvalid) as refused:
        _build(name, **parameters)
    assert refused.value.where == where
    assert fix in refused.value.fix


def test_a_password_is_shown_nowhere() -> None:
    built = _build("set-password", password="654321")
    assert "654321" not in str(built.shown)
    with pytest.raises(CommandInvalid) as refused:
        _build("set-password", password="too long to be one")
    assert "too long" not in f"{refused.value} {refused.value.value}"


def test_exactly_those_that_act_on_instruments_need_to_be_allowed() -> None:
    cns = {"3011", "3012", "3013", "3014", "3015", "3016", "3017", "3021"}
    assert {commands._KINDS[name].cn for name in commands.CONTROL} == cns
    with pytest.raises(CommandForbidden, match="allow_control"):
        _build("sample", allow_control=False, pollutant="w01018")


def test_no_parameter_can_break_out_of_its_field() -> None:
    for name in ("get-clock", "get-serial", "calibrate"):
        for text in ("a;b", "a,b", "a&&", "a\r\n", "=", "", " w01018"):
            with pytest.raises(CommandInvalid):
                _build(name, pollutant=text)
