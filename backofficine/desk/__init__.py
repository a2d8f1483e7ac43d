"""Pages that join several domains: today, the counter, the scan, the wall."""
