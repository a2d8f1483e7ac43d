"""An invented pharmacy: its shelves, visitors, suppliers, people, mishaps, and its past.

Each part is a separate module with its units and sources; ``past.live`` joins them into dated
events. No database, no clock: the same seed always gives the same pharmacy and the same past.

Sources are named in short: « FACTS § n » is the table of measured facts the project keeps with its
test data, « domain § n » its dossier on the trade, « assumed » a choice nobody has measured.
"""
