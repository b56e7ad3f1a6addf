"""What departs from HJ 212 and is tolerated: a fixed short word for each, and what it means for whoever is to mend it.

The words are counted by device and shown to the enterprise. In strict mode each of them is a refusal.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Words(NamedTuple):
    """One deviation in both languages."""

    en: str
    zh: str


DEVIATIONS: Mapping[str, Words] = MappingProxyType(
    {
        # framing
        "lf_only": Words("the packet ends with LF alone; end it with CR LF", "包尾只有 LF，应为 CR LF"),
        "cr_only": Words("the packet ends with CR alone; end it with CR LF", "包尾只有 CR，应为 CR LF"),
        "no_tail": Words("no CR LF after the CRC", "缺少包尾 CR LF"),
        "stray_bytes": Words("blanks or line ends stand between packets", "包与包之间有多余的空白"),
        "long_segment": Words("the data segment is longer than 1024 bytes; split it", "数据段超过 1024 字节，应拆分包"),
        "length_in_characters": Words(
            "the length counts characters; count UTF-8 bytes", "长度按字符计，应按 UTF-8 字节计"
        ),
        # data segment
        "empty_segment": Words("the data segment is empty", "数据段为空"),
        "stray_blank": Words("a blank stands where none belongs", "多余的空格"),
        "comma_after_qn": Words("a comma after QN; write a semicolon", "QN 后为逗号，应为分号"),
        "comma_after_st": Words("a comma after ST; write a semicolon", "ST 后为逗号，应为分号"),
        "comma_after_cn": Words("a comma after CN; write a semicolon", "CN 后为逗号，应为分号"),
        "comma_after_pw": Words("a comma after PW; write a semicolon", "PW 后为逗号，应为分号"),
        "comma_after_mn": Words("a comma after MN; write a semicolon", "MN 后为逗号，应为分号"),
        "comma_after_flag": Words("a comma after Flag; write a semicolon", "Flag 后为逗号，应为分号"),
        "comma_after_pnum": Words("a comma after PNUM; write a semicolon", "PNUM 后为逗号，应为分号"),
        "comma_after_pno": Words("a comma after PNO; write a semicolon", "PNO 后为逗号，应为分号"),
        "missing_semicolon": Words("a semicolon between two fields is missing", "字段之间缺少分号"),
        "field_order": Words("the fields are not in the standard's order", "字段顺序与标准不符"),
        "duplicate_field": Words("a field stands twice; the first counts", "字段重复，取第一个"),
        "unknown_field": Words("a field that the standard does not have", "标准中没有的字段"),
        "name_case": Words("a name in other letters than the standard's (DataTime, Rtd)", "名称大小写与标准不符"),
        "missing_qn": Words("no QN", "缺少 QN"),
        "bad_qn": Words("QN is no time with milliseconds", "QN 不是有效时间"),
        "missing_st": Words("no ST", "缺少 ST"),
        "bad_st": Words("ST is not two digits", "ST 不是两位数字"),
        "missing_pw": Words("no PW", "缺少 PW"),
        "mn_form": Words("MN is not 24 digits and letters A to F", "MN 不是 24 位 0-9、A-F"),
        "bad_flag": Words("Flag is no number up to 255", "Flag 不是 0-255 的整数"),
        "bad_split": Words("Flag says a part of several, and PNUM and PNO do not", "拆分标志与 PNUM、PNO 不一致"),
        "split_without_flag": Words("PNUM or PNO, and Flag says it is not split", "有 PNUM、PNO 而 Flag 未标拆分"),
        "unknown_cn": Words("a command that the standard does not have", "标准中没有的命令编码"),
        "missing_cp": Words("no CP", "缺少 CP"),
        "ampersands": Words("CP is not between && and &&", "CP 未以 && 起止"),
        "text_after_cp": Words("something stands after the closing &&", "CP 结束后有多余内容"),
        "control_character": Words("a control character inside the packet", "包内有控制字符"),
        "not_utf8": Words("Chinese text in GB 18030; send UTF-8", "汉字为 GB 18030 编码，应为 UTF-8"),
        "not_text": Words("bytes that are no text", "含有非文本字节"),
        # items
        "code_mismatch": Words(
            "a code without its first letter, read as its neighbours'", "污染物编码缺少首字母，按同组读取"
        ),
        "comma_in_request": Words("a comma between two parameters; write a semicolon", "参数之间为逗号，应为分号"),
        "comma_between_items": Words("a comma between two items; write a semicolon", "不同项目之间为逗号，应为分号"),
        "semicolon_in_item": Words(
            "a semicolon between values of one item; write a comma", "同一项目内为分号，应为逗号"
        ),
        "duplicate_item": Words("a value stands twice; the last counts", "数据项重复，取最后一个"),
        "empty_item": Words("nothing between two separators", "分隔符之间为空"),
        "item_without_value": Words("text without = between two separators", "数据项缺少等号"),
        "item_without_name": Words("a value without a name", "数据项缺少名称"),
        "unknown_suffix": Words(
            "a field that the standard does not have; kept in the raw packet", "标准中没有的后缀，仅保留原文"
        ),
        # values
        "no_value": Words("an empty value, a dash or NaN: kept as bad", "空值、横线或 NaN，按无效数据保存"),
        "number_form": Words(
            "a number with an exponent, a plus sign or a bare point", "数值写法不规范（指数、正号等）"
        ),
        "unknown_flag": Words(
            "a data flag that the standard does not have: kept as uncertain", "标准中没有的数据标记，按存疑保存"
        ),
        "flag_case": Words("a data flag in a small letter", "数据标记为小写"),
        "empty_flag": Words("an empty data flag", "数据标记为空"),
        "other_version": Words("Flag says another version than configured", "Flag 的版本与配置不符"),
    }
)
