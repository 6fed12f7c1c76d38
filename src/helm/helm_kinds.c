#include "config.h"

#include "helm/helm_kinds.h"

#include <stddef.h>
#include <string.h>

static const char *const install_order[] = {
	"PriorityClass",
	"Namespace",
	"NetworkPolicy",
	"ResourceQuota",
	"LimitRange",
	"PodSecurityPolicy",
	"PodDisruptionBudget",
	"ServiceAccount",
	"Secret",
	"SecretList",
	"ConfigMap",
	"StorageClass",
	"PersistentVolume",
	"PersistentVolumeClaim",
	"CustomResourceDefinition",
	"ClusterRole",
	"ClusterRoleList",
	"ClusterRoleBinding",
	"ClusterRoleBindingList",
	"Role",
	"RoleList",
	"RoleBinding",
	"RoleBindingList",
	"Service",
	"DaemonSet",
	"Pod",
	"ReplicationController",
	"ReplicaSet",
	"Deployment",
	"HorizontalPodAutoscaler",
	"StatefulSet",
	"Job",
	"CronJob",
	"IngressClass",
	"Ingress",
	"APIService",
	NULL,
};

static int
rank_of(const char *kind)
{
	int rank = 0;

	while (install_order[rank] && strcmp(install_order[rank], kind) != 0)
		rank++;
	return rank;
}

static const int unknown_rank = sizeof(install_order) / sizeof(install_order[0]) - 1;

static int
compare_ranks(const char *a, int a_rank, const char *b, int b_rank)
{
	if (a_rank == b_rank)
		return a_rank == unknown_rank ? strcmp(a, b) : 0;
	return a_rank < b_rank ? -1 : 1;
}

int
helm_kinds_compare(const char *a, const char *b)
{
	return compare_ranks(a, rank_of(a), b, rank_of(b));
}

/* The other way round, but for Services, which go behind what leads to them from outside. */
static int
removal_rank(const char *kind)
{
	int rank = rank_of(kind);

	if (rank == unknown_rank)
		return rank;
	if (strcmp(kind, "Service") == 0)
		rank = rank_of("CronJob");
	else if (rank > rank_of("Service") && rank <= rank_of("CronJob"))
		rank--;
	return unknown_rank - 1 - rank;
}

int
helm_kinds_compare_removal(const char *a, const char *b)
{
	return compare_ranks(a, removal_rank(a), b, removal_rank(b));
}
