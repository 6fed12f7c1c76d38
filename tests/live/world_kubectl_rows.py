"""The command lines of the comparison, in order: each changes or shows what those before it have made.

A row: (command line, what it reads on stdin or as @FILE, marks). Marks:
  CONTROLLERS  only where controllers run in the simulated cluster, too
  SUBSET       what the simulated cluster says must be among what the real one says
  SORTED       the order of lines is of no account
  CODE         only the exit code counts, and that there is a message where the other has one
  MORE         the simulated one may say more, in another order: what a stand-in for a node leaves out
  SERVER       only with a real server of the same age (fields of a newer schema)
  NEWER        not with kubectl 1.20, which shows owners in a diff, and calls what has gone already an error
"""
CONTROLLERS, SUBSET, SORTED, CODE, SERVER, NEWER = "controllers", "subset", "sorted", "code", "server", "newer"
MORE = "more"

POD = """
apiVersion: v1
kind: Pod
metadata: {name: two, labels: {app: two, tier: back}, annotations: {note: hello}}
spec:
  containers:
  - {name: first, image: "registry/first:1", ports: [{containerPort: 80, name: http}], env: [{name: A, value: b}],
     resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}},
     readinessProbe: {httpGet: {path: /healthz, port: 80}, periodSeconds: 5}}
  - {name: second, image: "registry/second:1", command: [sleep, "1"], volumeMounts: [{name: data, mountPath: /data}]}
  volumes: [{name: data, emptyDir: {}}, {name: config, configMap: {name: settings, optional: true}}]
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "registry/web:1", ports: [{containerPort: 8080}]}
"""
WEB2 = DEPLOYMENT.replace("web:1", "web:2")
SIDECAR = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "registry/web:9"}]}}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: front, labels: {app: web}}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080, name: http}]}
"""
SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue, size: "3"}
"""
GREEN = SETTINGS.replace("blue", "green")
LIST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: l1, labels: {set: l}}
data: {n: "1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: l2, labels: {set: l}}
data: {n: "2"}
---
apiVersion: v1
kind: Secret
metadata: {name: l3, labels: {set: l}}
stringData: {word: sesame}
"""
CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.NAMESPACE.example.com}
spec:
  group: NAMESPACE.example.com
  scope: Namespaced
  names: {plural: boats, singular: boat, kind: Boat, shortNames: [bo]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    additionalPrinterColumns: [{name: Sails, type: integer, jsonPath: .spec.sails}]
"""
BOAT = """
apiVersion: NAMESPACE.example.com/v1
kind: Boat
metadata: {name: ark}
spec: {sails: 2}
"""
BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken\n"
NO_KIND = "apiVersion: v1\nkind: Nothing\nmetadata: {name: x}\n"
NO_SELECTOR = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bad}\nspec: {template: {metadata: {labels: {a: b}}, " \
              "spec: {containers: [{name: c, image: i}]}}}\n"
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods, pods/log], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: User, name: viewer, apiGroup: rbac.authorization.k8s.io}]
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "registry/job:1"}]}}}
"""

ROWS = [
    # what a cluster is
    ("version -o name", None, CODE),
    ("api-versions", None, SUBSET),
    ("api-resources --namespaced=true -o name", None, SUBSET),
    ("api-resources --api-group=apps", None, SORTED),
    ("explain configmap.data --recursive=false", None, CODE),
    ("explain nothing", None, None),
    ("get --raw /healthz", None, None),
    ("get --raw /nothing/here", None, CODE),
    ("get namespace NAMESPACE", None, None),
    ("get ns NAMESPACE -o yaml", None, None),
    ("get nodes", None, None),
    ("get nodes -o wide", None, None),
    ("describe node NODE", None, CODE),
    # nothing there yet
    ("get pods", None, None),
    ("get pods,services,deployments", None, None),
    ("get pod none", None, None),
    ("get nothing", None, None),
    ("get deploy none -o yaml", None, None),
    ("describe pod none", None, None),
    ("delete pod none", None, None),
    ("logs none", None, None),
    # config maps and secrets
    ("create configmap plain --from-literal=a=1 --from-literal=b=2", None, None),
    ("create configmap plain --from-literal=a=1", None, None),
    ("get configmap plain -o yaml", None, None),
    ("get cm plain -o json", None, None),
    ("get cm plain -o jsonpath={.data.a}", None, None),
    ("get cm plain -o jsonpath={.data.b}{'\\n'}", None, None),
    ("get cm plain -o go-template={{.metadata.name}}", None, None),
    ("get cm plain -o name", None, None),
    ("get cm plain -o custom-columns=NAME:.metadata.name,A:.data.a", None, None),
    ("get cm plain --show-labels", None, None),
    ("create secret generic hidden --from-literal=password=sesame", None, None),
    ("get secret hidden", None, None),
    ("get secret hidden -o jsonpath={.data.password}", None, None),
    ("describe secret hidden", None, None),
    ("describe configmap plain", None, SORTED),
    ("create secret docker-registry pull --docker-server=r --docker-username=u --docker-password=p", None, None),
    ("get secret pull -o jsonpath={.type}", None, None),
    # apply
    ("apply -f -", SETTINGS, None),
    ("apply -f -", SETTINGS, None),
    ("diff -f -", GREEN, NEWER),
    ("apply -f - --dry-run=server", GREEN, None),
    ("apply -f -", GREEN, None),
    ("get cm settings -o jsonpath={.data}", None, None),
    ("apply --server-side -f - --field-manager=other", SETTINGS, None),
    ("apply --server-side -f - --field-manager=other --force-conflicts", SETTINGS, None),
    ("apply view-last-applied cm settings", None, None),
    ("apply -f -", LIST, None),
    ("get cm -l set=l", None, None),
    ("get cm,secret -l set=l -o name", None, None),
    ("get cm -l set=l --sort-by={.data.n} -o name", None, None),
    ("get cm --field-selector metadata.name=l2", None, None),
    ("get cm --field-selector nothing=l2", None, CODE),
    ("get cm -l a=b=c", None, CODE),
    ("apply -f - --prune -l set=l", SETTINGS.replace("{name: settings}", "{name: l1, labels: {set: l}}"), SERVER),
    ("apply -f -", BROKEN, None),
    ("apply -f -", NO_KIND, None),
    ("create -f -", NO_SELECTOR, CODE),
    # changing
    ("label cm settings tier=front", None, None),
    ("label cm settings tier=back", None, None),
    ("label cm settings tier=back --overwrite", None, None),
    ("label cm settings tier-", None, None),
    ("annotate cm settings note=hello", None, None),
    ("patch cm settings --type=merge -p {\"data\":{\"m\":\"1\"}}", None, None),
    ("patch cm settings --type=merge -p {\"data\":{\"m\":\"1\"}}", None, None),
    ("patch cm settings --type=strategic -p {\"data\":{\"s\":\"1\"}}", None, None),
    ("patch cm settings --type=json -p [{\"op\":\"remove\",\"path\":\"/data/s\"}]", None, None),
    ("patch cm settings --type=json -p [{\"op\":\"test\",\"path\":\"/data/m\",\"value\":\"2\"}]", None, None),
    ("patch cm settings -p {bad", None, CODE),
    ("edit cm settings", "s/green/red/", None),
    ("replace -f -", GREEN, None),
    ("replace --force -f -", SETTINGS, None),
    ("get cm settings -o yaml", None, None),
    # pods
    ("apply -f -", POD, None),
    ("run single --image=registry/single:1 --labels=app=single --port=80", None, None),
    ("wait --for=condition=Ready pod/two pod/single --timeout=30s", None, None),
    ("get pods", None, None),
    ("get pods -o wide", None, None),
    ("get pods -L app", None, None),
    ("get pods --no-headers", None, None),
    ("get pod two -o yaml", None, MORE),
    ("get pods -l tier=back -o name", None, None),
    ("get pods -l tier!=back -o name", None, None),
    ("get pods -l tier -o name", None, None),
    ("get pods -l app=two,tier=back -o name", None, None),
    ("get pods --field-selector status.phase=Running -o name", None, None),
    ("get pods --field-selector spec.nodeName=NODE -o name", None, None),
    ("get pods -o jsonpath={.items[*].spec.containers[*].name}", None, None),
    ("get pods -A -l app=two", None, None),
    ("get pods --chunk-size=1 -o name", None, None),
    ("get pods -w --request-timeout=2s", None, CODE),
    ("get pods two --ignore-not-found", None, None),
    ("describe pod two", None, (CONTROLLERS, MORE)),
    ("logs two", None, None),
    ("logs two -c first", None, None),
    ("logs two -c none", None, None),
    ("logs two -c first --tail=1", None, None),
    ("logs two -c first --timestamps", None, None),
    ("logs two --all-containers --prefix", None, SORTED),
    ("logs -l app=two --all-containers", None, SORTED),
    ("label pods --all seen=yes", None, SORTED),
    # services
    ("apply -f -", SERVICE, None),
    ("get service front", None, None),
    ("get svc front -o wide", None, None),
    ("get svc front -o yaml", None, None),
    ("expose pod single --name=single-svc --port=80 --target-port=8080", None, None),
    ("expose pod single --name=node-svc --port=80 --type=NodePort", None, None),
    ("get svc", None, None),
    ("describe service front", None, (CONTROLLERS, CODE)),
    ("create service clusterip plain --tcp=80:80", None, None),
    ("apply -f -", SERVICE.replace("port: 80", "port: 99999"), CODE),
    # workloads
    ("create deployment quick --image=registry/quick:1 --replicas=0", None, None),
    ("get deployment quick -o jsonpath={.spec}", None, SERVER),
    ("apply -f -", DEPLOYMENT, None),
    ("rollout status deployment/web --timeout=30s", None, (CONTROLLERS, CODE)),
    ("get deployment web", None, CONTROLLERS),
    ("get deploy,rs,pods -l app=web -o wide", None, CONTROLLERS),
    ("get deployment web -o yaml", None, CONTROLLERS),
    ("apply --server-side -f - --field-manager=other", SIDECAR, None),
    ("describe deployment web", None, CONTROLLERS),
    ("scale deployment web --replicas=3", None, None),
    ("scale deployment web --replicas=1 --current-replicas=2", None, None),
    ("get deployment web -o jsonpath={.spec.replicas}", None, None),
    ("set image deployment/web web=registry/web:3", None, None),
    ("set env deployment/web A=b", None, None),
    ("rollout history deployment/web", None, CONTROLLERS),
    ("rollout restart deployment/web", None, None),
    ("rollout status deployment/web --timeout=30s", None, (CONTROLLERS, CODE)),
    ("rollout undo deployment/web", None, CONTROLLERS),
    ("rollout pause deployment/web", None, None),
    ("rollout resume deployment/web", None, None),
    ("apply -f -", WEB2, None),
    ("delete deployment quick --cascade=orphan", None, CONTROLLERS),
    ("delete deployment web --cascade=foreground --wait=false", None, None),
    ("wait --for=delete deployment/web --timeout=30s", None, (CONTROLLERS, CODE, NEWER)),
    ("create -f -", JOB, None),
    ("create job manual --image=registry/job:1 -- sleep 1", None, None),
    ("get job once -o jsonpath={.spec.backoffLimit}{.spec.completions}{.spec.parallelism}", None, None),
    ("create cronjob nightly --image=registry/job:1 --schedule=@daily", None, SERVER),
    # rights
    ("apply -f -", ROLE, None),
    ("get role,rolebinding -o wide", None, None),
    ("describe role reader", None, None),
    ("describe rolebinding readers", None, None),
    ("auth can-i get pods", None, None),
    ("auth can-i get pods --as=viewer", None, None),
    ("auth can-i delete pods --as=viewer", None, None),
    ("auth can-i --list --as=viewer", None, (SORTED, SUBSET)),
    ("get pods -l app=single -o name --as=viewer", None, None),
    ("get secrets --as=viewer", None, None),
    ("delete pod two --as=viewer", None, None),
    ("create role writer --verb=create,update --resource=configmaps", None, None),
    ("create serviceaccount robot", None, None),
    ("create token robot --duration=10m", None, CODE),
    ("create token none", None, None),
    # definitions
    ("apply -f -", CRD, None),
    ("wait --for=condition=Established crd/boats.NAMESPACE.example.com --timeout=20s", None, None),
    ("apply -f -", BOAT, None),
    ("get boats", None, None),
    ("get bo ark -o yaml", None, None),
    ("get boat none", None, None),
    ("patch boat ark --type=merge -p {\"spec\":{\"sails\":3}}", None, None),
    ("patch boat ark -p {\"spec\":{\"sails\":3}}", None, CODE),
    ("delete boat ark", None, None),
    ("delete crd boats.NAMESPACE.example.com", None, None),
    # taking away
    ("delete cm plain", None, None),
    ("delete cm plain --ignore-not-found", None, None),
    ("delete cm,secret -l set=l", None, SORTED),
    ("delete svc front single-svc node-svc plain", None, None),
    ("delete pod two --grace-period=0 --force", None, CODE),
    ("delete pod single --wait=false --grace-period=1", None, None),
    ("delete role,rolebinding --all", None, None),
    ("delete -f -", SETTINGS, None),
    ("delete namespace NAMESPACE --wait=false", None, None),
]
