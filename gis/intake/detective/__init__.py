"""Find out which datum coordinates are in, from where they would put things: the datum detective.

Each candidate datum moves all positions by hundreds of metres. For each one the detective asks how probable the
positions are, given what the project knows; the answers are logarithms of likelihoods, and they add up:

- *district*: firms of a district lie in it. Where its border cuts a list sharply, the list lies right; a list that
  reaches over the border is cut as well by many other shifts, which is what each candidate is held against.
- *named places*: a row whose park, or whose address, names a park, town or district lies in it, and beside its road.
- *known positions*: a row whose name or code the project knows with a position of its own lies near that.
- *parks and roads*: positions crowd in parks and along roads that are drawn accurately, if they do at all.
- *words*: a heading or title that says 百度, GCJ-02 … .

A sketch proves little: an outline's error is one offset for all rows that name it, and is integrated over; outlines
wilder than the shifts themselves are left out. Firms of one street block count as few. Besides the datums there are
other suspects, which must be beaten too: two datums mixed in one list, and a shift that no datum makes. The verdict is
a posterior probability over all of them, and it is `sure` only far from a tie.
"""

from gis.intake.detective.candidates import axes_of
from gis.intake.detective.surroundings import Outline, Surroundings, Witnesses, surroundings_of
from gis.intake.detective.verdict import Score, Verdict, detect

__all__ = [
    "Outline",
    "Score",
    "Surroundings",
    "Verdict",
    "Witnesses",
    "axes_of",
    "detect",
    "surroundings_of",
]
