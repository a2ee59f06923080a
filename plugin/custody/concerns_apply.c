#include "plugin/custody/apply.h"

static size_t one(ProtobufCBinaryData id, ProtobufCBinaryData *out, size_t cap)
{
	if (cap == 0 || id.len != LD_UUID_BYTES)
		return 0;
	out[0] = id;
	return 1;
}

static size_t many(const ProtobufCBinaryData *ids, size_t n, ProtobufCBinaryData *out, size_t cap)
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < cap; i++)
		if (ids[i].len == LD_UUID_BYTES)
			out[k++] = ids[i];
	return k;
}

size_t ld_manifests_of(const Liandan__Event *e, ProtobufCBinaryData *out, size_t cap)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_CREATED:
		return one(e->manifest_created->manifest, out, cap);
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		return one(e->manifest_sealed->manifest, out, cap);
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
		return one(e->manifest_cancelled->manifest, out, cap);
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		return one(e->handover_offered->manifest, out, cap);
	case LIANDAN__EVENT__BODY_OFFER_WITHDRAWN:
		return one(e->offer_withdrawn->manifest, out, cap);
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return one(e->handover_taken->manifest, out, cap);
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
		return one(e->handover_declined->manifest, out, cap);
	case LIANDAN__EVENT__BODY_WEIGHED:
		return many(e->weighed->manifests, e->weighed->n_manifests, out, cap);
	case LIANDAN__EVENT__BODY_ARRIVED:
		return many(e->arrived->manifests, e->arrived->n_manifests, out, cap);
	case LIANDAN__EVENT__BODY_RECEIVED:
		return one(e->received->manifest, out, cap);
	case LIANDAN__EVENT__BODY_ACCEPTED:
		return one(e->accepted->manifest, out, cap);
	case LIANDAN__EVENT__BODY_REJECTED:
		return one(e->rejected->manifest, out, cap);
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return one(e->container_stored->manifest, out, cap);
	case LIANDAN__EVENT__BODY_WASTE_TREATED: {
		size_t k = 0;
		for (size_t i = 0; i < e->waste_treated->n_inputs && k < cap; i++)
			k += one(e->waste_treated->inputs[i]->manifest, out + k, cap - k);
		return k;
	}
	default:
		return 0;
	}
}
