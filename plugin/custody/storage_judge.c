/* Storage on the way: who puts it down, who takes it on. CUSTODY-10. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/gap.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/road.h"
#include "plugin/custody/table.h"

/* Custody moves only when the taker signs, and only when somebody gave. */
bool ld_check_storage_given(struct ld_case *k)
{
	k->giver = ld_giver_of(k->f, k->m);
	return k->giver != NULL ||
	       ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_OFFER,
			 "no driver of %s, which holds it, cosigns", k->m->holder);
}

bool ld_check_storage_licensed(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = k->m->created;

	for (size_t i = 0; i < b->n_lines; i++) {
		const Liandan__Line *line = b->lines[i];
		const struct ld_licence_need need = {
		    .party = k->f->signer->party,
		    .licence = "",
		    .site = ld_site_of(k->f->event),
		    .kinds = LD_LICENCE_BIT(LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE) |
			     LD_LICENCE_BIT(LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE),
		    .code = line->code,
		    .mode = "",
		    .at_ms = k->f->event->occurred_at_ms,
		    .sealed_ms = k->m->sealed_ms};

		if (line->code_system != LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL &&
		    !ld_licensed(k->c, &need))
			return ld_failed(k, LIANDAN__REASON__NOT_LICENSED, need.party, line->line,
					 0, "%s is not licensed to store %s", need.party,
					 line->code);
	}
	return true;
}

/* What stands in a storage is on no vehicle: it is taken on first. */
bool ld_check_on_the_road(struct ld_case *k)
{
	return !ld_is_stored(k->m) || ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
					      "it is still in storage at %s", k->m->storage_site);
}

bool ld_check_storage_taker(struct ld_case *k)
{
	const char *party = k->f->signer->party;

	return strcmp(k->m->carrier, party) == 0 || ld_named_for_leg(k->m, party, k->m->leg + 1) ||
	       ld_wrong_role(k->f, k->j, k->row->who);
}

void ld_storage_entered_follow(struct ld_custody *c, const struct ld_fact *f,
			       ProtobufCBinaryData manifest, struct ld_own_list *own)
{
	const char *hex = ld_c_hex(c, manifest);
	Custody__Manifest *m;

	if (hex == NULL || ld_manifest_get(c, manifest, &m) != LD_OK)
		return;
	ld_anomaly_explain(c, own, LIANDAN__ANOMALY_KIND__OVERDUE, hex, hex,
			   LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, f->index);
	ld_gap_review(c, m->plate, f->index, own);
}

/* The word came late; it had not stood there for too long. */
void ld_storage_left_follow(struct ld_custody *c, const struct ld_fact *f,
			    ProtobufCBinaryData manifest, struct ld_own_list *own)
{
	const char *hex = ld_c_hex(c, manifest);
	Custody__Manifest *m;

	if (hex != NULL && ld_manifest_get(c, manifest, &m) == LD_OK &&
	    m->taken_ms - m->storage_ms <= ld_rules_of(c, m)->temporary_storage_ms)
		ld_deadline_explain(c, hex, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_STORAGE,
				    f->index, own);
}
