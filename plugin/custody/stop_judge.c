/* Declared stops: which one ends, and how long they are together. CUSTODY-9. */
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/road.h"
#include "plugin/custody/table.h"

/* One that is not here waits; one that is over, or that never was this manifest's, is not open. */
bool ld_check_stop_open(struct ld_case *k)
{
	const ProtobufCBinaryData stop = k->f->event->stop_ended->stop;
	Custody__Effect *e;

	if (stop.len != 0 && ld_same_id(k->m->stop, stop))
		return true;
	if (stop.len != LD_HASH_BYTES || ld_effect_get(k->c, stop.data, &e) != LD_OK ||
	    e->verdict == LIANDAN__VERDICT__HELD)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_CAUSE, "the stop is not here yet");
	return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
			 "that stop is over, or none of this manifest");
}

bool ld_check_stop_budget(struct ld_case *k)
{
	const Custody__Manifest *m = k->m;
	const int64_t budget = k->rules->stop_budget_ms;
	const int64_t this_ms = ld_step_ms(k->f, m->stop_from_ms) - m->stop_from_ms;
	const int64_t total = ld_add_g(m->stopped_ms, this_ms);

	return total <= budget || ld_failed(k, LIANDAN__REASON__LATE, m->plate, total, budget,
					    "the declared stops are too long together");
}

/* The end came late; the stop itself did not last too long. */
void ld_stop_follow(struct ld_custody *c, const struct ld_fact *f, const Liandan__StopEnded *b,
		    struct ld_own_list *own)
{
	for (size_t i = 0; i < b->n_manifests; i++) {
		const char *hex = ld_c_hex(c, b->manifests[i]);
		size_t mark = ld_mark(c);
		Custody__Manifest *m;
		const bool brief =
		    hex != NULL && ld_manifest_get(c, b->manifests[i], &m) == LD_OK &&
		    m->updated_index == f->index &&
		    ld_step_ms(f, m->stop_from_ms) - m->stop_from_ms <= ld_rules_of(c, m)->stop_ms;

		ld_release(c, mark);
		if (brief)
			ld_deadline_explain(c, hex, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_STOP,
					    f->index, own);
	}
}
