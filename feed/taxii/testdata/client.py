"""Reads a feed with taxii2-client while it changes. Argument: the server's URL."""

import sys

import requests
from taxii2client.common import _HTTPConnection
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

url = sys.argv[1]
last_headers = {}


class Connection(_HTTPConnection):
    """The client's own connection, which also notes the headers that it drops."""

    def __init__(self):
        super().__init__(version="2.1")
        self.session.hooks["response"] = [self.note]

    @staticmethod
    def note(response, **_):
        last_headers.clear()
        last_headers.update({k.lower(): v for k, v in response.headers.items()})


def step():
    requests.post(url + "/step", timeout=10)


def check(condition, text):
    if not condition:
        sys.exit(text)


requests.post(url + "/reset", timeout=10)
server = Server(url + "/taxii2", conn=Connection())
check(server.default.url == server.api_roots[0].url == url + "/taxii2/feeds/", server.default.url)
root = server.default
check(root.title and root.versions == ["application/taxii+json;version=2.1"], root.versions)
check(len(root.collections) == 1, "no collection")
collection_id = root.collections[0].id
check(root.collections[0].alias == "simulation" and root.collections[0].can_read, "collection")
check(not root.collections[0].can_write, "the collection can be written")

total = 0
for limit in range(1, 16):
    requests.post(url + "/reset", timeout=10)
    collection = Collection(f"{url}/taxii2/feeds/collections/{collection_id}/", conn=Connection())
    versions, objects, after = set(), {}, None

    def poll(changing):
        global after
        kwargs = {"added_after": after} if after else {}
        for page in as_pages(collection.get_objects, per_request=limit, **kwargs):
            check(len(page["objects"]) <= limit, f"{len(page['objects'])} objects for limit {limit}")
            for o in page["objects"]:
                version = (o["id"], o.get("modified", o["created"]))
                check(version not in versions, f"limit {limit}: {version} came twice")
                versions.add(version)
                objects[o["id"]] = o
            after = last_headers["x-taxii-date-added-last"]
            if changing:
                step()

    for _ in range(12):
        poll(True)
    poll(False)
    live = {i: o["modified"] for i, o in objects.items() if o["type"] == "indicator" and not o.get("revoked")}
    want = requests.get(url + "/members", timeout=10).json()
    check(live == want, f"limit {limit}: the client has {live}, the feed {want}")
    check(any(o["type"] == "identity" for o in objects.values()), "no identity")
    total += len(versions)

    some = next(iter(want))
    check([o["id"] for o in collection.get_object(some)["objects"]] == [some], "get_object")
    check(collection.object_versions(some)["versions"] == [want[some]], "object_versions")
    manifest = [m for page in as_pages(collection.get_manifest, per_request=limit) for m in page["objects"]]
    check({m["id"]: m["version"] for m in manifest if m["id"].startswith("indicator")} == want, "manifest")
    check(len(collection.get_objects(type=["identity", "malware"])["objects"]) == 1, "match[type]")

print(f"{total} versions")
