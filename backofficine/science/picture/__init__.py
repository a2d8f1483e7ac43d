"""What two exports tell of a stock: ghosts, shortages, excess, expiry. Arrays in, arrays out."""
