"""Months as journalctl writes them in the language of whoever called it: ``Okt 15 23:48:15 mail1 ...``.

Source: glibc's locales (``abmon``), which strftime's ``%b`` gives and journalctl's ``short`` writes.
"""

from __future__ import annotations

ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# a line a month; where two languages disagree about a word, it is left out
_WORDS = """
jan jän janv ene gen sty led oca tammi ian янв січ яну ιαν
feb febr févr fev lut úno şub helmi фев лют φεβ
mar mär mars mrt març maalis bře márc мар бер μαρ
apr april avril abr kwi dub nis huhti ápr апр кві απρ
may mai maj mei mag maig touko kvě máj май мая тра μαΐ
jun juin juni juny giu cze čen haz kesä jún iun июн чер юни ιουν
jul juil juli lug lip čec tem heinä júl iul июл лип юли ιουλ
aug août ago ag sie srp ağu elo авг сер αυγ
sep sept set wrz zář eyl syys szept сен вер сеп σεπ
oct okt ott out paź říj eki loka окт жов οκτ
nov lis kas marras ноя лис ное νοε
dec dez dic déc des gru pro ara joulu дек гру δεκ
"""
_NUMBERS = {
    word: number for number, line in enumerate(_WORDS.strip().splitlines(), 1) for word in line.split()
}


def english(month: str) -> str:
    """The English short name of a month in another language, or "".

    Args:
        month: a name such as ``Okt`` or ``févr.``, or a number with ``月`` or ``월`` behind.
    """
    if month[-1:] in ("月", "월"):
        digits = month[:-1]
        number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 3 else 0
    else:
        number = _NUMBERS.get(month.rstrip(".").lower(), 0)
    return ENGLISH[number - 1] if 1 <= number <= len(ENGLISH) else ""
