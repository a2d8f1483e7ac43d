"""The photo de départ: the truth of a stock, from two exports."""
