#include "config.h"

#include "world/openapi/openapi_internal.h"

/*
 * The fields of the kinds that every cluster has, sorted by type. NAME:TYPE; `!` behind a name: required.
 * Types: s string, y bytes in base64, t time, q quantity, x whole number or string, i and l whole numbers of
 * 32 and 64 bits, d number, b boolean, o any object, a anything, else the name of a row (without its package:
 * of the same package); [T] a list, {T} a map. /KEY: a strategic merge patch merges the list by that key
 * (none: as a set); =: it retains keys. Source: the OpenAPI document of kube-apiserver 1.20, and the API
 * reference of Kubernetes for what was added until 1.29.
 */
/* clang-format off */
const struct openapi_type openapi_types[] = {
	{ "admissionregistration.v1.MatchCondition",
	  "expression!:s name!:s" },
	{ "admissionregistration.v1.MutatingWebhook",
	  "admissionReviewVersions!:[s] clientConfig!:WebhookClientConfig failurePolicy:s "
	  "matchConditions:[MatchCondition]/name matchPolicy:s name!:s "
	  "namespaceSelector:meta.v1.LabelSelector objectSelector:meta.v1.LabelSelector "
	  "reinvocationPolicy:s rules:[RuleWithOperations] sideEffects!:s timeoutSeconds:i" },
	{ "admissionregistration.v1.MutatingWebhookConfiguration",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta webhooks:[MutatingWebhook]/name" },
	{ "admissionregistration.v1.RuleWithOperations",
	  "apiGroups:[s] apiVersions:[s] operations:[s] resources:[s] scope:s" },
	{ "admissionregistration.v1.ServiceReference",
	  "name!:s namespace!:s path:s port:i" },
	{ "admissionregistration.v1.ValidatingWebhook",
	  "admissionReviewVersions!:[s] clientConfig!:WebhookClientConfig failurePolicy:s "
	  "matchConditions:[MatchCondition]/name matchPolicy:s name!:s "
	  "namespaceSelector:meta.v1.LabelSelector objectSelector:meta.v1.LabelSelector "
	  "rules:[RuleWithOperations] sideEffects!:s timeoutSeconds:i" },
	{ "admissionregistration.v1.ValidatingWebhookConfiguration",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta webhooks:[ValidatingWebhook]/name" },
	{ "admissionregistration.v1.WebhookClientConfig",
	  "caBundle:y service:ServiceReference url:s" },
	{ "apiextensions.v1.CustomResourceColumnDefinition",
	  "description:s format:s jsonPath!:s name!:s priority:i type!:s" },
	{ "apiextensions.v1.CustomResourceConversion",
	  "strategy!:s webhook:WebhookConversion" },
	{ "apiextensions.v1.CustomResourceDefinition",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec!:CustomResourceDefinitionSpec "
	  "status:CustomResourceDefinitionStatus" },
	{ "apiextensions.v1.CustomResourceDefinitionCondition",
	  "lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "apiextensions.v1.CustomResourceDefinitionNames",
	  "categories:[s] kind!:s listKind:s plural!:s shortNames:[s] singular:s" },
	{ "apiextensions.v1.CustomResourceDefinitionSpec",
	  "conversion:CustomResourceConversion group!:s names!:CustomResourceDefinitionNames "
	  "preserveUnknownFields:b scope!:s versions!:[CustomResourceDefinitionVersion]" },
	{ "apiextensions.v1.CustomResourceDefinitionStatus",
	  "acceptedNames:CustomResourceDefinitionNames "
	  "conditions:[CustomResourceDefinitionCondition] storedVersions:[s]" },
	{ "apiextensions.v1.CustomResourceDefinitionVersion",
	  "additionalPrinterColumns:[CustomResourceColumnDefinition] deprecated:b "
	  "deprecationWarning:s name!:s schema:CustomResourceValidation selectableFields:[o] "
	  "served!:b storage!:b subresources:CustomResourceSubresources" },
	{ "apiextensions.v1.CustomResourceSubresourceScale",
	  "labelSelectorPath:s specReplicasPath!:s statusReplicasPath!:s" },
	{ "apiextensions.v1.CustomResourceSubresources",
	  "scale:CustomResourceSubresourceScale status:o" },
	{ "apiextensions.v1.CustomResourceValidation",
	  "openAPIV3Schema:JSONSchemaProps" },
	{ "apiextensions.v1.ExternalDocumentation",
	  "description:s url:s" },
	{ "apiextensions.v1.JSONSchemaProps",
	  "$ref:s $schema:s additionalItems:a additionalProperties:a allOf:[JSONSchemaProps] "
	  "anyOf:[JSONSchemaProps] default:a definitions:{JSONSchemaProps} dependencies:{a} "
	  "description:s enum:[a] example:a exclusiveMaximum:b exclusiveMinimum:b "
	  "externalDocs:ExternalDocumentation format:s id:s items:a maxItems:l maxLength:l "
	  "maxProperties:l maximum:d minItems:l minLength:l minProperties:l minimum:d "
	  "multipleOf:d not:JSONSchemaProps nullable:b oneOf:[JSONSchemaProps] pattern:s "
	  "patternProperties:{JSONSchemaProps} properties:{JSONSchemaProps} required:[s] "
	  "title:s type:s uniqueItems:b x-kubernetes-embedded-resource:b "
	  "x-kubernetes-int-or-string:b x-kubernetes-list-map-keys:[s] "
	  "x-kubernetes-list-type:s x-kubernetes-map-type:s "
	  "x-kubernetes-preserve-unknown-fields:b "
	  "x-kubernetes-validations:[ValidationRule]/rule" },
	{ "apiextensions.v1.ServiceReference",
	  "name!:s namespace!:s path:s port:i" },
	{ "apiextensions.v1.ValidationRule",
	  "fieldPath:s message:s messageExpression:s optionalOldSelf:b reason:s rule!:s" },
	{ "apiextensions.v1.WebhookClientConfig",
	  "caBundle:y service:ServiceReference url:s" },
	{ "apiextensions.v1.WebhookConversion",
	  "clientConfig:WebhookClientConfig conversionReviewVersions!:[s]" },
	{ "apps.v1.ControllerRevision",
	  "apiVersion:s data:o kind:s metadata:meta.v1.ObjectMeta revision!:l" },
	{ "apps.v1.DaemonSet",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:DaemonSetSpec "
	  "status:DaemonSetStatus" },
	{ "apps.v1.DaemonSetCondition",
	  "lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "apps.v1.DaemonSetSpec",
	  "minReadySeconds:i revisionHistoryLimit:i selector!:meta.v1.LabelSelector "
	  "template!:core.v1.PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy" },
	{ "apps.v1.DaemonSetStatus",
	  "collisionCount:i conditions:[DaemonSetCondition]/type currentNumberScheduled!:i "
	  "desiredNumberScheduled!:i numberAvailable:i numberMisscheduled!:i numberReady!:i "
	  "numberUnavailable:i observedGeneration:l updatedNumberScheduled:i" },
	{ "apps.v1.DaemonSetUpdateStrategy",
	  "rollingUpdate:RollingUpdateDaemonSet type:s" },
	{ "apps.v1.Deployment",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:DeploymentSpec "
	  "status:DeploymentStatus" },
	{ "apps.v1.DeploymentCondition",
	  "lastTransitionTime:t lastUpdateTime:t message:s reason:s status!:s type!:s" },
	{ "apps.v1.DeploymentSpec",
	  "minReadySeconds:i paused:b progressDeadlineSeconds:i replicas:i "
	  "revisionHistoryLimit:i selector!:meta.v1.LabelSelector "
	  "strategy:DeploymentStrategy= template!:core.v1.PodTemplateSpec" },
	{ "apps.v1.DeploymentStatus",
	  "availableReplicas:i collisionCount:i conditions:[DeploymentCondition]/type "
	  "observedGeneration:l readyReplicas:i replicas:i unavailableReplicas:i "
	  "updatedReplicas:i" },
	{ "apps.v1.DeploymentStrategy",
	  "rollingUpdate:RollingUpdateDeployment type:s" },
	{ "apps.v1.ReplicaSet",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:ReplicaSetSpec "
	  "status:ReplicaSetStatus" },
	{ "apps.v1.ReplicaSetCondition",
	  "lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "apps.v1.ReplicaSetSpec",
	  "minReadySeconds:i replicas:i selector!:meta.v1.LabelSelector "
	  "template:core.v1.PodTemplateSpec" },
	{ "apps.v1.ReplicaSetStatus",
	  "availableReplicas:i conditions:[ReplicaSetCondition]/type fullyLabeledReplicas:i "
	  "observedGeneration:l readyReplicas:i replicas!:i" },
	{ "apps.v1.RollingUpdateDaemonSet",
	  "maxUnavailable:x" },
	{ "apps.v1.RollingUpdateDeployment",
	  "maxSurge:x maxUnavailable:x" },
	{ "apps.v1.RollingUpdateStatefulSetStrategy",
	  "partition:i" },
	{ "apps.v1.StatefulSet",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:StatefulSetSpec "
	  "status:StatefulSetStatus" },
	{ "apps.v1.StatefulSetCondition",
	  "lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "apps.v1.StatefulSetOrdinals",
	  "start:i" },
	{ "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
	  "whenDeleted:s whenScaled:s" },
	{ "apps.v1.StatefulSetSpec",
	  "minReadySeconds:i ordinals:StatefulSetOrdinals "
	  "persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy "
	  "podManagementPolicy:s replicas:i revisionHistoryLimit:i "
	  "selector!:meta.v1.LabelSelector serviceName!:s template!:core.v1.PodTemplateSpec "
	  "updateStrategy:StatefulSetUpdateStrategy "
	  "volumeClaimTemplates:[core.v1.PersistentVolumeClaim]" },
	{ "apps.v1.StatefulSetStatus",
	  "availableReplicas:i collisionCount:i conditions:[StatefulSetCondition]/type "
	  "currentReplicas:i currentRevision:s observedGeneration:l readyReplicas:i "
	  "replicas!:i updateRevision:s updatedReplicas:i" },
	{ "apps.v1.StatefulSetUpdateStrategy",
	  "rollingUpdate:RollingUpdateStatefulSetStrategy type:s" },
	{ "authentication.v1.SelfSubjectReview",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta status:SelfSubjectReviewStatus" },
	{ "authentication.v1.SelfSubjectReviewStatus",
	  "userInfo:UserInfo" },
	{ "authentication.v1.TokenReview",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec!:TokenReviewSpec "
	  "status:TokenReviewStatus" },
	{ "authentication.v1.TokenReviewSpec",
	  "audiences:[s] token:s" },
	{ "authentication.v1.TokenReviewStatus",
	  "audiences:[s] authenticated:b error:s user:UserInfo" },
	{ "authentication.v1.UserInfo",
	  "extra:o groups:[s] uid:s username:s" },
	{ "authorization.v1.LocalSubjectAccessReview",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec!:SubjectAccessReviewSpec "
	  "status:SubjectAccessReviewStatus" },
	{ "authorization.v1.NonResourceAttributes",
	  "path:s verb:s" },
	{ "authorization.v1.NonResourceRule",
	  "nonResourceURLs:[s] verbs!:[s]" },
	{ "authorization.v1.ResourceAttributes",
	  "group:s name:s namespace:s resource:s subresource:s verb:s version:s" },
	{ "authorization.v1.ResourceRule",
	  "apiGroups:[s] resourceNames:[s] resources:[s] verbs!:[s]" },
	{ "authorization.v1.SelfSubjectAccessReview",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec!:SelfSubjectAccessReviewSpec "
	  "status:SubjectAccessReviewStatus" },
	{ "authorization.v1.SelfSubjectAccessReviewSpec",
	  "nonResourceAttributes:NonResourceAttributes resourceAttributes:ResourceAttributes" },
	{ "authorization.v1.SelfSubjectRulesReview",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec!:SelfSubjectRulesReviewSpec "
	  "status:SubjectRulesReviewStatus" },
	{ "authorization.v1.SelfSubjectRulesReviewSpec",
	  "namespace:s" },
	{ "authorization.v1.SubjectAccessReview",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec!:SubjectAccessReviewSpec "
	  "status:SubjectAccessReviewStatus" },
	{ "authorization.v1.SubjectAccessReviewSpec",
	  "extra:o groups:[s] nonResourceAttributes:NonResourceAttributes "
	  "resourceAttributes:ResourceAttributes uid:s user:s" },
	{ "authorization.v1.SubjectAccessReviewStatus",
	  "allowed!:b denied:b evaluationError:s reason:s" },
	{ "authorization.v1.SubjectRulesReviewStatus",
	  "evaluationError:s incomplete!:b nonResourceRules!:[NonResourceRule] "
	  "resourceRules!:[ResourceRule]" },
	{ "autoscaling.v1.Scale",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:ScaleSpec status:ScaleStatus" },
	{ "autoscaling.v1.ScaleSpec",
	  "replicas:i" },
	{ "autoscaling.v1.ScaleStatus",
	  "replicas!:i selector:s" },
	{ "autoscaling.v2.ContainerResourceMetricSource",
	  "container!:s name!:s target!:MetricTarget" },
	{ "autoscaling.v2.ContainerResourceMetricStatus",
	  "container!:s current!:MetricValueStatus name!:s" },
	{ "autoscaling.v2.CrossVersionObjectReference",
	  "apiVersion:s kind!:s name!:s" },
	{ "autoscaling.v2.ExternalMetricSource",
	  "metric!:MetricIdentifier target!:MetricTarget" },
	{ "autoscaling.v2.ExternalMetricStatus",
	  "current!:MetricValueStatus metric!:MetricIdentifier" },
	{ "autoscaling.v2.HPAScalingPolicy",
	  "periodSeconds!:i type!:s value!:i" },
	{ "autoscaling.v2.HPAScalingRules",
	  "policies:[HPAScalingPolicy] selectPolicy:s stabilizationWindowSeconds:i" },
	{ "autoscaling.v2.HorizontalPodAutoscaler",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:HorizontalPodAutoscalerSpec "
	  "status:HorizontalPodAutoscalerStatus" },
	{ "autoscaling.v2.HorizontalPodAutoscalerBehavior",
	  "scaleDown:HPAScalingRules scaleUp:HPAScalingRules" },
	{ "autoscaling.v2.HorizontalPodAutoscalerCondition",
	  "lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "autoscaling.v2.HorizontalPodAutoscalerSpec",
	  "behavior:HorizontalPodAutoscalerBehavior maxReplicas!:i metrics:[MetricSpec] "
	  "minReplicas:i scaleTargetRef!:CrossVersionObjectReference" },
	{ "autoscaling.v2.HorizontalPodAutoscalerStatus",
	  "conditions!:[HorizontalPodAutoscalerCondition] currentMetrics:[MetricStatus] "
	  "currentReplicas!:i desiredReplicas!:i lastScaleTime:t observedGeneration:l" },
	{ "autoscaling.v2.MetricIdentifier",
	  "name!:s selector:meta.v1.LabelSelector" },
	{ "autoscaling.v2.MetricSpec",
	  "containerResource:ContainerResourceMetricSource external:ExternalMetricSource "
	  "object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource "
	  "type!:s" },
	{ "autoscaling.v2.MetricStatus",
	  "containerResource:ContainerResourceMetricStatus external:ExternalMetricStatus "
	  "object:ObjectMetricStatus pods:PodsMetricStatus resource:ResourceMetricStatus "
	  "type!:s" },
	{ "autoscaling.v2.MetricTarget",
	  "averageUtilization:i averageValue:q type!:s value:q" },
	{ "autoscaling.v2.MetricValueStatus",
	  "averageUtilization:i averageValue:q value:q" },
	{ "autoscaling.v2.ObjectMetricSource",
	  "describedObject!:CrossVersionObjectReference metric!:MetricIdentifier "
	  "target!:MetricTarget" },
	{ "autoscaling.v2.ObjectMetricStatus",
	  "current!:MetricValueStatus describedObject!:CrossVersionObjectReference "
	  "metric!:MetricIdentifier" },
	{ "autoscaling.v2.PodsMetricSource",
	  "metric!:MetricIdentifier target!:MetricTarget" },
	{ "autoscaling.v2.PodsMetricStatus",
	  "current!:MetricValueStatus metric!:MetricIdentifier" },
	{ "autoscaling.v2.ResourceMetricSource",
	  "name!:s target!:MetricTarget" },
	{ "autoscaling.v2.ResourceMetricStatus",
	  "current!:MetricValueStatus name!:s" },
	{ "batch.v1.CronJob",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:CronJobSpec "
	  "status:CronJobStatus" },
	{ "batch.v1.CronJobSpec",
	  "concurrencyPolicy:s failedJobsHistoryLimit:i jobTemplate!:JobTemplateSpec "
	  "schedule!:s startingDeadlineSeconds:l successfulJobsHistoryLimit:i suspend:b "
	  "timeZone:s" },
	{ "batch.v1.CronJobStatus",
	  "active:[core.v1.ObjectReference] lastScheduleTime:t lastSuccessfulTime:t" },
	{ "batch.v1.Job",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:JobSpec status:JobStatus" },
	{ "batch.v1.JobCondition",
	  "lastProbeTime:t lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "batch.v1.JobSpec",
	  "activeDeadlineSeconds:l backoffLimit:i backoffLimitPerIndex:i completionMode:s "
	  "completions:i manualSelector:b maxFailedIndexes:i parallelism:i "
	  "podFailurePolicy:PodFailurePolicy podReplacementPolicy:s "
	  "selector:meta.v1.LabelSelector suspend:b template!:core.v1.PodTemplateSpec "
	  "ttlSecondsAfterFinished:i" },
	{ "batch.v1.JobStatus",
	  "active:i completedIndexes:s completionTime:t conditions:[JobCondition]/type "
	  "failed:i failedIndexes:s ready:i startTime:t succeeded:i terminating:i "
	  "uncountedTerminatedPods:UncountedTerminatedPods" },
	{ "batch.v1.JobTemplateSpec",
	  "metadata:meta.v1.ObjectMeta spec:JobSpec" },
	{ "batch.v1.PodFailurePolicy",
	  "rules!:[PodFailurePolicyRule]" },
	{ "batch.v1.PodFailurePolicyOnExitCodesRequirement",
	  "containerName:s operator!:s values!:[i]" },
	{ "batch.v1.PodFailurePolicyOnPodConditionsPattern",
	  "status!:s type!:s" },
	{ "batch.v1.PodFailurePolicyRule",
	  "action!:s onExitCodes:PodFailurePolicyOnExitCodesRequirement "
	  "onPodConditions:[PodFailurePolicyOnPodConditionsPattern]" },
	{ "batch.v1.UncountedTerminatedPods",
	  "failed:[s] succeeded:[s]" },
	{ "coordination.v1.Lease",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:LeaseSpec" },
	{ "coordination.v1.LeaseSpec",
	  "acquireTime:t holderIdentity:s leaseDurationSeconds:i leaseTransitions:i "
	  "renewTime:t" },
	{ "core.v1.AWSElasticBlockStoreVolumeSource",
	  "fsType:s partition:i readOnly:b volumeID!:s" },
	{ "core.v1.Affinity",
	  "nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity" },
	{ "core.v1.AttachedVolume",
	  "devicePath!:s name!:s" },
	{ "core.v1.AzureDiskVolumeSource",
	  "cachingMode:s diskName!:s diskURI!:s fsType:s kind:s readOnly:b" },
	{ "core.v1.AzureFilePersistentVolumeSource",
	  "readOnly:b secretName!:s secretNamespace:s shareName!:s" },
	{ "core.v1.AzureFileVolumeSource",
	  "readOnly:b secretName!:s shareName!:s" },
	{ "core.v1.CSIPersistentVolumeSource",
	  "controllerExpandSecretRef:SecretReference "
	  "controllerPublishSecretRef:SecretReference driver!:s fsType:s "
	  "nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference "
	  "nodeStageSecretRef:SecretReference readOnly:b volumeAttributes:{s} volumeHandle!:s" },
	{ "core.v1.CSIVolumeSource",
	  "driver!:s fsType:s nodePublishSecretRef:LocalObjectReference readOnly:b "
	  "volumeAttributes:{s}" },
	{ "core.v1.Capabilities",
	  "add:[s] drop:[s]" },
	{ "core.v1.CephFSPersistentVolumeSource",
	  "monitors!:[s] path:s readOnly:b secretFile:s secretRef:SecretReference user:s" },
	{ "core.v1.CephFSVolumeSource",
	  "monitors!:[s] path:s readOnly:b secretFile:s secretRef:LocalObjectReference user:s" },
	{ "core.v1.CinderPersistentVolumeSource",
	  "fsType:s readOnly:b secretRef:SecretReference volumeID!:s" },
	{ "core.v1.CinderVolumeSource",
	  "fsType:s readOnly:b secretRef:LocalObjectReference volumeID!:s" },
	{ "core.v1.ClaimSource",
	  "resourceClaimName:s resourceClaimTemplateName:s" },
	{ "core.v1.ClientIPConfig",
	  "timeoutSeconds:i" },
	{ "core.v1.ClusterTrustBundleProjection",
	  "labelSelector:meta.v1.LabelSelector name:s optional:b path!:s signerName:s" },
	{ "core.v1.ConfigMap",
	  "apiVersion:s binaryData:{y} data:{s} immutable:b kind:s "
	  "metadata:meta.v1.ObjectMeta" },
	{ "core.v1.ConfigMapEnvSource",
	  "name:s optional:b" },
	{ "core.v1.ConfigMapKeySelector",
	  "key!:s name:s optional:b" },
	{ "core.v1.ConfigMapNodeConfigSource",
	  "kubeletConfigKey!:s name!:s namespace!:s resourceVersion:s uid:s" },
	{ "core.v1.ConfigMapProjection",
	  "items:[KeyToPath] name:s optional:b" },
	{ "core.v1.ConfigMapVolumeSource",
	  "defaultMode:i items:[KeyToPath] name:s optional:b" },
	{ "core.v1.Container",
	  "args:[s] command:[s] env:[EnvVar]/name envFrom:[EnvFromSource] image:s "
	  "imagePullPolicy:s lifecycle:Lifecycle livenessProbe:Probe name!:s "
	  "ports:[ContainerPort]/containerPort readinessProbe:Probe "
	  "resizePolicy:[ContainerResizePolicy] resources:ResourceRequirements "
	  "restartPolicy:s securityContext:SecurityContext startupProbe:Probe stdin:b "
	  "stdinOnce:b terminationMessagePath:s terminationMessagePolicy:s tty:b "
	  "volumeDevices:[VolumeDevice]/devicePath volumeMounts:[VolumeMount]/mountPath "
	  "workingDir:s" },
	{ "core.v1.ContainerImage",
	  "names!:[s] sizeBytes:l" },
	{ "core.v1.ContainerPort",
	  "containerPort!:i hostIP:s hostPort:i name:s protocol:s" },
	{ "core.v1.ContainerResizePolicy",
	  "resourceName!:s restartPolicy!:s" },
	{ "core.v1.ContainerState",
	  "running:ContainerStateRunning terminated:ContainerStateTerminated "
	  "waiting:ContainerStateWaiting" },
	{ "core.v1.ContainerStateRunning",
	  "startedAt:t" },
	{ "core.v1.ContainerStateTerminated",
	  "containerID:s exitCode!:i finishedAt:t message:s reason:s signal:i startedAt:t" },
	{ "core.v1.ContainerStateWaiting",
	  "message:s reason:s" },
	{ "core.v1.ContainerStatus",
	  "allocatedResources:{q} containerID:s image!:s imageID!:s lastState:ContainerState "
	  "name!:s ready!:b resources:ResourceRequirements restartCount!:i started:b "
	  "state:ContainerState" },
	{ "core.v1.DaemonEndpoint",
	  "Port!:i" },
	{ "core.v1.DownwardAPIProjection",
	  "items:[DownwardAPIVolumeFile]" },
	{ "core.v1.DownwardAPIVolumeFile",
	  "fieldRef:ObjectFieldSelector mode:i path!:s resourceFieldRef:ResourceFieldSelector" },
	{ "core.v1.DownwardAPIVolumeSource",
	  "defaultMode:i items:[DownwardAPIVolumeFile]" },
	{ "core.v1.EmptyDirVolumeSource",
	  "medium:s sizeLimit:q" },
	{ "core.v1.EndpointAddress",
	  "hostname:s ip!:s nodeName:s targetRef:ObjectReference" },
	{ "core.v1.EndpointPort",
	  "appProtocol:s name:s port!:i protocol:s" },
	{ "core.v1.EndpointSubset",
	  "addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] "
	  "ports:[EndpointPort]" },
	{ "core.v1.Endpoints",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta subsets:[EndpointSubset]" },
	{ "core.v1.EnvFromSource",
	  "configMapRef:ConfigMapEnvSource prefix:s secretRef:SecretEnvSource" },
	{ "core.v1.EnvVar",
	  "name!:s value:s valueFrom:EnvVarSource" },
	{ "core.v1.EnvVarSource",
	  "configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector "
	  "resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector" },
	{ "core.v1.EphemeralContainer",
	  "args:[s] command:[s] env:[EnvVar]/name envFrom:[EnvFromSource] image:s "
	  "imagePullPolicy:s lifecycle:Lifecycle livenessProbe:Probe name!:s "
	  "ports:[ContainerPort] readinessProbe:Probe resizePolicy:[ContainerResizePolicy] "
	  "resources:ResourceRequirements restartPolicy:s securityContext:SecurityContext "
	  "startupProbe:Probe stdin:b stdinOnce:b targetContainerName:s "
	  "terminationMessagePath:s terminationMessagePolicy:s tty:b "
	  "volumeDevices:[VolumeDevice]/devicePath volumeMounts:[VolumeMount]/mountPath "
	  "workingDir:s" },
	{ "core.v1.EphemeralVolumeSource",
	  "readOnly:b volumeClaimTemplate:PersistentVolumeClaimTemplate" },
	{ "core.v1.Event",
	  "action:s apiVersion:s count:i eventTime:t firstTimestamp:t "
	  "involvedObject!:ObjectReference kind:s lastTimestamp:t message:s "
	  "metadata!:meta.v1.ObjectMeta reason:s related:ObjectReference reportingComponent:s "
	  "reportingInstance:s series:EventSeries source:EventSource type:s" },
	{ "core.v1.EventSeries",
	  "count:i lastObservedTime:t" },
	{ "core.v1.EventSource",
	  "component:s host:s" },
	{ "core.v1.ExecAction",
	  "command:[s]" },
	{ "core.v1.FCVolumeSource",
	  "fsType:s lun:i readOnly:b targetWWNs:[s] wwids:[s]" },
	{ "core.v1.FlexPersistentVolumeSource",
	  "driver!:s fsType:s options:{s} readOnly:b secretRef:SecretReference" },
	{ "core.v1.FlexVolumeSource",
	  "driver!:s fsType:s options:{s} readOnly:b secretRef:LocalObjectReference" },
	{ "core.v1.FlockerVolumeSource",
	  "datasetName:s datasetUUID:s" },
	{ "core.v1.GCEPersistentDiskVolumeSource",
	  "fsType:s partition:i pdName!:s readOnly:b" },
	{ "core.v1.GRPCAction",
	  "port!:i service:s" },
	{ "core.v1.GitRepoVolumeSource",
	  "directory:s repository!:s revision:s" },
	{ "core.v1.GlusterfsPersistentVolumeSource",
	  "endpoints!:s endpointsNamespace:s path!:s readOnly:b" },
	{ "core.v1.GlusterfsVolumeSource",
	  "endpoints!:s path!:s readOnly:b" },
	{ "core.v1.HTTPGetAction",
	  "host:s httpHeaders:[HTTPHeader] path:s port!:x scheme:s" },
	{ "core.v1.HTTPHeader",
	  "name!:s value!:s" },
	{ "core.v1.Handler",
	  "exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction" },
	{ "core.v1.HostAlias",
	  "hostnames:[s] ip:s" },
	{ "core.v1.HostIP",
	  "ip:s" },
	{ "core.v1.HostPathVolumeSource",
	  "path!:s type:s" },
	{ "core.v1.ISCSIPersistentVolumeSource",
	  "chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn!:s "
	  "iscsiInterface:s lun!:i portals:[s] readOnly:b secretRef:SecretReference "
	  "targetPortal!:s" },
	{ "core.v1.ISCSIVolumeSource",
	  "chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn!:s "
	  "iscsiInterface:s lun!:i portals:[s] readOnly:b secretRef:LocalObjectReference "
	  "targetPortal!:s" },
	{ "core.v1.KeyToPath",
	  "key!:s mode:i path!:s" },
	{ "core.v1.Lifecycle",
	  "postStart:Handler preStop:Handler" },
	{ "core.v1.LimitRange",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:LimitRangeSpec" },
	{ "core.v1.LimitRangeItem",
	  "default:{q} defaultRequest:{q} max:{q} maxLimitRequestRatio:{q} min:{q} type!:s" },
	{ "core.v1.LimitRangeSpec",
	  "limits!:[LimitRangeItem]" },
	{ "core.v1.LoadBalancerIngress",
	  "hostname:s ip:s ipMode:s ports:[PortStatus]" },
	{ "core.v1.LoadBalancerStatus",
	  "ingress:[LoadBalancerIngress]" },
	{ "core.v1.LocalObjectReference",
	  "name:s" },
	{ "core.v1.LocalVolumeSource",
	  "fsType:s path!:s" },
	{ "core.v1.NFSVolumeSource",
	  "path!:s readOnly:b server!:s" },
	{ "core.v1.Namespace",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:NamespaceSpec "
	  "status:NamespaceStatus" },
	{ "core.v1.NamespaceCondition",
	  "lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "core.v1.NamespaceSpec",
	  "finalizers:[s]" },
	{ "core.v1.NamespaceStatus",
	  "conditions:[NamespaceCondition]/type phase:s" },
	{ "core.v1.Node",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:NodeSpec status:NodeStatus" },
	{ "core.v1.NodeAddress",
	  "address!:s type!:s" },
	{ "core.v1.NodeAffinity",
	  "preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm] "
	  "requiredDuringSchedulingIgnoredDuringExecution:NodeSelector" },
	{ "core.v1.NodeCondition",
	  "lastHeartbeatTime:t lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "core.v1.NodeConfigSource",
	  "configMap:ConfigMapNodeConfigSource" },
	{ "core.v1.NodeConfigStatus",
	  "active:NodeConfigSource assigned:NodeConfigSource error:s "
	  "lastKnownGood:NodeConfigSource" },
	{ "core.v1.NodeDaemonEndpoints",
	  "kubeletEndpoint:DaemonEndpoint" },
	{ "core.v1.NodeSelector",
	  "nodeSelectorTerms!:[NodeSelectorTerm]" },
	{ "core.v1.NodeSelectorRequirement",
	  "key!:s operator!:s values:[s]" },
	{ "core.v1.NodeSelectorTerm",
	  "matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]" },
	{ "core.v1.NodeSpec",
	  "configSource:NodeConfigSource externalID:s podCIDR:s podCIDRs:[s]/ providerID:s "
	  "taints:[Taint] unschedulable:b" },
	{ "core.v1.NodeStatus",
	  "addresses:[NodeAddress]/type allocatable:{q} capacity:{q} "
	  "conditions:[NodeCondition]/type config:NodeConfigStatus "
	  "daemonEndpoints:NodeDaemonEndpoints images:[ContainerImage] "
	  "nodeInfo:NodeSystemInfo phase:s runtimeHandlers:[o] "
	  "volumesAttached:[AttachedVolume] volumesInUse:[s]" },
	{ "core.v1.NodeSystemInfo",
	  "architecture!:s bootID!:s containerRuntimeVersion!:s kernelVersion!:s "
	  "kubeProxyVersion!:s kubeletVersion!:s machineID!:s operatingSystem!:s osImage!:s "
	  "systemUUID!:s" },
	{ "core.v1.ObjectFieldSelector",
	  "apiVersion:s fieldPath!:s" },
	{ "core.v1.ObjectReference",
	  "apiVersion:s fieldPath:s kind:s name:s namespace:s resourceVersion:s uid:s" },
	{ "core.v1.PersistentVolume",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:PersistentVolumeSpec "
	  "status:PersistentVolumeStatus" },
	{ "core.v1.PersistentVolumeClaim",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:PersistentVolumeClaimSpec "
	  "status:PersistentVolumeClaimStatus" },
	{ "core.v1.PersistentVolumeClaimCondition",
	  "lastProbeTime:t lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "core.v1.PersistentVolumeClaimSpec",
	  "accessModes:[s] dataSource:TypedLocalObjectReference "
	  "dataSourceRef:TypedObjectReference resources:ResourceRequirements "
	  "selector:meta.v1.LabelSelector storageClassName:s volumeAttributesClassName:s "
	  "volumeMode:s volumeName:s" },
	{ "core.v1.PersistentVolumeClaimStatus",
	  "accessModes:[s] allocatedResourceStatuses:{s} allocatedResources:{q} capacity:{q} "
	  "conditions:[PersistentVolumeClaimCondition]/type phase:s" },
	{ "core.v1.PersistentVolumeClaimTemplate",
	  "metadata:meta.v1.ObjectMeta spec!:PersistentVolumeClaimSpec" },
	{ "core.v1.PersistentVolumeClaimVolumeSource",
	  "claimName!:s readOnly:b" },
	{ "core.v1.PersistentVolumeSpec",
	  "accessModes:[s] awsElasticBlockStore:AWSElasticBlockStoreVolumeSource "
	  "azureDisk:AzureDiskVolumeSource azureFile:AzureFilePersistentVolumeSource "
	  "capacity:{q} cephfs:CephFSPersistentVolumeSource "
	  "cinder:CinderPersistentVolumeSource claimRef:ObjectReference "
	  "csi:CSIPersistentVolumeSource fc:FCVolumeSource "
	  "flexVolume:FlexPersistentVolumeSource flocker:FlockerVolumeSource "
	  "gcePersistentDisk:GCEPersistentDiskVolumeSource "
	  "glusterfs:GlusterfsPersistentVolumeSource hostPath:HostPathVolumeSource "
	  "iscsi:ISCSIPersistentVolumeSource local:LocalVolumeSource mountOptions:[s] "
	  "nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity "
	  "persistentVolumeReclaimPolicy:s "
	  "photonPersistentDisk:PhotonPersistentDiskVolumeSource "
	  "portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource "
	  "rbd:RBDPersistentVolumeSource scaleIO:ScaleIOPersistentVolumeSource "
	  "storageClassName:s storageos:StorageOSPersistentVolumeSource "
	  "volumeAttributesClassName:s volumeMode:s "
	  "vsphereVolume:VsphereVirtualDiskVolumeSource" },
	{ "core.v1.PersistentVolumeStatus",
	  "lastPhaseTransitionTime:t message:s phase:s reason:s" },
	{ "core.v1.PhotonPersistentDiskVolumeSource",
	  "fsType:s pdID!:s" },
	{ "core.v1.Pod",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:PodSpec status:PodStatus" },
	{ "core.v1.PodAffinity",
	  "preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm] "
	  "requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]" },
	{ "core.v1.PodAffinityTerm",
	  "labelSelector:meta.v1.LabelSelector matchLabelKeys:[s] mismatchLabelKeys:[s] "
	  "namespaceSelector:meta.v1.LabelSelector namespaces:[s] topologyKey!:s" },
	{ "core.v1.PodAntiAffinity",
	  "preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm] "
	  "requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]" },
	{ "core.v1.PodCondition",
	  "lastProbeTime:t lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "core.v1.PodDNSConfig",
	  "nameservers:[s] options:[PodDNSConfigOption] searches:[s]" },
	{ "core.v1.PodDNSConfigOption",
	  "name:s value:s" },
	{ "core.v1.PodIP",
	  "ip:s" },
	{ "core.v1.PodOS",
	  "name!:s" },
	{ "core.v1.PodReadinessGate",
	  "conditionType!:s" },
	{ "core.v1.PodResourceClaim",
	  "name!:s source:ClaimSource" },
	{ "core.v1.PodSchedulingGate",
	  "name!:s" },
	{ "core.v1.PodSecurityContext",
	  "fsGroup:l fsGroupChangePolicy:s runAsGroup:l runAsNonRoot:b runAsUser:l "
	  "seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile supplementalGroups:[l] "
	  "sysctls:[Sysctl] windowsOptions:WindowsSecurityContextOptions" },
	{ "core.v1.PodSpec",
	  "activeDeadlineSeconds:l affinity:Affinity automountServiceAccountToken:b "
	  "containers!:[Container]/name dnsConfig:PodDNSConfig dnsPolicy:s "
	  "enableServiceLinks:b ephemeralContainers:[EphemeralContainer]/name "
	  "hostAliases:[HostAlias]/ip hostIPC:b hostNetwork:b hostPID:b hostUsers:b "
	  "hostname:s imagePullSecrets:[LocalObjectReference]/name "
	  "initContainers:[Container]/name nodeName:s nodeSelector:{s} os:PodOS overhead:{q} "
	  "preemptionPolicy:s priority:i priorityClassName:s "
	  "readinessGates:[PodReadinessGate] resourceClaims:[PodResourceClaim]/name "
	  "restartPolicy:s runtimeClassName:s schedulerName:s "
	  "schedulingGates:[PodSchedulingGate]/name securityContext:PodSecurityContext "
	  "serviceAccount:s serviceAccountName:s setHostnameAsFQDN:b shareProcessNamespace:b "
	  "subdomain:s terminationGracePeriodSeconds:l tolerations:[Toleration] "
	  "topologySpreadConstraints:[TopologySpreadConstraint]/topologyKey "
	  "volumes:[Volume]/name=" },
	{ "core.v1.PodStatus",
	  "conditions:[PodCondition]/type containerStatuses:[ContainerStatus] "
	  "ephemeralContainerStatuses:[ContainerStatus] hostIP:s hostIPs:[HostIP] "
	  "initContainerStatuses:[ContainerStatus] message:s nominatedNodeName:s phase:s "
	  "podIP:s podIPs:[PodIP]/ip qosClass:s reason:s resize:s resourceClaimStatuses:[o] "
	  "startTime:t" },
	{ "core.v1.PodTemplate",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta template:PodTemplateSpec" },
	{ "core.v1.PodTemplateSpec",
	  "metadata:meta.v1.ObjectMeta spec:PodSpec" },
	{ "core.v1.PortStatus",
	  "error:s port!:i protocol!:s" },
	{ "core.v1.PortworxVolumeSource",
	  "fsType:s readOnly:b volumeID!:s" },
	{ "core.v1.PreferredSchedulingTerm",
	  "preference!:NodeSelectorTerm weight!:i" },
	{ "core.v1.Probe",
	  "exec:ExecAction failureThreshold:i grpc:GRPCAction httpGet:HTTPGetAction "
	  "initialDelaySeconds:i periodSeconds:i successThreshold:i tcpSocket:TCPSocketAction "
	  "terminationGracePeriodSeconds:l timeoutSeconds:i" },
	{ "core.v1.ProjectedVolumeSource",
	  "defaultMode:i sources:[VolumeProjection]" },
	{ "core.v1.QuobyteVolumeSource",
	  "group:s readOnly:b registry!:s tenant:s user:s volume!:s" },
	{ "core.v1.RBDPersistentVolumeSource",
	  "fsType:s image!:s keyring:s monitors!:[s] pool:s readOnly:b "
	  "secretRef:SecretReference user:s" },
	{ "core.v1.RBDVolumeSource",
	  "fsType:s image!:s keyring:s monitors!:[s] pool:s readOnly:b "
	  "secretRef:LocalObjectReference user:s" },
	{ "core.v1.ReplicationController",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:ReplicationControllerSpec "
	  "status:ReplicationControllerStatus" },
	{ "core.v1.ReplicationControllerCondition",
	  "lastTransitionTime:t message:s reason:s status!:s type!:s" },
	{ "core.v1.ReplicationControllerSpec",
	  "minReadySeconds:i replicas:i selector:{s} template:PodTemplateSpec" },
	{ "core.v1.ReplicationControllerStatus",
	  "availableReplicas:i conditions:[ReplicationControllerCondition]/type "
	  "fullyLabeledReplicas:i observedGeneration:l readyReplicas:i replicas!:i" },
	{ "core.v1.ResourceClaim",
	  "name!:s" },
	{ "core.v1.ResourceFieldSelector",
	  "containerName:s divisor:q resource!:s" },
	{ "core.v1.ResourceQuota",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:ResourceQuotaSpec "
	  "status:ResourceQuotaStatus" },
	{ "core.v1.ResourceQuotaSpec",
	  "hard:{q} scopeSelector:ScopeSelector scopes:[s]" },
	{ "core.v1.ResourceQuotaStatus",
	  "hard:{q} used:{q}" },
	{ "core.v1.ResourceRequirements",
	  "claims:[ResourceClaim] limits:{q} requests:{q}" },
	{ "core.v1.SELinuxOptions",
	  "level:s role:s type:s user:s" },
	{ "core.v1.ScaleIOPersistentVolumeSource",
	  "fsType:s gateway!:s protectionDomain:s readOnly:b secretRef!:SecretReference "
	  "sslEnabled:b storageMode:s storagePool:s system!:s volumeName:s" },
	{ "core.v1.ScaleIOVolumeSource",
	  "fsType:s gateway!:s protectionDomain:s readOnly:b secretRef!:LocalObjectReference "
	  "sslEnabled:b storageMode:s storagePool:s system!:s volumeName:s" },
	{ "core.v1.ScopeSelector",
	  "matchExpressions:[ScopedResourceSelectorRequirement]" },
	{ "core.v1.ScopedResourceSelectorRequirement",
	  "operator!:s scopeName!:s values:[s]" },
	{ "core.v1.SeccompProfile",
	  "localhostProfile:s type!:s" },
	{ "core.v1.Secret",
	  "apiVersion:s data:{y} immutable:b kind:s metadata:meta.v1.ObjectMeta "
	  "stringData:{s} type:s" },
	{ "core.v1.SecretEnvSource",
	  "name:s optional:b" },
	{ "core.v1.SecretKeySelector",
	  "key!:s name:s optional:b" },
	{ "core.v1.SecretProjection",
	  "items:[KeyToPath] name:s optional:b" },
	{ "core.v1.SecretReference",
	  "name:s namespace:s" },
	{ "core.v1.SecretVolumeSource",
	  "defaultMode:i items:[KeyToPath] optional:b secretName:s" },
	{ "core.v1.SecurityContext",
	  "allowPrivilegeEscalation:b capabilities:Capabilities privileged:b procMount:s "
	  "readOnlyRootFilesystem:b runAsGroup:l runAsNonRoot:b runAsUser:l "
	  "seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile "
	  "windowsOptions:WindowsSecurityContextOptions" },
	{ "core.v1.Service",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:ServiceSpec "
	  "status:ServiceStatus" },
	{ "core.v1.ServiceAccount",
	  "apiVersion:s automountServiceAccountToken:b "
	  "imagePullSecrets:[LocalObjectReference] kind:s metadata:meta.v1.ObjectMeta "
	  "secrets:[ObjectReference]/name" },
	{ "core.v1.ServiceAccountTokenProjection",
	  "audience:s expirationSeconds:l path!:s" },
	{ "core.v1.ServicePort",
	  "appProtocol:s name:s nodePort:i port!:i protocol:s targetPort:x" },
	{ "core.v1.ServiceSpec",
	  "allocateLoadBalancerNodePorts:b clusterIP:s clusterIPs:[s] externalIPs:[s] "
	  "externalName:s externalTrafficPolicy:s healthCheckNodePort:i "
	  "internalTrafficPolicy:s ipFamilies:[s] ipFamilyPolicy:s loadBalancerClass:s "
	  "loadBalancerIP:s loadBalancerSourceRanges:[s] ports:[ServicePort]/port "
	  "publishNotReadyAddresses:b selector:{s} sessionAffinity:s "
	  "sessionAffinityConfig:SessionAffinityConfig topologyKeys:[s] type:s" },
	{ "core.v1.ServiceStatus",
	  "conditions:[meta.v1.Condition]/type loadBalancer:LoadBalancerStatus" },
	{ "core.v1.SessionAffinityConfig",
	  "clientIP:ClientIPConfig" },
	{ "core.v1.SleepAction",
	  "seconds!:l" },
	{ "core.v1.StorageOSPersistentVolumeSource",
	  "fsType:s readOnly:b secretRef:ObjectReference volumeName:s volumeNamespace:s" },
	{ "core.v1.StorageOSVolumeSource",
	  "fsType:s readOnly:b secretRef:LocalObjectReference volumeName:s volumeNamespace:s" },
	{ "core.v1.Sysctl",
	  "name!:s value!:s" },
	{ "core.v1.TCPSocketAction",
	  "host:s port!:x" },
	{ "core.v1.Taint",
	  "effect!:s key!:s timeAdded:t value:s" },
	{ "core.v1.Toleration",
	  "effect:s key:s operator:s tolerationSeconds:l value:s" },
	{ "core.v1.TopologySelectorLabelRequirement",
	  "key!:s values!:[s]" },
	{ "core.v1.TopologySelectorTerm",
	  "matchLabelExpressions:[TopologySelectorLabelRequirement]" },
	{ "core.v1.TopologySpreadConstraint",
	  "labelSelector:meta.v1.LabelSelector matchLabelKeys:[s] maxSkew!:i minDomains:i "
	  "nodeAffinityPolicy:s nodeTaintsPolicy:s topologyKey!:s whenUnsatisfiable!:s" },
	{ "core.v1.TypedLocalObjectReference",
	  "apiGroup:s kind!:s name!:s" },
	{ "core.v1.TypedObjectReference",
	  "apiGroup:s kind!:s name!:s namespace:s" },
	{ "core.v1.Volume",
	  "awsElasticBlockStore:AWSElasticBlockStoreVolumeSource "
	  "azureDisk:AzureDiskVolumeSource azureFile:AzureFileVolumeSource "
	  "cephfs:CephFSVolumeSource cinder:CinderVolumeSource "
	  "configMap:ConfigMapVolumeSource csi:CSIVolumeSource "
	  "downwardAPI:DownwardAPIVolumeSource emptyDir:EmptyDirVolumeSource "
	  "ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource "
	  "flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource "
	  "gitRepo:GitRepoVolumeSource glusterfs:GlusterfsVolumeSource "
	  "hostPath:HostPathVolumeSource iscsi:ISCSIVolumeSource name!:s nfs:NFSVolumeSource "
	  "persistentVolumeClaim:PersistentVolumeClaimVolumeSource "
	  "photonPersistentDisk:PhotonPersistentDiskVolumeSource "
	  "portworxVolume:PortworxVolumeSource projected:ProjectedVolumeSource "
	  "quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource "
	  "secret:SecretVolumeSource storageos:StorageOSVolumeSource "
	  "vsphereVolume:VsphereVirtualDiskVolumeSource" },
	{ "core.v1.VolumeDevice",
	  "devicePath!:s name!:s" },
	{ "core.v1.VolumeMount",
	  "mountPath!:s mountPropagation:s name!:s readOnly:b subPath:s subPathExpr:s" },
	{ "core.v1.VolumeNodeAffinity",
	  "required:NodeSelector" },
	{ "core.v1.VolumeProjection",
	  "clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection "
	  "downwardAPI:DownwardAPIProjection secret:SecretProjection "
	  "serviceAccountToken:ServiceAccountTokenProjection" },
	{ "core.v1.VsphereVirtualDiskVolumeSource",
	  "fsType:s storagePolicyID:s storagePolicyName:s volumePath!:s" },
	{ "core.v1.WeightedPodAffinityTerm",
	  "podAffinityTerm!:PodAffinityTerm weight!:i" },
	{ "core.v1.WindowsSecurityContextOptions",
	  "gmsaCredentialSpec:s gmsaCredentialSpecName:s hostProcess:b runAsUserName:s" },
	{ "discovery.v1.Endpoint",
	  "addresses!:[s] conditions:EndpointConditions deprecatedTopology:{s} "
	  "hints:EndpointHints hostname:s nodeName:s targetRef:core.v1.ObjectReference zone:s" },
	{ "discovery.v1.EndpointConditions",
	  "ready:b serving:b terminating:b" },
	{ "discovery.v1.EndpointHints",
	  "forZones:[ForZone]" },
	{ "discovery.v1.EndpointPort",
	  "appProtocol:s name:s port:i protocol:s" },
	{ "discovery.v1.EndpointSlice",
	  "addressType!:s apiVersion:s endpoints!:[Endpoint] kind:s "
	  "metadata:meta.v1.ObjectMeta ports:[EndpointPort]" },
	{ "discovery.v1.ForZone",
	  "name!:s" },
	{ "events.v1.Event",
	  "action:s apiVersion:s deprecatedCount:i deprecatedFirstTimestamp:t "
	  "deprecatedLastTimestamp:t deprecatedSource:core.v1.EventSource eventTime!:t kind:s "
	  "metadata!:meta.v1.ObjectMeta note:s reason:s regarding:core.v1.ObjectReference "
	  "related:core.v1.ObjectReference reportingController:s reportingInstance:s "
	  "series:EventSeries type:s" },
	{ "events.v1.EventSeries",
	  "count!:i lastObservedTime!:t" },
	{ "meta.v1.Condition",
	  "lastTransitionTime!:t message!:s observedGeneration:l reason!:s status!:s type!:s" },
	{ "meta.v1.DeleteOptions",
	  "apiVersion:s dryRun:[s] gracePeriodSeconds:l kind:s orphanDependents:b "
	  "preconditions:Preconditions propagationPolicy:s" },
	{ "meta.v1.LabelSelector",
	  "matchExpressions:[LabelSelectorRequirement] matchLabels:{s}" },
	{ "meta.v1.LabelSelectorRequirement",
	  "key!:s/key operator!:s values:[s]" },
	{ "meta.v1.ManagedFieldsEntry",
	  "apiVersion:s fieldsType:s fieldsV1:o manager:s operation:s subresource:s time:t" },
	{ "meta.v1.ObjectMeta",
	  "annotations:{s} creationTimestamp:t deletionGracePeriodSeconds:l "
	  "deletionTimestamp:t finalizers:[s]/ generateName:s generation:l labels:{s} "
	  "managedFields:[ManagedFieldsEntry] name:s namespace:s "
	  "ownerReferences:[OwnerReference]/uid resourceVersion:s selfLink:s uid:s" },
	{ "meta.v1.OwnerReference",
	  "apiVersion!:s blockOwnerDeletion:b controller:b kind!:s name!:s uid!:s" },
	{ "meta.v1.Preconditions",
	  "resourceVersion:s uid:s" },
	{ "networking.v1.HTTPIngressPath",
	  "backend!:IngressBackend path:s pathType:s" },
	{ "networking.v1.HTTPIngressRuleValue",
	  "paths!:[HTTPIngressPath]" },
	{ "networking.v1.IPBlock",
	  "cidr!:s except:[s]" },
	{ "networking.v1.Ingress",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:IngressSpec "
	  "status:IngressStatus" },
	{ "networking.v1.IngressBackend",
	  "resource:core.v1.TypedLocalObjectReference service:IngressServiceBackend" },
	{ "networking.v1.IngressClass",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:IngressClassSpec" },
	{ "networking.v1.IngressClassParametersReference",
	  "apiGroup:s kind!:s name!:s namespace:s scope:s" },
	{ "networking.v1.IngressClassSpec",
	  "controller:s parameters:IngressClassParametersReference" },
	{ "networking.v1.IngressLoadBalancerIngress",
	  "hostname:s ip:s ports:[IngressPortStatus]" },
	{ "networking.v1.IngressLoadBalancerStatus",
	  "ingress:[IngressLoadBalancerIngress]" },
	{ "networking.v1.IngressPortStatus",
	  "error:s port!:i protocol!:s" },
	{ "networking.v1.IngressRule",
	  "host:s http:HTTPIngressRuleValue" },
	{ "networking.v1.IngressServiceBackend",
	  "name!:s port:ServiceBackendPort" },
	{ "networking.v1.IngressSpec",
	  "defaultBackend:IngressBackend ingressClassName:s rules:[IngressRule] "
	  "tls:[IngressTLS]" },
	{ "networking.v1.IngressStatus",
	  "loadBalancer:IngressLoadBalancerStatus" },
	{ "networking.v1.IngressTLS",
	  "hosts:[s] secretName:s" },
	{ "networking.v1.NetworkPolicy",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:NetworkPolicySpec" },
	{ "networking.v1.NetworkPolicyEgressRule",
	  "ports:[NetworkPolicyPort] to:[NetworkPolicyPeer]" },
	{ "networking.v1.NetworkPolicyIngressRule",
	  "from:[NetworkPolicyPeer] ports:[NetworkPolicyPort]" },
	{ "networking.v1.NetworkPolicyPeer",
	  "ipBlock:IPBlock namespaceSelector:meta.v1.LabelSelector "
	  "podSelector:meta.v1.LabelSelector" },
	{ "networking.v1.NetworkPolicyPort",
	  "endPort:i port:x protocol:s" },
	{ "networking.v1.NetworkPolicySpec",
	  "egress:[NetworkPolicyEgressRule] ingress:[NetworkPolicyIngressRule] "
	  "podSelector!:meta.v1.LabelSelector policyTypes:[s]" },
	{ "networking.v1.ServiceBackendPort",
	  "name:s number:i" },
	{ "policy.v1.PodDisruptionBudget",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta spec:PodDisruptionBudgetSpec "
	  "status:PodDisruptionBudgetStatus" },
	{ "policy.v1.PodDisruptionBudgetSpec",
	  "maxUnavailable:x minAvailable:x selector:meta.v1.LabelSelector "
	  "unhealthyPodEvictionPolicy:s" },
	{ "policy.v1.PodDisruptionBudgetStatus",
	  "currentHealthy!:i desiredHealthy!:i disruptedPods:{t} disruptionsAllowed!:i "
	  "expectedPods!:i observedGeneration:l" },
	{ "rbac.v1.AggregationRule",
	  "clusterRoleSelectors:[meta.v1.LabelSelector]" },
	{ "rbac.v1.ClusterRole",
	  "aggregationRule:AggregationRule apiVersion:s kind:s metadata:meta.v1.ObjectMeta "
	  "rules:[PolicyRule]" },
	{ "rbac.v1.ClusterRoleBinding",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta roleRef!:RoleRef "
	  "subjects:[Subject]" },
	{ "rbac.v1.PolicyRule",
	  "apiGroups:[s] nonResourceURLs:[s] resourceNames:[s] resources:[s] verbs!:[s]" },
	{ "rbac.v1.Role",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta rules:[PolicyRule]" },
	{ "rbac.v1.RoleBinding",
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta roleRef!:RoleRef "
	  "subjects:[Subject]" },
	{ "rbac.v1.RoleRef",
	  "apiGroup!:s kind!:s name!:s" },
	{ "rbac.v1.Subject",
	  "apiGroup:s kind!:s name!:s namespace:s" },
	{ "scheduling.v1.PriorityClass",
	  "apiVersion:s description:s globalDefault:b kind:s metadata:meta.v1.ObjectMeta "
	  "preemptionPolicy:s value!:i" },
	{ "storage.v1.StorageClass",
	  "allowVolumeExpansion:b allowedTopologies:[core.v1.TopologySelectorTerm] "
	  "apiVersion:s kind:s metadata:meta.v1.ObjectMeta mountOptions:[s] parameters:{s} "
	  "provisioner!:s reclaimPolicy:s volumeBindingMode:s" },
};
/* clang-format on */
const size_t openapi_types_count = sizeof(openapi_types) / sizeof(openapi_types[0]);
