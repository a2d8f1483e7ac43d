"""Ordering policies judged on real demand: the sets, the shop that lives them, the baselines."""
