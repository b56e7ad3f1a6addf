"""Cases: found online, put right offline (交办 → 签收 → 整改 → 复核 → 销号)."""
