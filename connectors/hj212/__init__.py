"""HJ 212 (污染物在线监控系统数据传输标准): data loggers (数采仪) push what they measure, over TCP or inside MQTT."""
