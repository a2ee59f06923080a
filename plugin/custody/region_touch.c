/* Whom an accepted event concerns beside its receipt: manifests and vehicles that are published
 * again, ratings, keys that are no longer what they were. */
#include "plugin/custody/region_internal.h"

static void manifest_written(void *ctx, ProtobufCBinaryData id)
{
	ld_region_dirty_manifest(ctx, id);
}

static void load_changed(void *ctx, const char *plate)
{
	ld_region_dirty_vehicle(ctx, plate);
}

struct ld_witness ld_region_witness(struct ld_region *r)
{
	return (struct ld_witness){.manifest = manifest_written, .load = load_changed, .ctx = r};
}

void ld_region_touch(struct ld_region *r, const Liandan__Event *e, const char *party)
{
	ld_region_touch_rating(r, e, party);
	if (e->body_case == LIANDAN__EVENT__BODY_TRACK)
		ld_region_dirty_vehicle(r, e->track->plate);
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
