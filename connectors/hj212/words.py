"""The fixed words of HJ 212: commands, systems, suffixes, answers, with their meaning. HJ 212-2017, 6.6 and Annex B."""

from typing import Final

#: Command code (命令编码) -> what it is. Those of 2025 are provisional: known from other implementations alone.
COMMANDS: Final[dict[str, str]] = {
    "1000": "set timeout and resends",
    "1001": "logger's hardware numbers (2025, provisional)",
    "1011": "device time",
    "1012": "set device time",
    "1013": "device asks for the time (时间校准请求)",
    "1014": "new key (2025, provisional)",
    "1061": "real-time interval",
    "1062": "set real-time interval",
    "1063": "minute interval",
    "1064": "set minute interval",
    "1072": "set device password",
    "2011": "real-time data (实时数据)",
    "2012": "stop real-time data",
    "2013": "raw data of periodic analysers (2025, provisional)",
    "2021": "equipment running state (设备运行状态)",
    "2022": "stop equipment state",
    "2031": "day data (日数据)",
    "2041": "equipment running time of the day (设备运行时间)",
    "2051": "minute data (分钟数据)",
    "2052": "single noise measurement (2025, provisional)",
    "2061": "hour data (小时数据)",
    "2062": "automatic standard check (2025, provisional)",
    "2081": "logger's boot time (数采仪开机时间)",
    "2111": "furnace temperature, 5 min mean (2025, provisional)",
    "3011": "zero and span calibration (零点校准量程校准)",
    "3012": "immediate sampling (即时采样)",
    "3013": "cleaning or blow-back (清洗/反吹)",
    "3014": "comparison sampling (比对采样)",
    "3015": "retained sample on exceedance (超标留样)",
    "3016": "set sampling period",
    "3017": "sampling period",
    "3018": "sampling duration",
    "3019": "serial number of an analyser (设备唯一标识)",
    "3020": "field information (现场信息)",
    "3021": "set field parameter",
    "3022": "immediate retained sample (2025, provisional)",
    "3024": "start standard check (2025, provisional)",
    "9011": "answer to a request (请求应答)",
    "9012": "result of an execution (执行结果)",
    "9013": "answer to a notification (通知应答)",
    "9014": "answer to data (数据应答)",
    "9015": "heartbeat (心跳; 2025, provisional)",
}

#: System code (系统编码) -> what it is.
SYSTEMS: Final[dict[str, str]] = {
    "21": "地表水质量 surface water",
    "22": "空气质量 ambient air",
    "23": "声环境质量 noise",
    "24": "地下水 ground water",
    "25": "土壤 soil",
    "26": "海水 sea water",
    "27": "挥发性有机物 VOC",
    "31": "大气环境污染源 waste gas",
    "32": "地表水体环境污染源 waste water",
    "33": "地下水体污染源 source to ground water",
    "34": "海洋污染源 source to the sea",
    "35": "土壤污染源 source to soil",
    "36": "声污染源 noise source",
    "37": "振动 vibration",
    "38": "放射性 radioactivity",
    "39": "工地扬尘 construction dust",
    "41": "电磁 electromagnetic",
    "44": "用电监控 power use (2025, provisional)",
    "45": "关键生产工况 production conditions (2025, provisional)",
    "51": "烟气排放过程监控 flue-gas process",
    "52": "污水排放过程监控 waste-water process",
    "91": "系统交互 answers",
}

#: Suffix of a field -> what it holds.
SUFFIXES: Final[dict[str, str]] = {
    "SampleTime": "sampling time",
    "Rtd": "value",
    "Min": "minimum",
    "Avg": "mean",
    "Max": "maximum",
    "Cou": "amount",
    "ZsRtd": "converted value (折算)",
    "ZsMin": "converted minimum (折算)",
    "ZsAvg": "converted mean (折算)",
    "ZsMax": "converted maximum (折算)",
    "Flag": "data flag",
    "EFlag": "device flag",
    "Data": "noise level",
    "DayData": "noise level by day",
    "NightData": "noise level by night",
    "Info": "information",
    "SN": "serial number",
    "RS": "running state",
    "RT": "running time, h",
}

#: Data flag (数据标记) -> what it says. Their qualities: `park.quality.HJ212_FLAGS`.
FLAGS: Final[dict[str, str]] = {
    "N": "正常 normal",
    "F": "停运 out of operation",
    "M": "维护 maintenance",
    "S": "手工输入 manually entered",
    "D": "故障 instrument fault",
    "C": "校准 calibration",
    "T": "超过测量上限 over range",
    "B": "通讯异常 communication failure",
}

#: Field information (现场端信息, table B.10) -> what it is.
FIELD_INFORMATION: Final[dict[str, str]] = {
    "i11001": "analyser's log",
    "i12001": "analyser's state",
    "i12002": "link of analyser and logger",
    "i12003": "analyser's alarm",
    "i13001": "range",
    "i13002": "precision",
    "i13003": "interval, min",
    "i13004": "digestion temperature, ℃",
    "i13005": "digestion time, min",
    "i13006": "calibration time",
    "i13007": "intercept",
    "i13008": "slope",
    "i13009": "detection limit",
    "i21001": "logger's log",
    "i22001": "logger's state",
    "i22002": "user logged in at the logger",
    "i22003": "link of logger and host",
    "i22101": "link of a channel",
    "i23001": "local pressure",
    "i31001": "door log",
    "i32001": "door",
    "i33001": "heated line, ℃",
    "i33002": "condenser, ℃",
}
#: State of a piece of equipment (SBxxx-RS), of an analyser (i12001), of a logger (i22001), who is logged in (i22002).
EQUIPMENT_STATES: Final[dict[str, str]] = {
    "0": "off",
    "1": "running",
    "2": "calibration",
    "3": "maintenance",
    "4": "alarm",
    "5": "blow-back",
}
INFORMATION_STATES: Final[dict[str, dict[str, str]]] = {
    "i12001": {
        "0": "running",
        "1": "maintenance",
        "2": "fault",
        "3": "calibration",
        "5": "blow-back",
        "6": "power fail",
        "7": "measuring",
        "8": "标定 setting its curve",
        "9": "standby",
        "10": "运维 upkeep",
    },
    "i22001": {"0": "running", "1": "stopped", "2": "fault", "3": "maintenance"},
    "i22002": {"0": "ordinary", "1": "administrator", "2": "maintenance"},
}

#: QnRtn (请求返回) and ExeRtn (执行结果): the code -> what the device says.
REQUEST_RESULTS: Final[dict[str, str]] = {
    "1": "ready",
    "2": "refused",
    "3": "PW is wrong",
    "4": "MN is wrong",
    "5": "ST is wrong",
    "6": "Flag is wrong",
    "7": "QN is wrong",
    "8": "CN is wrong",
    "9": "CRC is wrong",
    "100": "unknown fault",
}
EXECUTION_RESULTS: Final[dict[str, str]] = {
    "1": "done",
    "2": "failed, cause unknown",
    "3": "a condition of the command is wrong",
    "4": "communication timed out",
    "5": "system is busy",
    "6": "system has a fault",
    "100": "no data",
}

#: Version bits of Flag -> the standard.
VERSIONS: Final[dict[int, str]] = {0: "HJ/T 212-2005", 1: "HJ 212-2017", 2: "HJ 212-2025"}
#: Plain parameters, as the standard writes them. It prints CTime and Ctime both.
PARAMETERS: Final = (
    "DataTime",
    "PolId",
    "SystemTime",
    "BeginTime",
    "EndTime",
    "QnRtn",
    "ExeRtn",
    "OverTime",
    "ReCount",
    "RtdInterval",
    "MinInterval",
    "RestartTime",
    "VaseNo",
    "CstartTime",
    "Stime",
    "NewPW",
    "InfoId",
)
