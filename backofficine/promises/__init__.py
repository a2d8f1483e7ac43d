"""Products owed to patients, from the counter to their hands."""
