"""One byte tells how far a sample may be believed, whichever protocol it came by."""

import numpy as np
import pytest
from asyncua.ua.status_codes import StatusCodes
from hypothesis import given
from hypothesis import strategies as st

from park.quality import (
    HJ212_FLAGS,
    LATE,
    Detail,
    Quality,
    describe,
    from_opcua_status,
    quality_byte,
    quality_class,
)

_OVERFLOW = 0x0480  # info type "data value", overflow bit

_DETAILS = {
    "BadNoCommunication": "bad/comm_failure",
    "BadCommunicationError": "bad/comm_failure",
    "BadWaitingForInitialData": "bad/waiting_for_initial_data",
    "BadServerNotConnected": "bad/not_connected",
    "BadNotConnected": "bad/not_connected",
    "BadConfigurationError": "bad/configuration",
    "BadDeadbandFilterInvalid": "bad/configuration",
    "BadNodeIdInvalid": "bad/configuration",
    "BadNodeIdUnknown": "bad/configuration",
    "BadDeviceFailure": "bad/device_failure",
    "BadSensorFailure": "bad/sensor_failure",
    "BadOutOfService": "bad/out_of_service",
    "BadInternalError": "bad",
    "UncertainNoCommunicationLastUsableValue": "uncertain/last_usable_value",
    "UncertainLastUsableValue": "uncertain/last_usable_value",
    "UncertainSubstituteValue": "uncertain/substitute_value",
    "UncertainInitialValue": "uncertain/initial_value",
    "UncertainSensorNotAccurate": "uncertain/sensor_not_accurate",
    "UncertainEngineeringUnitsExceeded": "uncertain/engineering_units_exceeded",
    "UncertainSubNormal": "uncertain/sub_normal",
    "UncertainReferenceOutOfServer": "uncertain",
    "Good": "good",
    "GoodLocalOverride": "good/local_override",
    "GoodClamped": "good",
}


@pytest.mark.parametrize(("name", "expected"), _DETAILS.items())
def test_opcua_status_keeps_its_meaning(name: str, expected: str) -> None:
    assert describe(from_opcua_status(getattr(StatusCodes, name))) == expected


def test_every_status_code_of_the_specification_gets_the_class_of_its_severity() -> None:
    severities = {"Good": Quality.GOOD, "Uncertain": Quality.UNCERTAIN, "Bad": Quality.BAD}
    codes = {name: code for name, code in vars(StatusCodes).items() if isinstance(code, int)}
    assert len(codes) > 200
    for name, code in codes.items():
        severity = next(severity for word, severity in severities.items() if name.startswith(word))
        assert from_opcua_status(code) & 0x03 == severity, name


@pytest.mark.parametrize(("severity", "quality"), [(0, 0), (1, 1), (2, 2), pytest.param(3, 2, id="reserved is bad")])
@given(below=st.integers(0, 0x3FFF_FFFF))
def test_severity_alone_decides_the_class(severity: int, quality: int, below: int) -> None:
    assert from_opcua_status(severity << 30 | below) & 0x03 == quality


@given(name=st.sampled_from(sorted(_DETAILS)), info=st.integers(0, 0xFFFF))
def test_info_bits_do_not_hide_the_reason(name: str, info: int) -> None:
    code = getattr(StatusCodes, name)
    told = describe(from_opcua_status(code))
    assert told.partition("/")[2] in ("", describe(from_opcua_status(code | info)).partition("/")[2])


def test_a_queue_that_overflowed_is_told() -> None:
    assert describe(from_opcua_status(StatusCodes.Good | _OVERFLOW)) == "good/overflow"
    assert describe(from_opcua_status(StatusCodes.Good | 0x0080)) == "good", "info type is not data value"
    assert describe(from_opcua_status(StatusCodes.BadSensorFailure | _OVERFLOW)) == "bad/sensor_failure"


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("N", "good"),
        ("F", "bad/stopped"),
        ("M", "bad/maintenance"),
        ("S", "uncertain/manual"),
        ("D", "bad/device_failure"),
        ("C", "bad/calibration"),
        pytest.param("T", "uncertain/over_range", id="T: over range must still raise an alarm"),
        ("B", "bad/comm_failure"),
    ],
)
def test_hj212_flag_keeps_its_meaning(flag: str, expected: str) -> None:
    assert describe(HJ212_FLAGS[flag]) == expected


def test_no_hj212_flag_is_forgotten() -> None:
    assert "".join(HJ212_FLAGS) == "NFMSDCTB"


@given(st.lists(st.integers(0, 255)))
def test_class_of_any_byte_is_one_of_three(values: list[int]) -> None:
    classes = quality_class(np.array(values, dtype=np.uint8))
    assert classes.dtype == np.uint8
    assert classes.tolist() == [min(value & 3, 2) for value in values]


@given(quality=st.sampled_from(Quality), detail=st.sampled_from(Detail), late=st.booleans())
def test_class_detail_and_late_bit_do_not_touch_each_other(quality: Quality, detail: Detail, late: bool) -> None:
    byte = quality_byte(quality, detail) | (LATE if late else 0)
    assert 0 <= byte <= 255
    assert quality_class(np.array([byte], dtype=np.uint8)) == [quality]
    expected = quality.name.lower() + (f"/{detail.name.lower()}" if detail else "") + (" late" if late else "")
    assert describe(byte) == expected


def test_describe_has_a_different_text_for_every_byte_that_can_arise() -> None:
    bytes_ = [byte for byte in range(256) if byte & 3 != 3]
    assert len({describe(byte) for byte in bytes_}) == len(bytes_)
