/* Who had a manifest before the vehicle of now: what its terminal says late is still about that
 * custody. CUSTODY-6, 10 */
#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/road.h"

#define MAX_CARRIED 8

static char *taken_from(const Custody__Manifest *m)
{
	if (m->storage_ms != 0 && m->storage_ms <= m->taken_ms)
		return m->storage_site;
	if (m->leg <= 1 && m->giver_site[0] != '\0')
		return m->giver_site;
	return m->leg <= 1 && m->created != NULL ? m->created->site
						 : (char *)(uintptr_t)protobuf_c_empty_string;
}

void ld_carriage_now(const Custody__Manifest *m, Custody__Carriage *out)
{
	custody__carriage__init(out);
	out->plate = m->plate;
	out->carrier = m->carrier;
	out->leg = m->leg;
	out->taken_ms = m->taken_ms;
	out->from_site = taken_from(m);
	if (m->received_ms != 0) {
		out->given_ms = m->received_ms;
		out->to_site = m->created != NULL && m->created->receiver != NULL
				   ? m->created->receiver->site
				   : out->to_site;
	} else if (ld_is_stored(m)) {
		out->given_ms = m->storage_ms;
		out->to_site = m->storage_site;
	}
}

enum ld_err ld_carriage_end(struct ld_custody *c, Custody__Manifest *m, int64_t given_ms)
{
	Custody__Carriage *end = ld_arena_alloc(c->arena, sizeof *end);
	Custody__Carriage **list = ld_arena_alloc(c->arena, (m->n_carried + 1) * sizeof *list);
	size_t n = m->n_carried;

	if (end == NULL || list == NULL)
		return LD_ERR_NOMEM;
	if (m->plate[0] == '\0' || m->taken_ms == 0)
		return LD_OK;
	ld_carriage_now(m, end);
	if (end->given_ms == 0)
		end->given_ms = given_ms;
	if (n != 0)
		memcpy(list, m->carried, n * sizeof *list);
	if (n == MAX_CARRIED) { /* leg 1 tells who came from the generator */
		memmove(&list[1], &list[2], (n - 2) * sizeof *list);
		n--;
	}
	list[n++] = end;
	m->carried = list;
	m->n_carried = n;
	return LD_OK;
}
