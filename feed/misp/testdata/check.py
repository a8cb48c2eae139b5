"""Makes the manifest and the hashes of a directory with PyMISP. Argument: the directory."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from pymisp import MISPEvent
from pymisp.tools.feed import feed_meta_generator

source = Path(sys.argv[1])
events = attributes = 0
for path in sorted(source.glob("*-*.json")):
    event = MISPEvent()
    event.load_file(str(path))
    events += 1
    attributes += len(event.attributes)
    raw = json.loads(path.read_text(encoding="utf-8"))["Event"]
    feed = event.to_feed()["Event"]
    # PyMISP writes these two also if they are missing.
    assert feed.pop("extends_uuid") == "" and feed.pop("protected") is False
    if feed != raw:
        for key in sorted({*feed, *raw}):
            if feed.get(key) != raw.get(key):
                print(f"{path.name}: {key}: PyMISP {str(feed.get(key))[:600]}, here {str(raw.get(key))[:600]}", file=sys.stderr)
        sys.exit(1)

with tempfile.TemporaryDirectory() as name:
    copy = Path(name)
    for path in source.glob("*-*.json"):
        shutil.copy(path, copy)
    feed_meta_generator(copy)
    manifest = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    want = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    if manifest != want:
        sys.exit(f"manifest: PyMISP {want}, here {manifest}")
    hashes = sorted((source / "hashes.csv").read_text(encoding="utf-8").splitlines())
    want = sorted((copy / "hashes.csv").read_text(encoding="utf-8").splitlines())
    if hashes != want:
        sys.exit(f"hashes: PyMISP {want}, here {hashes}")

print(f"{events} events, {attributes} attributes")
