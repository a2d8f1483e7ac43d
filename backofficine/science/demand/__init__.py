"""What will be asked: histories with holes, predictive laws, training, and how well they do."""
