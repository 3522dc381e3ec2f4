"""A value of a database as JSON, and back: the same value, of the same type.

None, booleans, integers of any size and text (lone surrogates too) are what they are in JSON. All others are an object
with one key that names the type: see docs/lines-format.md.
"""

import base64
import datetime
import decimal
import re
import uuid


class Unknown(Exception):
    """A value of a type that has no form here."""


def to_json(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": base64.b64encode(bytes(value)).decode("ascii")}
    for kind, name in TEXTS:
        if isinstance(value, kind):
            return {name: value.isoformat() if hasattr(value, "isoformat") else str(value)}
    if isinstance(value, datetime.timedelta):
        return {"interval": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, (list, tuple)):
        return {"list": [to_json(each) for each in value]}
    if isinstance(value, dict):
        return {"json": value}
    raise Unknown(type(value).__name__)


def from_json(value):
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    return READERS[kind](content)


def datetime_from(text):
    """As isoformat writes it; Python 3.6 cannot read that by itself."""
    match = re.match(r"(.{10})T(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?\Z", text)
    day, hour, minute, second, micro, sign, hours, minutes, seconds = match.groups()
    zone = None
    if sign:
        offset = datetime.timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
        zone = datetime.timezone(-offset if sign == "-" else offset)
    time = datetime.time(int(hour), int(minute), int(second), int(micro or 0), zone)
    return datetime.datetime.combine(date_from(day), time)


def date_from(text):
    return datetime.date(*(int(part) for part in text.split("-")))


# A datetime is a date too, so it comes first.
TEXTS = [
    (datetime.datetime, "datetime"),
    (datetime.date, "date"),
    (datetime.time, "time"),
    (decimal.Decimal, "decimal"),
    (uuid.UUID, "uuid"),
]
READERS = {
    "float": float,
    "bytes": base64.b64decode,
    "datetime": datetime_from,
    "date": date_from,
    "time": lambda text: datetime_from("2000-01-01T" + text).timetz(),
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "interval": lambda parts: datetime.timedelta(*parts),
    "list": lambda content: [from_json(each) for each in content],
    "json": lambda content: content,
}
