/* Bodies of manifests that forward, for manifest_fixture.h's world: what REC has accepted of the
 * usual manifest goes on to REC2. */
#ifndef LD_TESTS_FORWARD_BUILDERS_H
#define LD_TESTS_FORWARD_BUILDERS_H

#include "manifest_builders.h"

/* REC2, who takes what REC sends on, and CAR1's truck at REC's site. */
static inline void fw_world(struct mx *x)
{
	mx_party(x, "REC2", LIANDAN__ROLE__ROLE_RECEIVER, 0);
	mx_site(x, "S-REC2", "REC2", LIANDAN__SITE_KIND__SITE_KIND_DISPOSAL, 228000000, 1143000000);
	mx_licence(x, "L-REC2", "REC2", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", MX_MODE,
		   0);
	mx_was_at(x, "V1", "S-REC");
}

/* Another manifest is at hand from now on. The one before. */
static inline ProtobufCBinaryData fw_next(struct mx *x, uint8_t tag)
{
	ProtobufCBinaryData before =
	    mx_bytes(ld_arena_dup(&x->build, x->id, sizeof x->id), sizeof x->id);

	memset(x->id, tag, sizeof x->id);
	return before;
}

static inline void fw_share(struct mx *x, Liandan__ManifestCreated *b, ProtobufCBinaryData parent,
			    uint32_t line, int64_t mass_g)
{
	Liandan__Parent *p = MX_NEW(x, Liandan__Parent, LIANDAN__PARENT__INIT);

	if (b->parents == NULL)
		b->parents = ld_arena_alloc(&x->build, 8 * sizeof *b->parents);
	p->manifest = parent;
	p->line = line;
	p->mass_g = mass_g;
	b->parents[b->n_parents++] = p;
}

static inline Liandan__ManifestCreated *fw_to_rec2(struct mx *x)
{
	Liandan__ManifestCreated *b = mx_created(x);

	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;
	b->generator = MX_S("REC");
	b->site = MX_S("S-REC");
	b->receiver->party = MX_S("REC2");
	b->receiver->site = MX_S("S-REC2");
	return b;
}

/* All that was accepted of `parent`, with the usual items. */
static inline Liandan__ManifestCreated *fw_created(struct mx *x, ProtobufCBinaryData parent)
{
	Liandan__ManifestCreated *b = fw_to_rec2(x);

	fw_share(x, b, parent, 1, MX_C1_G + MX_C2_G);
	fw_share(x, b, parent, 2, MX_BULK_G);
	return b;
}

/* So much of the bulk alone, as line 1 of the new manifest. */
static inline Liandan__ManifestCreated *fw_bulk(struct mx *x, ProtobufCBinaryData parent,
						int64_t mass_g)
{
	Liandan__ManifestCreated *b = fw_to_rec2(x);

	b->lines[0] = mx_line(x, 1, MX_BULK, mass_g);
	b->n_lines = 1;
	fw_share(x, b, parent, 2, mass_g);
	return b;
}

static inline Liandan__Reason fw_create(struct mx *x, Liandan__ManifestCreated *b)
{
	return mx_create_as(x, RECG, b);
}

static inline Liandan__Reason fw_seal(struct mx *x, const Liandan__ManifestCreated *draft)
{
	Liandan__ManifestSealed *b = mx_sealed(x);

	if (draft->n_lines == 1) {
		b->items[0] = mx_item(x, "", 1, draft->lines[0]->quantity->mass_g);
		b->n_items = 1;
	}
	mx_hash_content(x, draft, b);
	return mx_seal_as(x, RECG, b);
}

static inline Liandan__Reason fw_take(struct mx *x)
{
	mx_clean(x, mx_offer(x, RECG, mx_offered(x, 1, "CAR1")));
	return mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

/* REC has accepted the usual manifest (the one before), another is at hand. */
static inline ProtobufCBinaryData fw_to_accepted(struct mx *x)
{
	mx_to_accepted(x);
	fw_world(x);
	return fw_next(x, 0x33);
}

#endif
