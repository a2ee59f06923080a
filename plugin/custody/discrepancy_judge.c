/* Discrepancies: reported in bounds, resolved where they are open. CUSTODY-17. */
#include "plugin/custody/finding.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

bool ld_check_discrepancy_room(struct ld_case *k)
{
	return ld_discrepancies_open(k->m) < LD_MAX_DISCREPANCIES ||
	       ld_refuse(k->j, LIANDAN__REASON__LIMIT, "%d discrepancies of it are open already",
			 LD_MAX_DISCREPANCIES);
}

/* One that is not here waits; one that is resolved, or that never was this manifest's, is not open.
 */
bool ld_check_discrepancy_open(struct ld_case *k)
{
	const ProtobufCBinaryData hash = k->f->event->discrepancy_resolved->discrepancy;
	Custody__Effect *e;

	if (ld_discrepancy_of(k->m, hash) != NULL)
		return true;
	if (hash.len != LD_HASH_BYTES || ld_effect_get(k->c, hash.data, &e) != LD_OK ||
	    e->verdict == LIANDAN__VERDICT__HELD)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_CAUSE,
			       "the discrepancy is not here yet");
	return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
			 "that discrepancy is resolved, or none of this manifest");
}

void ld_discrepancy_follow(struct ld_custody *c, const struct ld_fact *f,
			   ProtobufCBinaryData manifest, struct ld_own_list *own)
{
	const bool report = f->event->body_case == LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED;
	const char *hex = ld_c_hex(c, manifest);
	Custody__Manifest *m;

	if (hex != NULL && ld_manifest_get(c, manifest, &m) == LD_OK &&
	    (report || ld_discrepancies_open(m) == 0))
		ld_deadline_explain(c, hex, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_DISCREPANCY,
				    f->index, own);
}
