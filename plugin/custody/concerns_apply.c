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

/* A manifest and the child that the event makes of it, where it makes one. */
static size_t two(ProtobufCBinaryData id, ProtobufCBinaryData child, ProtobufCBinaryData *out,
		  size_t cap)
{
	size_t n = one(id, out, cap);

	return n + one(child, out + n, cap - n);
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
		return two(e->handover_taken->manifest, e->handover_taken->child, out, cap);
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
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
		return one(e->generator_confirmed->manifest, out, cap);
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
		return many(e->stop_begun->manifests, e->stop_begun->n_manifests, out, cap);
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		return many(e->stop_ended->manifests, e->stop_ended->n_manifests, out, cap);
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		return one(e->temporary_storage_entered->manifest, out, cap);
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
		return one(e->temporary_storage_left->manifest, out, cap);
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
		return one(e->sample_analysed->manifest, out, cap);
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		return two(e->partly_accepted->manifest, e->partly_accepted->child, out, cap);
	case LIANDAN__EVENT__BODY_REDIRECTED:
		return two(e->redirected->manifest, e->redirected->child, out, cap);
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
		return one(e->discrepancy_reported->manifest, out, cap);
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		return one(e->discrepancy_resolved->manifest, out, cap);
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
		return one(e->amendment_proposed->manifest, out, cap);
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		return one(e->amendment_agreed->manifest, out, cap);
	case LIANDAN__EVENT__BODY_PAPER_BACKFILLED:
		return one(e->paper_backfilled->manifest, out, cap);
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		return many(e->accident_reported->manifests, e->accident_reported->n_manifests, out,
			    cap);
	case LIANDAN__EVENT__BODY_PIPELINE_DAY:
		return one(e->pipeline_day->manifest, out, cap);
	case LIANDAN__EVENT__BODY_NUMBER_ASSIGNED:
		return one(e->number_assigned->manifest, out, cap);
	case LIANDAN__EVENT__BODY_CONTAINER_RELEASED:
		return one(e->container_released->manifest, out, cap);
	case LIANDAN__EVENT__BODY_CONTAINER_STORED:
		return one(e->container_stored->manifest, out, cap);
	case LIANDAN__EVENT__BODY_WASTE_TREATED: {
		size_t k = 0;
		for (size_t i = 0; i < e->waste_treated->n_inputs && k < cap; i++)
			k += one(e->waste_treated->inputs[i]->manifest, out + k, cap - k);
		return k;
	}
	case LIANDAN__EVENT__BODY_STOCK_REPACKED: {
		size_t k = 0;
		for (size_t i = 0; i < e->stock_repacked->n_inputs && k < cap; i++)
			k += one(e->stock_repacked->inputs[i]->manifest, out + k, cap - k);
		return k;
	}
	default:
		return 0;
	}
}

ProtobufCBinaryData ld_cause_of(const Liandan__Event *e)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		return e->handover_taken->offer;
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
		return e->handover_declined->offer;
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		return e->stop_ended->stop;
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		return e->discrepancy_resolved->discrepancy;
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		return e->amendment_agreed->proposal;
	default:
		return (ProtobufCBinaryData){.len = 0, .data = NULL};
	}
}
