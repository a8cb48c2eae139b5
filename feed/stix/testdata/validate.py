"""Checks bundles with stix2-validator and stix2. Arguments: the bundles' files."""

import sys
import uuid

import stix2
import stix2validator

# Two checks are left out. 103 recommends random identifiers: ours are hashes, which STIX 2.1
# §2.9 allows, and so that two polls bring the same objects. 202 does not know that indicators
# are based on addresses directly, as OpenCTI and others write it.
options = stix2validator.ValidationOptions(version="2.1", disabled="103,202")
failed = False
addresses = set()
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        text = f.read()
    result = stix2validator.validate_string(text, options)
    for report in result if isinstance(result, list) else [result]:
        for message in [*report.errors, *report.warnings]:
            print(f"{path}: {message}", file=sys.stderr)
            failed = True
    bundle = stix2.parse(text, version="2.1")
    known = {o["id"] for o in bundle.objects}
    for o in bundle.objects:
        if o["type"] != "marking-definition" and uuid.UUID(o["id"].split("--")[1]).version != 5:
            print(f"{path}: {o['id']} is not a UUID of version 5", file=sys.stderr)
            failed = True
        for ref in [o.get("created_by_ref"), *o.get("object_marking_refs", []), o.get("source_ref"), o.get("target_ref")]:
            if ref and ref not in known:
                print(f"{path}: {o['id']} refers to {ref}, which is missing", file=sys.stderr)
                failed = True
        make = {"ipv4-addr": stix2.IPv4Address, "ipv6-addr": stix2.IPv6Address}.get(o["type"])
        if make:
            want = make(value=o["value"]).id
            addresses.add(o["value"])
            if o["id"] != want:
                print(f"{path}: {o['value']} has {o['id']}, stix2 says {want}", file=sys.stderr)
                failed = True
print(f"checked {len(sys.argv) - 1} bundles, compared {len(addresses)} addresses")
sys.exit(1 if failed else 0)
