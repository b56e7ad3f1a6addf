"""The words for measured quantities that judgement knows, with their Chinese names and HJ 212-2017 codes (Annex B).

A park file may use other words too; limits of standards exist for these alone. A code tells what is measured, never
in which unit: that is the tag's (the code table's ng/m3 for ammonia and PM2.5 is sent by nobody). Ozone's code is not
in Annex B, but it is what stations send.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Quantity:
    """One word of the vocabulary."""

    word: str
    name: str
    #: HJ 212-2017 codes; several where gas, ambient air and water have their own. Empty: the standard has none.
    codes: tuple[str, ...]
    #: False: a condition under which is measured (flow, oxygen, wind), for which no emission limit exists.
    is_pollutant: bool


_CONDITIONS = """
flow 流量 a00000 w00000
oxygen 含氧量 a19001
humidity 湿度 a01014 a01002
temperature 温度 a01012 a01001 w01010
pressure 压力 a01013 a01006
velocity 烟气流速 a01011
wind_speed 风速 a01007
wind_direction 风向 a01008
rainfall 降雨量
conductivity 电导率 w01014
dissolved_oxygen 溶解氧 w01009
level 液位
furnace_temperature 焚烧炉膛温度 a01901
"""

_POLLUTANTS = """
particulates 颗粒物 a34013
tsp 总悬浮颗粒物 a34001
pm10 可吸入颗粒物PM10 a34002
pm25 细颗粒物PM2.5 a34004
sulfur_dioxide 二氧化硫 a21026
nitrogen_oxides 氮氧化物 a21002
nitrogen_oxide 一氧化氮 a21003
nitrogen_dioxide 二氧化氮 a21004
carbon_monoxide 一氧化碳 a21005
ozone 臭氧 a05024
nmhc 非甲烷总烃 a24088
voc 挥发性有机物
tvoc 总挥发性有机物TVOC
total_hydrocarbons 碳氢化合物 a24087
methane 甲烷 a05002
benzene 苯 a25002
toluene 甲苯 a25003
ethylbenzene 乙苯 a25004
xylene 二甲苯 a25005
benzene_series 苯系物
styrene 苯乙烯 a25038
chlorobenzenes 氯苯类 a25010
n_hexane 正己烷 a24042
cyclohexane 环己烷 a24036
methanol 甲醇 a30001
formaldehyde 甲醛 a31001
acetaldehyde 乙醛 a31002
acrolein 丙烯醛
acetone 丙酮 a31024
acrylonitrile 丙烯腈 a99010
vinyl_chloride 氯乙烯 a24046
butadiene 1,3-丁二烯 a24078
dichloroethane_1_2 1,2-二氯乙烷 a24017
dichloromethane 二氯甲烷 a24003
chloroform 三氯甲烷 a24004
trichloroethylene 三氯乙烯 a24049
ethylene_oxide 环氧乙烷
propylene_oxide 环氧丙烷
epichlorohydrin 环氧氯丙烷
phenols 酚类 a23001
anilines 苯胺类 a26001
phosgene 光气 a99049
methyl_isocyanate 异氰酸甲酯
isocyanates 异氰酸酯类
tdi 甲苯二异氰酸酯TDI
mdi 二苯基甲烷二异氰酸酯MDI
ipdi 异佛尔酮二异氰酸酯IPDI
papi 多亚甲基多苯基异氰酸酯PAPI
acrylic_acid 丙烯酸
vinyl_acetate 乙酸乙烯酯 a29026
phthalic_anhydride 邻苯二甲酸酐
maleic_anhydride 马来酸酐
benzo_a_pyrene 苯并[a]芘 a25044
dioxins 二噁英类
chlorine 氯气 a21022
hydrogen_chloride 氯化氢 a21024
hydrogen_fluoride 氟化氢
hydrogen_bromide 溴化氢
fluorides 氟化物 a21018 w21017
hydrogen_cyanide 氰化氢 a21017
ammonia 氨 a21001
hydrogen_sulfide 硫化氢 a21028
trimethylamine 三甲胺
methanethiol 甲硫醇
carbon_disulfide 二硫化碳 a99051
sulfuric_acid_mist 硫酸雾 a34039
odour 臭气浓度
ph pH值 w01001
colour 色度 w01002
suspended_solids 悬浮物 w01012
cod 化学需氧量 w01018
bod5 五日生化需氧量 w01017
toc 总有机碳 w01020
ammonia_nitrogen 氨氮 w21003
total_nitrogen 总氮 w21001
total_phosphorus 总磷 w21011
phosphate 磷酸盐（以P计）
petroleum 石油类 w22001
sulfide 硫化物 w21019
volatile_phenol 挥发酚 w23002
cyanide 总氰化物 w21016
aox 可吸附有机卤素AOX
total_chromium 总铬 w20116
hexavalent_chromium 六价铬 w20117
total_nickel 总镍 w20121
total_copper 总铜 w20122
total_zinc 总锌 w20123
"""


def _parsed(text: str, is_pollutant: bool) -> dict[str, Quantity]:
    rows = [line.split() for line in text.split("\n") if line]
    return {word: Quantity(word, name, tuple(codes), is_pollutant) for word, name, *codes in rows}


QUANTITIES: dict[str, Quantity] = _parsed(_CONDITIONS, False) | _parsed(_POLLUTANTS, True)


def name_of(word: str) -> str:
    """The Chinese name of a quantity; the word itself where we know none."""
    known = QUANTITIES.get(word)
    return known.name if known else word


def is_pollutant(word: str) -> bool:
    """Whether the word stands for something that standards limit. Unknown words do not."""
    known = QUANTITIES.get(word)
    return known is not None and known.is_pollutant


@cache
def _by_code() -> dict[str, str]:
    return {code: one.word for one in QUANTITIES.values() for code in one.codes}


def word_of_code(code: str) -> str | None:
    """The quantity of an HJ 212-2017 code (``a24088`` -> ``nmhc``), or None."""
    return _by_code().get(code)
