/* Who drives for whom, and one vehicle on two trips at a time. 5C A8, D10; CUSTODY-2, 6. */
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/table.h"

#define MOST_LOADS 64 /* of a milk run */

/* A8. Own transport, or a party that sends from one of its sites to another: lawful, licensed as
 * any other, and known from the seal on. */
bool ld_check_three_parties(struct ld_case *k)
{
	const Liandan__ManifestCreated *b = k->m->created;
	const char *to = b->receiver->party;

	if (strcmp(b->generator, to) == 0)
		return ld_failed(k, LIANDAN__REASON__SAME_PARTY, to, 1, 0,
				 "%s is the generator and the receiver", to);
	for (size_t i = 0; i < b->n_carriers; i++) {
		const char *party = b->carriers[i]->party;

		if (strcmp(party, b->generator) == 0 || strcmp(party, to) == 0)
			return ld_failed(k, LIANDAN__REASON__SAME_PARTY, party,
					 b->carriers[i]->order, 0, "%s carries its own waste",
					 party);
	}
	return true;
}

/* On the road still, as far as anybody has said, since before this taking. */
static bool under_way(const Custody__Manifest *m, int64_t at_ms)
{
	return m->taken_ms <= at_ms && (ld_state_bits(m) & (LD_IN(IN_TRANSIT) | LD_IN_ASTRAY)) != 0;
}

/* It goes the same way for one half at least: a milk run collects or distributes. What should have
 * arrived long ago goes nowhere. */
static bool milk_run(const Custody__Manifest *a, const Custody__Manifest *b)
{
	if ((b->flags & (uint32_t)(CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE |
				   CUSTODY__MANIFEST_FLAG__FLAG_LOST)) != 0)
		return false;
	return strcmp(a->created->site, b->created->site) == 0 ||
	       strcmp(a->created->receiver->site, b->created->receiver->site) == 0;
}

/* D10. What has arrived, if only by its driver's word, is off the vehicle or about to be. */
bool ld_check_other_trip(struct ld_case *k)
{
	const char *plate = k->f->event->handover_taken->plate;
	ProtobufCBinaryData ids[MOST_LOADS];
	bool ok = true;
	size_t n = 0;

	if (ld_load_of(k->c, plate, ids, MOST_LOADS, &n) != LD_OK)
		return true;
	for (size_t i = 0; i < n && ok; i++) {
		const size_t mark = ld_mark(k->c);
		Custody__Manifest *m;

		if (!ld_same_id(ids[i], k->m->manifest) &&
		    ld_manifest_get(k->c, ids[i], &m) == LD_OK &&
		    under_way(m, k->f->event->occurred_at_ms))
			ok = milk_run(k->m, m);
		ld_release(k->c, mark);
	}
	return ok || ld_failed(k, LIANDAN__REASON__OVERLAPPING, plate, (int64_t)n, 0,
			       "%s is on another trip", plate);
}
