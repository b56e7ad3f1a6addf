"""Which loggers are known: the configuration, its file and the park file together; their passwords and clocks."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.hj212.config import DeviceConfig, Hj212Config
from connectors.hj212.devices import Device, known_devices, resend_key
from connectors.hj212.letters import LetterBudget
from connectors.hj212.packet import build, parse
from park.check import load_park
from park.index import TagTable
from park.yamlfile import FileInvalid
from service.config import load_config
from tests.integration.hj212.rig import BOREALIS, MN, OTHER, PARK

TAGS = TagTable(load_park(PARK, "park.yaml").park)
SECOND = 1_000_000


def _config(**fields: Any) -> Hj212Config:
    return Hj212Config.model_validate({"kind": "hj212", "id": "loggers", "port": 0, **fields})


def test_devices_of_the_park_file_are_known_with_the_defaults() -> None:
    known = known_devices(_config(defaults={"password": "111111", "strict": True}), TAGS)
    assert set(known) == {MN, OTHER, BOREALIS}
    assert (known[BOREALIS].enterprise, known[BOREALIS].config.strict) == ("borealis", True)
    assert known[MN].is_password("111111")
    assert not known[MN].is_password("222222")


def test_an_entry_says_more_than_the_defaults() -> None:
    entry = {"mn": MN, "strict": False, "password": "222222"}
    known = known_devices(_config(defaults={"strict": True, "st": "31"}, devices=[entry]), TAGS)
    assert (known[MN].config.strict, known[MN].config.st, known[MN].is_password("222222")) == (False, "31", True)


def test_defaults_hold_in_a_configuration_file_too(tmp_path: Path) -> None:
    (tmp_path / "park.yaml").write_text(PARK, "utf-8")
    (tmp_path / "more.csv").write_text(f"mn,strict\n{OTHER},false\n", "utf-8")
    (tmp_path / "parkwatch.yaml").write_text(
        "{park: park.yaml, data_dir: data, connectors: [{kind: hj212, id: loggers, port: 0, devices_file: more.csv,"
        f" defaults: {{strict: true, password: '111111'}}, devices: [{{mn: {MN}, st: '31'}}]}}]}}",
        "utf-8",
    )
    (config,) = load_config(tmp_path / "parkwatch.yaml").connectors
    assert isinstance(config, Hj212Config)
    known = known_devices(config, TAGS)
    assert {mn: (one.config.strict, one.config.st, one.is_password("111111")) for mn, one in known.items()} == {
        MN: (True, "31", True),
        OTHER: (False, "32", True),
        BOREALIS: (True, "32", True),
    }


def test_without_a_password_any_is_taken_and_commands_carry_the_last_one() -> None:
    device = known_devices(_config(), TAGS)[MN]
    assert device.is_password("abc")
    assert device.password() == "abc"


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        ([{"mn": "STRANGER"}], "no tag of the park comes from device STRANGER; say its enterprise"),
        ([{"mn": "STRANGER", "enterprise": "nobody"}], "no enterprise 'nobody'"),
        ([{"mn": MN, "enterprise": "borealis"}], "acme.outlet.cod"),
    ],
)
def test_contradictions_are_told(devices: list[dict[str, str]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        known_devices(_config(devices=devices), TAGS)


def test_a_logger_belongs_to_one_enterprise() -> None:
    text = PARK.replace(f"device: {BOREALIS}", f"device: {MN}")
    with pytest.raises(ValueError, match="two enterprises"):
        known_devices(_config(), TagTable(load_park(text, "park.yaml").park))


def test_one_mn_stands_there_once() -> None:
    with pytest.raises(ValidationError, match="twice"):
        _config(devices=[{"mn": "A"}, {"mn": "A"}])


def test_errors_about_a_device_do_not_show_its_password() -> None:
    with pytest.raises(ValidationError) as refused:
        _config(devices=[{"mn": "A", "password": "hunter2", "minute_interval": "7m"}])
    assert "MinInterval" in str(refused.value) or "minute_interval" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_of_devices_is_yaml_or_csv(tmp_path: Path) -> None:
    csv, yaml = tmp_path / "devices.csv", tmp_path / "devices.yaml"
    csv.write_text(
        f"mn,password,enterprise,version,strict,minute_interval\n{MN},000123,,2005,true,1m\nX1,,acme,,,\n", "utf-8-sig"
    )
    yaml.write_text(f'devices: [{{mn: {MN}, password: "000123", version: "2005", strict: true}}]\n')
    for file in (csv, yaml):
        device = known_devices(_config(devices_file=file), TAGS)[MN]
        assert (device.config.version, device.config.strict, device.is_password("000123")) == ("2005", True, True)
    assert known_devices(_config(devices_file=csv), TAGS)["X1"].enterprise == "acme"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("devices.csv", "mn,password\nA B,hunter2\n", "line 2: mn"),
        ("devices.csv", "mn,pasword\nA,hunter2\n", "line 2: pasword"),
        ("devices.csv", "mn\nA,hunter2,x\n", "line 2"),
        ("devices.yaml", "devices: [{mn: A, version: '2024'}]\n", "version"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_with_its_place(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    with pytest.raises((ValueError, FileInvalid)) as refused:
        known_devices(_config(devices_file=file), TAGS)
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(OSError, match="nowhere"):
        known_devices(_config(devices_file="nowhere.yaml"), TAGS)


def test_both_passwords_are_right_after_a_change() -> None:
    device = Device(DeviceConfig.model_validate({"mn": "A", "password": "old"}), "acme")
    device.also_password("new")
    assert [device.is_password(pw) for pw in ("old", "new", "other")] == [True, True, False]
    assert device.password() == "new"


def test_a_clock_is_read_from_the_least_delayed_packet() -> None:
    device = Device(DeviceConfig(mn="A"), "acme")
    for second, shown in ((100, 105.0), (101, 50.0), (102, 106.5)):  # the second is a resend
        device.note_clock(round(shown * SECOND), second * SECOND)
    assert device.health.clock_ahead_s == 5.0
    for second in (2_000, 4_000):
        device.note_clock((second - 7) * SECOND, second * SECOND)
    assert device.health.clock_ahead_s == -7.0


def _key(content: str, *, qn: str = "20261101080000000", **more: Any) -> int:
    return resend_key(parse(build(cn="2011", mn="A", pw="p", qn=qn, content=content, **more)[6:-6]))


def test_a_resend_is_known_by_its_content_and_part() -> None:
    content = "DataTime=20261101080000;w01018-Rtd=1.0"
    assert _key(content) == _key(content, qn="20261101080010000")
    assert _key(content) != _key("DataTime=20261101080000;w01018-Rtd=2.0")
    assert _key(content, flag=7, pnum=2, pno=1) != _key(content, flag=7, pnum=2, pno=2)


def test_the_packets_that_are_remembered_are_bounded() -> None:
    device = Device(DeviceConfig(mn="A"), "acme")
    for key in range(1_000):
        device.note_journalled(key)
    assert device.is_resend(999)
    assert not device.is_resend(0)
    assert len(device._known) <= 64


def test_strangers_letters_are_bounded_by_address_and_hour() -> None:
    budget = LetterBudget(2)
    hour = 3_600 * SECOND
    told = [budget.refuse("10.0.0.1", 0) for _ in range(4)]
    assert [one is None for one in told] == [True, True, False, False]
    assert [one.is_first for one in told if one] == [True, False]
    assert budget.refuse("10.0.0.2", 0) is None
    assert budget.refuse("10.0.0.1", hour) is None
    for number in range(20_000):
        budget.refuse(str(number), hour)
    assert len(budget._counts) <= 10_000
