/* Whom an accepted event concerns beside its receipt: manifests and vehicles that are published
 * again, ratings, keys that are no longer what they were. */
#include "plugin/custody/hold.h"
#include "plugin/custody/region_internal.h"
#include "plugin/custody/road.h"

/* The flag of a manifest follows the holds on it. */
static void touch_hold(struct ld_region *r, const char *hold)
{
	uint8_t id[LD_UUID_BYTES];

	if (ld_hold_manifest(&r->custody, hold, id))
		ld_region_dirty_manifest(r, (ProtobufCBinaryData){.len = sizeof id, .data = id});
}

/* What a report that names no manifest has flagged. */
static void touch_load(struct ld_region *r, const Liandan__Event *e)
{
	ProtobufCBinaryData ids[LD_MAX_HELD_PER_MANIFEST];
	size_t n = ld_accident_concerns(&r->custody, e, ids, LD_MAX_HELD_PER_MANIFEST);

	for (size_t i = 0; i < n; i++)
		ld_region_dirty_manifest(r, ids[i]);
}

void ld_region_touch(struct ld_region *r, const Liandan__Event *e, const char *party)
{
	ProtobufCBinaryData ids[LD_MAX_HELD_PER_MANIFEST];
	size_t n = ld_manifests_of(e, ids, LD_MAX_HELD_PER_MANIFEST);

	for (size_t i = 0; i < n; i++)
		ld_region_dirty_manifest(r, ids[i]);
	ld_region_touch_rating(r, e, party);
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_TRACK:
		ld_region_dirty_vehicle(r, e->track->plate);
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		ld_region_dirty_vehicle(r, e->handover_taken->plate);
		break;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
		ld_region_dirty_vehicle(r, e->temporary_storage_left->plate);
		break;
	case LIANDAN__EVENT__BODY_RECEIVED:
		ld_region_dirty_vehicle(r, e->received->plate);
		break;
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		touch_load(r, e);
		break;
	case LIANDAN__EVENT__BODY_HOLD_PLACED:
		touch_hold(r, e->hold_placed->hold);
		break;
	case LIANDAN__EVENT__BODY_HOLD_RELEASED:
		touch_hold(r, e->hold_released->hold);
		break;
	default:
		break;
	}
}

void ld_region_touch_keys(struct ld_region *r, const Liandan__Event *e)
{
	const uint8_t *key_id = NULL;
	Custody__Key *rec;
	struct ld_out *o;

	if (e->body_case == LIANDAN__EVENT__BODY_KEY_REVOKED)
		key_id = e->key_revoked->key_id.data;
	else if (e->body_case == LIANDAN__EVENT__BODY_AUTHORITY_REVOKED)
		key_id = e->authority_revoked->key_id.data;
	else if (e->body_case == LIANDAN__EVENT__BODY_KEY_ENROLLED)
		ld_keyring_clear(r->keys); /* rare, and `replaces` touches another key */
	if (key_id == NULL)
		return;
	ld_keyring_forget(r->keys, key_id);
	if (ld_key_rec_get(&r->custody, key_id, &rec) != LD_OK)
		return;
	o = ld_region_out(r, LD_OUT_REVOKED, NULL, 0);
	if (o == NULL)
		return;
	ld_id_copy(o->party, rec->party);
	ld_id_copy(o->device, rec->device);
}
