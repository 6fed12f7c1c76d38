"""A kind of our own with columns of every type and path, and its objects."""

COLUMNS = [
    {"name": "Str", "type": "string", "jsonPath": ".spec.s"},
    {"name": "Int", "type": "integer", "jsonPath": ".spec.i", "description": "an int", "format": "int32"},
    {"name": "Num", "type": "number", "jsonPath": ".spec.n", "priority": 1},
    {"name": "Bool", "type": "boolean", "jsonPath": ".spec.b"},
    {"name": "Date", "type": "date", "jsonPath": ".spec.d"},
    {"name": "Map", "type": "string", "jsonPath": ".spec.m"},
    {"name": "List", "type": "string", "jsonPath": ".spec.l"},
    {"name": "All", "type": "string", "jsonPath": ".spec.l[*]"},
    {"name": "First", "type": "string", "jsonPath": ".spec.l[0]"},
    {"name": "Last", "type": "string", "jsonPath": ".spec.l[-1]"},
    {"name": "Slice", "type": "string", "jsonPath": ".spec.l[0:2]"},
    {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"},
    {"name": "ReadyQ", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"},
    {"name": "Dot", "type": "string", "jsonPath": ".metadata.labels.a\\.b/c"},
    {"name": "Quoted", "type": "string", "jsonPath": ".metadata.labels['a\\.b/c']"},
    {"name": "IntOfStr", "type": "integer", "jsonPath": ".spec.s"},
    {"name": "StrOfInt", "type": "string", "jsonPath": ".spec.i"},
    {"name": "StrOfNum", "type": "string", "jsonPath": ".spec.n"},
    {"name": "StrOfBool", "type": "string", "jsonPath": ".spec.b"},
    {"name": "IntOfNum", "type": "integer", "jsonPath": ".spec.n"},
    {"name": "NumOfInt", "type": "number", "jsonPath": ".spec.i"},
    {"name": "BadDate", "type": "date", "jsonPath": ".spec.s"},
    {"name": "DateOfInt", "type": "date", "jsonPath": ".spec.i"},
    {"name": "None", "type": "string", "jsonPath": ".spec.none"},
    {"name": "Null", "type": "string", "jsonPath": ".spec.nul"},
    {"name": "NumFilter", "type": "string", "jsonPath": ".spec.ns[?(@.v>1)].k"},
    {"name": "Below", "type": "string", "jsonPath": "..k"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Big", "type": "integer", "jsonPath": ".spec.big"},
    {"name": "BigS", "type": "string", "jsonPath": ".spec.big"},
    {"name": "Float", "type": "string", "jsonPath": ".spec.f"},
    {"name": "Exist", "type": "string", "jsonPath": ".spec.ns[?(@.w)].k"},
    {"name": "IntAll", "type": "integer", "jsonPath": ".spec.ns[*].v"},
    {"name": "Uni", "type": "string", "jsonPath": ".spec.u"},
]

# Of each of these one definition is made: with these columns, and without any.
PLURALS = {"widgets": COLUMNS, "bares": None}

OBJECTS = [
    {"metadata": {"name": "full", "labels": {"a.b/c": "lab"}},
     "spec": {"s": "text", "i": 7, "n": 1.5, "b": True, "d": "2026-01-02T03:04:05Z", "m": {"b": 1, "a": "<x>&"},
              "l": ["x", "y", "z"], "nul": None, "big": 1234567890123, "f": 1e+21, "u": "é\u2028",
              "ns": [{"k": "one", "v": 1}, {"k": "two", "v": 2, "w": 0}, {"k": "three", "v": 3}]},
     "status": {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]}},
    {"metadata": {"name": "empty"}},
    {"metadata": {"name": "odd"},
     "spec": {"s": "", "i": 1.9, "n": 2, "b": "true", "d": "nonsense", "m": [], "l": {}, "ns": [], "big": -5,
              "f": 1e-06, "u": ["a", ["b"], {"c": None}]}},
]

# Things to be selected by their labels.
LABELLED = {
    "l-none": {}, "l-a-b": {"a": "b"}, "l-a-c": {"a": "c"}, "l-a-empty": {"a": ""}, "l-a-1": {"a": "1"}, "l-a-20": {"a": "20"},
    "l-two": {"a": "b", "b": "1"}, "l-other": {"in": "in", "example.com/x": "y"},
}


def definition(group, plural):
    version = {"name": "v1", "served": True, "storage": True,
               "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    if PLURALS[plural]:
        version["additionalPrinterColumns"] = PLURALS[plural]
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "versions": [version],
                     "names": {"plural": plural, "kind": plural[:-1].capitalize()}}}
