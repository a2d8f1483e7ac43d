"""Questions that join several domains, for the frame, *Aujourd'hui* and the wall."""

from backofficine.desk.queries.frame import CutOff, Waiting, next_cut_off, waiting
from backofficine.desk.queries.today import Act, Today, today

__all__ = ["Act", "CutOff", "Today", "Waiting", "next_cut_off", "today", "waiting"]
