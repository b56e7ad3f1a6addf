import pytest
from pydantic import ValidationError

from park.model import From


@pytest.mark.parametrize("name", ["EON1", "EON1/CEMS1", "Raspberry Pi", "化工园区/设备 1", "gw.7", "88888880000001"])
def test_device_may_be_called_as_it_is_on_the_wire(name: str) -> None:
    assert From(connector="link", device=name).device == name


@pytest.mark.parametrize("name", ["", " a", "a ", "/a", "a/", "a//b", "a/b/c", "a+", "#", "a\nb", "a\n", "x" * 65])
def test_name_that_no_topic_could_carry_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="device"):
        From(connector="link", device=name)
