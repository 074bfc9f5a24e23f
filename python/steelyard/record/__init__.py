"""The keeper's memory: journal, arbitrage records, decision log, reports. Start reading at ``tables``."""
