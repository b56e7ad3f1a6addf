"""Judgement of outlets: means, exceedances and totals as records, made anew when data come late."""
