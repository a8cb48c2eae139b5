"""Checks a document against OpenAPI 3.1, and its examples against its schemas."""

import json
import sys
from xml.etree import ElementTree

import jsonschema
import openapi_spec_validator

from hooks import value


def main(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    openapi_spec_validator.validate(document, cls=openapi_spec_validator.OpenAPIV31SpecValidator)

    def check(where, schema, example):
        # References in schemas are looked up from the root of the document.
        root = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"], **schema}
        try:
            jsonschema.validate(example, root)
        except jsonschema.ValidationError as error:
            sys.exit(f"{where}: {error}")

    checked = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", []):
                if "example" in parameter:
                    check(f"{method} {path}: {parameter['name']}", parameter["schema"], parameter["example"])
            for status, response in operation["responses"].items():
                for media, content in response.get("content", {}).items():
                    if "example" not in content:
                        continue
                    example = content["example"]
                    if media == "text/xml":
                        example = value(ElementTree.fromstring(example))
                    check(f"{method} {path}: {status} {media}", content["schema"], example)
                    checked += 1
    print(checked)


main(sys.argv[1])
