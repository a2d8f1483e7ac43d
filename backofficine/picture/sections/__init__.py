"""The sections of a picture, one file each: arrays in, figures and lines out."""
