"""Pages that join several domains, one file each."""
