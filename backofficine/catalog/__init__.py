"""Products, specialities, codes, prices and generic groups."""
