"""Who could log in before and could not after, and the other way round.

usage: PYTHON -I access.py BEFORE AFTER

Two files that trial_hub.py wrote; one that is not there says nothing. Prints two lines of JSON: the first with counts
alone, the second with the names.
"""

import json
import sys


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError:
        return None


def change(before, after):
    if before == after or None in (before, after):
        return "same"
    return "lost" if before else "gained"


def main():
    before, after = (read(path) for path in sys.argv[1:3])
    if before is None or after is None:
        names = {"ignored": []}
        counts = {"known": False}
    else:
        names = {"lost": [], "gained": [], "undetermined": []}
        could = 0
        for name in sorted(after["users"]):
            was, is_now = before["users"].get(name), after["users"][name]
            could += was is True
            if was is None or is_now is None:
                names["undetermined"].append(name)
            elif was != is_now:
                names[change(was, is_now)].append(name)
        counts = {kind: len(each) for kind, each in names.items()}
        counts.update(known=True, could=could, strangers=change(before["strangers"], after["strangers"]))
        counts["ignored"] = [each for each in after["ignored"] if each not in before["ignored"]][:50]
    for each in (counts, names):
        print(json.dumps(each, sort_keys=True))


if __name__ == "__main__":
    main()
