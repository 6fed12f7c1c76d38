#include "config.h"

#include "world/printer/printer.h"

#include "base/json.h"
#include "base/str.h"
#include "world/printer/printer_cells.h"

/* Volumes and claims. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

#define CLASS_ANNOTATION "volume.beta.kubernetes.io/storage-class"

/* "RWO,RWX": each once, in the server's order. */
static void
cell_modes(cJSON *cells, const cJSON *modes)
{
	static const struct {
		const char *mode, *brief;
	} known[] = {
		{ "ReadWriteOnce", "RWO" },
		{ "ReadOnlyMany", "ROX" },
		{ "ReadWriteMany", "RWX" },
		{ "ReadWriteOncePod", "RWOP" },
	};
	struct str text = STR_INIT;
	const cJSON *mode;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		bool there = false;

		cJSON_ArrayForEach(mode, modes)
			there = there || str_equal(cJSON_GetStringValue(mode), known[i].mode);
		if (there)
			append_item(&text, ",", known[i].brief);
	}
	cell_take(cells, &text);
}

static void
cell_phase(cJSON *cells, const cJSON *object)
{
	if (json_at(object, "metadata/deletionTimestamp"))
		cell_text(cells, "Terminating");
	else
		cell_at(cells, object, "status/phase", "");
}

/* An annotation said it before there was a field. Its name has slashes, so that it is no path. */
static void
cell_class(cJSON *cells, const cJSON *object)
{
	const cJSON *old = cJSON_GetObjectItemCaseSensitive(json_at(object, "metadata/annotations"),
							    CLASS_ANNOTATION);

	cell_text(cells, cJSON_IsString(old) ? old->valuestring
					     : json_string(object, "spec/storageClassName", ""));
}

static const struct printer_column volumes_columns[] = {
	PRINTER_NAME(0),
	{ "Capacity", "string", "",
	  "A description of the persistent volume's resources and capacity. More info: "
	  "https://kubernetes.io/docs/concepts/storage/persistent-volumes#capacity",
	  0 },
	{ "Access Modes", "string", "",
	  "AccessModes contains all ways the volume can be mounted. More info: "
	  "https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes",
	  0 },
	{ "Reclaim Policy", "string", "",
	  "What happens to a persistent volume when released from its claim. Valid options are "
	  "Retain (default for manually created PersistentVolumes), Delete (default for "
	  "dynamically provisioned PersistentVolumes), and Recycle (deprecated). Recycle must be "
	  "supported by the volume plugin underlying this PersistentVolume. More info: "
	  "https://kubernetes.io/docs/concepts/storage/persistent-volumes#reclaiming",
	  0 },
	{ "Status", "string", "",
	  "Phase indicates if a volume is available, bound to a claim, or released by a claim. "
	  "More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#phase",
	  0 },
	{ "Claim", "string", "",
	  "ClaimRef is part of a bi-directional binding between PersistentVolume and "
	  "PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the "
	  "authoritative bind between PV and PVC. More info: "
	  "https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding",
	  0 },
	{ "StorageClass", "string", "", "StorageClass of the pv", 0 },
	{ "Reason", "string", "",
	  "Reason is a brief CamelCase string that describes any failure and is meant for machine "
	  "parsing and tidy display in the CLI.",
	  0 },
	PRINTER_AGE,
	{ "VolumeMode", "string", "",
	  "volumeMode defines if a volume is intended to be used with a formatted filesystem or to "
	  "remain in raw block state. Value of Filesystem is implied when not included in spec.",
	  1 },
	{ .name = NULL },
};

static void
cell_claim(cJSON *cells, const cJSON *volume)
{
	const cJSON *claim = json_at(volume, "spec/claimRef");
	struct str text = STR_INIT;

	if (cJSON_IsObject(claim))
		str_printf(&text, "%s/%s", json_string(claim, "namespace", ""),
			   json_string(claim, "name", ""));
	cell_take(cells, &text);
}

static void
volumes_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "spec/capacity/storage", "0");
	cell_modes(cells, json_at(object, "spec/accessModes"));
	cell_at(cells, object, "spec/persistentVolumeReclaimPolicy", "");
	cell_phase(cells, object);
	cell_claim(cells, object);
	cell_class(cells, object);
	cell_at(cells, object, "status/reason", "");
	cell_age(cells, object, now_ms);
	cell_at(cells, object, "spec/volumeMode", "<unset>");
}

const struct printer printer_volumes = { .columns = volumes_columns, .cells = volumes_cells };

static const struct printer_column claims_columns[] = {
	PRINTER_NAME(0),
	{ "Status", "string", "", "Phase represents the current phase of PersistentVolumeClaim.",
	  0 },
	{ "Volume", "string", "",
	  "VolumeName is the binding reference to the PersistentVolume backing this claim.", 0 },
	{ "Capacity", "string", "", "Represents the actual resources of the underlying volume.",
	  0 },
	{ "Access Modes", "string", "",
	  "AccessModes contains the actual access modes the volume backing the PVC has. More info: "
	  "https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes-1",
	  0 },
	{ "StorageClass", "string", "", "StorageClass of the pvc", 0 },
	PRINTER_AGE,
	{ "VolumeMode", "string", "",
	  "volumeMode defines what type of volume is required by the claim. Value of Filesystem is "
	  "implied when not included in claim spec.",
	  1 },
	{ .name = NULL },
};

static void
claims_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	bool bound = *json_string(object, "spec/volumeName", "");

	cell_name(cells, object);
	cell_phase(cells, object);
	cell_at(cells, object, "spec/volumeName", "");
	cell_at(cells, bound ? object : NULL, "status/capacity/storage", bound ? "0" : "");
	cell_modes(cells, bound ? json_at(object, "status/accessModes") : NULL);
	cell_class(cells, object);
	cell_age(cells, object, now_ms);
	cell_at(cells, object, "spec/volumeMode", "<unset>");
}

const struct printer printer_claims = { .columns = claims_columns, .cells = claims_cells };

static const struct printer_column storageclasses_columns[] = {
	PRINTER_NAME(0),
	{ "Provisioner", "string", "", "Provisioner indicates the type of the provisioner.", 0 },
	{ "ReclaimPolicy", "string", "",
	  "Dynamically provisioned PersistentVolumes of this storage class are created with this "
	  "reclaimPolicy. Defaults to Delete.",
	  0 },
	{ "VolumeBindingMode", "string", "",
	  "VolumeBindingMode indicates how PersistentVolumeClaims should be provisioned and bound. "
	  " When unset, VolumeBindingImmediate is used. This field is only honored by servers that "
	  "enable the VolumeScheduling feature.",
	  0 },
	{ "AllowVolumeExpansion", "string", "",
	  "AllowVolumeExpansion shows whether the storage class allow volume expand", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static bool
is_default(const cJSON *class)
{
	static const char *const names[] = { "storageclass.kubernetes.io/is-default-class",
					     "storageclass.beta.kubernetes.io/is-default-class" };
	const cJSON *annotations = json_at(class, "metadata/annotations");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(annotations, names[i]);

		if (str_equal(cJSON_GetStringValue(value), "true"))
			return true;
	}
	return false;
}

static void
storageclasses_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	struct str name = STR_INIT;

	str_printf(&name, "%s%s", json_string(object, "metadata/name", ""),
		   is_default(object) ? " (default)" : "");
	cell_take(cells, &name);
	cell_at(cells, object, "provisioner", "");
	cell_at(cells, object, "reclaimPolicy", "Delete");
	cell_at(cells, object, "volumeBindingMode", "Immediate");
	cJSON_AddItemToArray(cells,
			     cJSON_CreateBool(json_bool(object, "allowVolumeExpansion", false)));
	cell_age(cells, object, now_ms);
}

const struct printer printer_storageclasses = { .columns = storageclasses_columns,
						.cells = storageclasses_cells };
